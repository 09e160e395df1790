"""Git: one `cat-file` for all objects, a process for all else, GitPython for remotes' addresses."""

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from mlci.adapters import git_parse
from mlci.adapters.git_child import BULK
from mlci.adapters.git_talk import Talking
from mlci.adapters.git_writing import Writing
from mlci.errors import WorldError
from mlci.ports.git import CommitRecord, Signature, TagRecord, TreeEntry
from mlci.ports.process import Dialogue

_TAGS = "refs/tags/"


class GitCli(Talking, Writing):
    """One repository: what it holds, what is written into it, and what is talked about with remotes."""

    @property
    def shallow(self) -> bool:
        """Whether history is cut off."""
        return self._say("rev-parse", "--is-shallow-repository").strip() == "true"

    def branch(self) -> str | None:
        """The short name of the checked-out branch; None when detached."""
        return self._pointed("HEAD", "refs/heads/")

    def remote_branch(self, remote: str) -> str | None:
        """The branch that a remote's HEAD named when it was cloned; None when that is not known."""
        return self._pointed(f"refs/remotes/{remote}/HEAD", f"refs/remotes/{remote}/")

    def resolve(self, revision: str) -> str | None:
        """The commit that a revision names, or None."""
        if "@{" in revision:  # `cat-file` ends where a reflog or an upstream is not there
            done = self._git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
            return git_parse.text(done.stdout).strip() if done.ok else None
        found = self._objects.find(f"{revision}^{{commit}}")
        return found.name if found else None

    def commit(self, sha: str) -> CommitRecord:
        """One commit, read once: it never changes. Raises WorldError when it is not here."""
        if sha not in self._commits:
            found = self._objects.find(f"{sha}^{{commit}}")
            if found is None:
                raise _no_commit(sha)
            self._commits[sha] = git_parse.commit(found.name, found.content)
        return self._commits[sha]

    def first_parents(self, tip: str, *, limit: int | None = None) -> Sequence[str]:
        """The commits of the first-parent line from a tip, newest first."""
        count = [] if limit is None else [f"--max-count={limit}"]
        done = self._git("rev-list", "--first-parent", *count, "--end-of-options", tip, "--", keep=BULK)
        if not done.ok:
            raise _no_commit(tip)
        return git_parse.text(done.stdout).split()

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, or None (unrelated, or cut off by a shallow clone)."""
        return self.begin_merge_base(one, other)()

    def begin_merge_base(self, one: str, other: str) -> Callable[[], str | None]:
        """Ask for it and go on; what is given back waits for the answer."""
        answer = self._begin("merge-base", "--end-of-options", one, other, fine=(0, 1))
        return lambda: git_parse.text(answer().stdout).strip() or None

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether one commit is reachable from another (a commit is its own ancestor)."""
        done = self._git("merge-base", "--is-ancestor", "--end-of-options", ancestor, descendant, fine=(0, 1))
        return done.code == 0

    def tags(self, *, messages: bool = True) -> Iterator[TagRecord]:
        """All tags by name, in one process, which begins at once and works while we do something else."""
        asked = git_parse.TAGS + (git_parse.MESSAGE if messages else "")
        listing = self._beside("for-each-ref", f"--format={asked}", _TAGS)
        self._objects.begin()  # whoever reads tags asks for the journal next
        return self._understood(listing)

    def signature(self, tag: str) -> tuple[Signature, str]:
        """Whether a tag is signed by somebody whom Git is configured to believe, and what Git said."""
        done = self._git("verify-tag", f"{_TAGS}{tag}")
        return git_parse.signature(done), git_parse.text(done.stderr).strip()

    def refs(self, prefix: str) -> Mapping[str, str]:
        """Local refs below a prefix, name to object."""
        listing = self._git("for-each-ref", f"--format={git_parse.REFS}", prefix, fine=(0,), keep=BULK)
        return dict(git_parse.refs(listing.stdout))

    def tree(self, revision: str, path: str = "") -> Sequence[TreeEntry]:
        """All files of a commit below a directory, recursively. Raises WorldError without such a commit."""
        if self._objects.find(f"{revision}^{{commit}}") is None:
            raise _no_commit(revision)
        below = path.strip("/")
        return [
            replace(each, path=posixpath.join(below, each.path))
            for each in self._objects.files(f"{revision}:{below}")
        ]

    def blobs(self, names: Sequence[tuple[str, str]], *, limit: int | None = None) -> Sequence[bytes | None]:
        """The bytes at (commit, path) each, None where there is no file. Raises WorldError beyond `limit`."""
        if len(names) > 1:
            self.announce(names)
        found = [self._objects.find(each, limit=limit) if each else None for each in map(self._at, names)]
        return [each.content if each and each.kind == b"blob" else None for each in found]

    def announce(self, names: Iterable[tuple[str, str]]) -> None:
        """Say which blobs will be asked for next, in this order: together they cost one turn."""
        self._objects.announce(filter(None, map(self._at, names)))

    def _at(self, place: tuple[str, str]) -> str | None:
        """How Git names the file at a commit and path; None where there is none, as far as is known."""
        name = ":".join(place)
        return None if self._objects.lacks(name) else name

    def dirty(self) -> Sequence[str]:
        """Tracked paths that differ from HEAD, and untracked ones that are not ignored."""
        said = self._say(
            "status",
            "--porcelain",
            "-z",
            "--untracked-files=all",
            "--no-renames",
            "--ignore-submodules=dirty",
        )
        return sorted(each[3:] for each in said.split("\0") if each)

    def unmerged(self) -> Sequence[str]:
        """The paths that a merge left in conflict, from the top of the work tree."""
        said = self._say("ls-files", "--unmerged", "-z")
        return sorted({each.partition("\t")[2] for each in said.split("\0") if each})

    def _pointed(self, name: str, prefix: str) -> str | None:
        """What a symbolic ref points to, without a prefix; None when it is none."""
        done = self._git("symbolic-ref", "--quiet", name)
        return git_parse.text(done.stdout).strip().removeprefix(prefix) if done.ok else None

    def _understood(self, listing: Dialogue) -> Iterator[TagRecord]:
        """The tags of a listing. Git ends it over a tag that it cannot read: then each is asked for alone."""
        told: list[str] = []
        try:
            for tag in git_parse.tags(listing.rest()):
                if tag.commit:
                    yield tag
                else:
                    yield from self._led(tag)
                told.append(tag.name)
        except WorldError:
            refs, known = self.refs(_TAGS), {f"{_TAGS}{each}" for each in told}
            yield from self._one_by_one({name: each for name, each in refs.items() if name not in known})

    def _one_by_one(self, refs: Mapping[str, str]) -> Iterator[TagRecord]:
        self._objects.announce(refs.values())
        for name, object_ in refs.items():
            found = self._objects.find(object_)
            if found is None:
                yield git_parse.unreadable_tag(name, object_)
            elif tag := git_parse.tag(name, object_, found.kind, found.content):
                yield from self._led(tag)

    def _led(self, tag: TagRecord) -> Iterator[TagRecord]:
        if tag.commit:
            yield tag
        elif commit := self.resolve(tag.object):
            yield replace(tag, commit=commit)


def _no_commit(revision: str) -> WorldError:
    return WorldError(
        f"there is no commit {revision!r} here",
        id="commit-missing",
        help="if this clone is shallow: git fetch --unshallow",
    )
