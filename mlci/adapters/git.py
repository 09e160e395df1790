"""Git: one `cat-file` for all objects, a process for all else, GitPython for remotes' addresses."""

import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlci.adapters import git_config, git_parse, git_remote
from mlci.adapters.git_objects import Objects
from mlci.errors import WorldError
from mlci.ports.git import CommitRecord, Person, PushResult, RefUpdate, Signature, TagRecord, TreeEntry
from mlci.ports.process import Command, Dialogue, Finished, Process

if TYPE_CHECKING:
    from git import Repo

BULK = 1 << 30
_LOCAL_LIMIT = 120.0
_PLACE = ("rev-parse", "--is-bare-repository", "--is-inside-work-tree", "--show-toplevel")
_SETTINGS = ("config", "--list", "--show-scope", "-z")
_REMOTE_LIMIT = 600.0


class GitCli:
    """The repository around a directory. Made without touching it; the first use looks.

    `environment` is what `process` was given: settings that it hands to Git by variables are kept.
    `identity` signs what is written where Git itself knows nobody; `for_remotes` are settings that
    Git gets only when it talks to a remote, such as CI's token.
    """

    def __init__(
        self,
        process: Process,
        directory: Path,
        environment: Mapping[str, str],
        *,
        identity: Person | None = None,
        for_remotes: Sequence[tuple[str, str]] = (),
    ) -> None:
        self._process = process
        self._directory = directory
        self._inherited = environment
        self._known_identity = identity
        self._for_remotes = tuple(for_remotes)
        self._commits: dict[str, CommitRecord] = {}
        self._begun: dict[tuple[str, ...], Callable[[], Finished]] = {}

    def prepare(self) -> None:
        """Begin with what every question needs, for who is about to ask and has other things to do before."""
        for question in (_PLACE, _SETTINGS):
            self._begun[question] = self._process.begin(self._question(question))

    @cached_property
    def root(self) -> Path:
        """The top of the work tree. Raises WorldError where there is none."""
        found = self._first(_PLACE)
        bare, _, rest = git_parse.text(found.stdout).partition("\n")
        inside, _, top = rest.partition("\n")
        if not found.ok or inside != "true":
            raise _no_work_tree(self._directory, found, bare=bare == "true")
        root = Path(top.removesuffix("\n"))
        if not self._directory.resolve().is_relative_to(root.resolve()):
            raise WorldError(
                f"the repository's configuration puts its work tree elsewhere: {root}",
                id="git-config-refused",
                where="core.worktree",
                help="remove it with `git config --unset core.worktree`",
            )
        return root

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
        done = self._git("merge-base", "--end-of-options", one, other, fine=(0, 1))
        return git_parse.text(done.stdout).strip() or None

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether one commit is reachable from another (a commit is its own ancestor)."""
        done = self._git("merge-base", "--is-ancestor", "--end-of-options", ancestor, descendant, fine=(0, 1))
        return done.code == 0

    def tags(self) -> Iterator[TagRecord]:
        """All tags by name, in one process, which begins at once and works while we do something else."""
        listing = self._beside("for-each-ref", f"--format={git_parse.TAGS}", "refs/tags/")
        return self._understood(listing)

    def signature(self, tag: str) -> tuple[Signature, str]:
        """Whether a tag is signed by somebody whom Git is configured to believe, and what Git said."""
        done = self._git("verify-tag", f"refs/tags/{tag}")
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
        found = [self._objects.find(each, limit=limit) if each else None for each in map(_at, names)]
        return [each.content if each and each.kind == b"blob" else None for each in found]

    def announce(self, names: Iterable[tuple[str, str]]) -> None:
        """Say which blobs will be asked for next, in this order: together they cost one turn."""
        self._objects.announce(filter(None, map(_at, names)))

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

    def remote_names(self) -> Sequence[str]:
        """The names of the remotes, sorted, from settings that are read anyway."""
        keys = (each.key for each in self._settings)
        named = (key for key in keys if key.startswith("remote.") and key.endswith(".url"))
        return sorted({key.removeprefix("remote.").removesuffix(".url") for key in named})

    def remotes(self) -> Mapping[str, str]:
        """Remote names and their URLs, without credentials."""
        return {name: git_remote.without_credentials(url) for name, url in self._urls().items()}

    def remote_refs(self, remote: str, *patterns: str) -> Mapping[str, str]:
        """What a remote has now (`ls-remote`). Raises WorldError when it cannot be reached."""
        done = self._talk(
            "ls-remote",
            "--quiet",
            "--refs",
            "--upload-pack=git-upload-pack",
            "--",
            self._safe(remote),
            *patterns,
        )
        if not done.ok:
            raise git_remote.unreachable(remote, done)
        lines = (line.split("\t", 1) for line in git_parse.text(done.stdout).splitlines())
        exact = {each for each in patterns if not set("*?[") & set(each)}
        anything = len(exact) < len(patterns) or not patterns
        return {name: object_ for object_, name in lines if anything or name in exact}

    def fetch(self, remote: str, *refspecs: str, depth: int | None = None) -> None:
        """Bring refs here; `+` in a refspec forces. Raises WorldError."""
        self._fetch(remote, refspecs, [] if depth is None else [f"--depth={depth}"])

    def deepen(self, remote: str, *refspecs: str, by: int) -> None:
        """Bring so many more commits of a history that is cut off. Raises WorldError."""
        self._fetch(remote, refspecs, [f"--deepen={by}"])

    def push(self, remote: str, updates: Sequence[RefUpdate]) -> PushResult:
        """Move refs on a remote, all or none."""
        leases = [
            f"--force-with-lease={each.ref}:{each.expect}" for each in updates if each.expect is not None
        ]
        moves = [f"{each.new or ''}:{each.ref}" for each in updates]
        options = ["--porcelain", "--atomic", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"]
        options += ["--receive-pack=git-receive-pack", *leases]
        return git_remote.push_result(self._talk("push", *options, "--", self._safe(remote), *moves))

    def write_commit(
        self, files: Mapping[str, bytes | None], *, parent: str | None, message: str, when: datetime
    ) -> str:
        """Make a commit object from a parent's tree with files replaced (None: removed); move no ref.

        The branch that fast-import needs is taken back within the same stream.
        """
        ref = f"refs/mlci/writing/{os.urandom(8).hex()}"
        story = [b"commit %s\nmark :1\n" % ref.encode(), self._signature("committer", when)]
        story += [_data(_ended(message)), b"from %s\n" % parent.encode() if parent else b""]
        for path, content in sorted(files.items()):
            name = git_parse.quoted(path)
            story.append(
                b"D %s\n" % name if content is None else b"M 100644 inline %s\n" % name + _data(content)
            )
        story.append(b"\nget-mark :1\nreset %s\nfrom %s\n\ndone\n" % (ref.encode(), b"0" * 40))
        done = self._git(
            "fast-import", "--quiet", "--done", "--date-format=raw", stdin=b"".join(story), fine=(0,)
        )
        return git_parse.text(done.stdout).strip()

    def write_tag(self, name: str, target: str, message: str, *, when: datetime) -> str:
        """Make an annotated tag object (signed as Git is configured); move no ref. Returns its name."""
        if self._setting("tag.gpgsign") not in (None, "false", "no", "off", "0"):
            return self._signed_tag(name, target, message, when)
        head = f"object {target}\ntype commit\ntag {name}\n".encode(*_CODEC)
        content = head + self._signature("tagger", when) + b"\n" + _ended(message)
        return git_parse.text(self._git("mktag", stdin=content, fine=(0,)).stdout).strip()

    def update_refs(self, *updates: RefUpdate) -> None:
        """Move local refs, all or none. Raises WorldError when an `expect` does not hold."""
        story = "".join(map(git_parse.ref_update, updates)).encode(*_CODEC)
        self._git("update-ref", "--no-deref", "--stdin", "-z", stdin=story, fine=(0,))

    @contextmanager
    def worktree(self, revision: str) -> Iterator[Path]:
        """A throw-away checkout of a commit, gone when the block is left."""
        from tempfile import TemporaryDirectory

        with TemporaryDirectory(prefix="mlci-") as place:
            path = Path(place, "tree")
            self._git("worktree", "prune", fine=(0,))
            try:
                self._git("worktree", "add", "--detach", "--quiet", str(path), revision, fine=(0,))
                yield path
            finally:
                with suppress(WorldError):
                    self._git("worktree", "remove", "--force", str(path))

    def add_note(self, ref: str, commit: str, content: bytes) -> None:
        """Replace the note of a commit below a notes ref."""
        blob = git_parse.text(
            self._git("hash-object", "-w", "--stdin", stdin=content, fine=(0,)).stdout
        ).strip()
        self._git(
            "notes", f"--ref={ref}", "add", "--force", "-C", blob, commit, fine=(0,), variables=self._person()
        )

    def note(self, ref: str, commit: str) -> bytes | None:
        """The note of a commit below a notes ref."""
        found = self._git("notes", f"--ref={ref}", "list", commit)
        if not found.ok:
            return None
        return self._git(
            "cat-file", "blob", git_parse.text(found.stdout).strip(), fine=(0,), keep=BULK
        ).stdout

    def _pointed(self, name: str, prefix: str) -> str | None:
        """What a symbolic ref points to, without a prefix; None when it is none."""
        done = self._git("symbolic-ref", "--quiet", name)
        return git_parse.text(done.stdout).strip().removeprefix(prefix) if done.ok else None

    def _fetch(self, remote: str, refspecs: Sequence[str], options: Sequence[str]) -> None:
        quiet = ["--no-tags", "--no-prune", "--no-recurse-submodules", "--no-auto-maintenance", "--quiet"]
        upload = "--upload-pack=git-upload-pack"
        done = self._talk("fetch", *options, *quiet, upload, "--", self._safe(remote), *refspecs)
        self._objects.forget()
        if not done.ok:
            raise git_remote.unreachable(remote, done)

    def _understood(self, listing: Dialogue) -> Iterator[TagRecord]:
        for tag in git_parse.tags(listing.rest()):
            if tag.commit:
                yield tag
            elif commit := self.resolve(tag.object):
                yield replace(tag, commit=commit)

    def _urls(self) -> Mapping[str, str]:
        repository = self._repository
        with repository.config_reader() as config:
            return {
                remote.name: str(config.get_value(f'remote "{remote.name}"', "url", ""))
                for remote in sorted(repository.remotes, key=lambda remote: remote.name)
            }

    @cached_property
    def _repository(self) -> "Repo":
        from git import Repo  # noqa: PLC0415 - a tenth of a second that plain reads do not pay

        return Repo(self.root)

    def _safe(self, remote: str) -> str:
        """A remote's name, or an address, that runs nothing here. Raises WorldError."""
        named = [
            each
            for each in self._settings
            if each.key in (f"remote.{remote}.url", f"remote.{remote}.pushurl")
        ]
        if not named and not set("/:\\") & set(remote):
            raise git_remote.missing(remote, known=[*self.remotes()])
        for url in [each.value for each in named] or [remote]:
            git_remote.check_url(remote, url, self.root)
        return remote

    def _signature(self, role: str, when: datetime) -> bytes:
        person = self._identity
        return f"{role} {person.name} <{person.email}> {git_parse.raw_date(when)}\n".encode(*_CODEC)

    def _person(self) -> dict[str, str]:
        person = self._identity
        return {
            f"GIT_{role}_{part}": value
            for role in ("AUTHOR", "COMMITTER")
            for part, value in (("NAME", person.name), ("EMAIL", person.email))
        }

    @cached_property
    def _identity(self) -> Person:
        done = self._git("var", "GIT_COMMITTER_IDENT")
        if not done.ok and self._known_identity is None:
            raise WorldError(
                "git does not know who you are",
                id="identity-missing",
                help="git config --global user.name NAME && git config --global user.email EMAIL",
            )
        if not done.ok and self._known_identity is not None:
            return self._known_identity
        name, _, rest = git_parse.text(done.stdout).rpartition(" <")
        return Person(name=name, email=rest.partition(">")[0])

    def _signed_tag(self, name: str, target: str, message: str, when: datetime) -> str:
        """Let `git tag` sign, in an empty repository that shares our objects: no ref of ours moves."""
        from tempfile import TemporaryDirectory

        objects = self._say("rev-parse", "--git-path", "objects").removesuffix("\n")
        kept = [(each.key, each.value) for each in self._settings if each.key in _SIGNING]
        with TemporaryDirectory(prefix="mlci-") as shadow:
            for part in ("objects", "refs"):
                Path(shadow, part).mkdir()
            Path(shadow, "HEAD").write_text("ref: refs/heads/main\n", encoding="ascii")
            variables = {
                **self._hardening((*kept, *self._overrides)),
                **self._person(),
                "GIT_COMMITTER_DATE": git_parse.raw_date(when),
                "GIT_DIR": shadow,
                "GIT_OBJECT_DIRECTORY": str(self.root / objects),
            }
            options = ["--sign", "--cleanup=verbatim", "--file=-", "--end-of-options", name, target]
            self._run("tag", *options, stdin=_ended(message), variables=variables, fine=(0,))
            made = self._run("rev-parse", "--verify", f"refs/tags/{name}", variables=variables, fine=(0,))
        return git_parse.text(made.stdout).strip()

    def _setting(self, key: str) -> str | None:
        values = [each.value for each in self._settings if each.key == key]
        return values[-1].lower() if values else None

    @cached_property
    def _settings(self) -> tuple[git_config.Setting, ...]:
        listing = self._first(_SETTINGS)
        if not listing.ok:
            raise _failed("config", listing)
        return git_config.parse_settings(listing.stdout)

    def _first(self, question: tuple[str, ...]) -> Finished:
        """The answer to a question that comes before the repository's settings are known."""
        begun = self._begun.pop(question, None)
        return begun() if begun else self._process.run(self._question(question))

    def _question(self, question: tuple[str, ...]) -> Command:
        return Command(
            argv=("git", *question),
            cwd=self._directory,
            environment=self._hardening(git_config.ALWAYS),
            timeout=_LOCAL_LIMIT,
            keep=BULK // 16,
        )

    @cached_property
    def _objects(self) -> Objects:
        return Objects(lambda: self._beside("cat-file", "--batch", "-z"), limit=BULK)

    @cached_property
    def _overrides(self) -> tuple[tuple[str, str], ...]:
        return git_config.overrides(self._settings)

    def _hardening(self, overrides: Sequence[tuple[str, str]]) -> dict[str, str]:
        return git_config.variables(overrides, self._inherited)

    def _say(self, *arguments: str) -> str:
        return git_parse.text(self._git(*arguments, fine=(0,)).stdout)

    def _talk(self, *arguments: str) -> Finished:
        variables = self._hardening((*self._overrides, *self._for_remotes))
        return self._git(*arguments, timeout=_REMOTE_LIMIT, variables=variables)

    def _git(
        self,
        *arguments: str,
        stdin: bytes = b"",
        fine: Sequence[int] = (),
        keep: int = BULK // 16,
        timeout: float = _LOCAL_LIMIT,
        variables: Mapping[str, str] | None = None,
    ) -> Finished:
        hardened = {**self._hardening(self._overrides), **(variables or {})}
        return self._run(*arguments, stdin=stdin, fine=fine, keep=keep, timeout=timeout, variables=hardened)

    def _beside(self, *arguments: str) -> Dialogue:
        """A git that works while we do."""
        command = Command(
            argv=("git", *arguments),
            cwd=self.root,
            environment=self._hardening(self._overrides),
            timeout=_LOCAL_LIMIT,
        )
        return self._process.converse(command)

    def _run(
        self,
        *arguments: str,
        variables: Mapping[str, str],
        stdin: bytes = b"",
        fine: Sequence[int] = (),
        keep: int = BULK // 16,
        timeout: float = _LOCAL_LIMIT,
    ) -> Finished:
        """Run git. Raises WorldError when it ends other than with a `fine` code; none given: any is."""
        command = Command(
            argv=("git", *arguments),
            cwd=self.root,
            environment=variables,
            stdin=stdin,
            timeout=timeout,
            keep=keep,
        )
        done = self._process.run(command)
        if fine and (done.timed_out or done.code not in fine):
            raise _failed(arguments[0], done)
        return done


_CODEC = ("utf-8", "surrogateescape")
_SIGNING = frozenset(
    {
        "user.signingkey",
        "gpg.format",
        "gpg.program",
        "gpg.openpgp.program",
        "gpg.x509.program",
        "gpg.ssh.program",
    }
    | {"gpg.ssh.defaultkeycommand", "tag.forcesignannotated"}
)


def _at(place: tuple[str, str]) -> str | None:
    """How Git names the file at a commit and path; None for none of the repository's."""
    commit, path = place
    # A leading `../` would mean a place from where Git works, and end it outside of the repository.
    return None if path.startswith("../") else f"{commit}:{path}"


def _ended(message: str) -> bytes:
    return message.encode(*_CODEC).rstrip(b"\n") + b"\n"


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _no_work_tree(directory: Path, found: Finished, *, bare: bool) -> WorldError:
    if (bare or b"bare repository" in found.stderr) and ".git" not in directory.parts:
        return WorldError(
            f"{directory} is a bare repository: it has no files to work on",
            id="repository-bare",
            help="clone it, and run mlci in the clone",
        )
    outside = (b"not a git repository", b"must be run in a work tree", b"bare repository")
    if found.ok or any(each in found.stderr for each in outside):
        return WorldError(
            f"{directory} is not in a Git work tree",
            id="not-a-repository",
            help="go to your repository, name it with -C DIR, or begin one with `git init`",
        )
    return _failed("rev-parse", found)


def _no_commit(revision: str) -> WorldError:
    return WorldError(
        f"there is no commit {revision!r} here",
        id="commit-missing",
        help="if this clone is shallow: git fetch --unshallow",
    )


def _failed(verb: str, done: Finished) -> WorldError:
    why = "took too long" if done.timed_out else (done.last_lines(5) or f"ended with {done.code}")
    disk_full = "No space left" in why
    return WorldError(
        f"git {verb}: {why}",
        id="disk-full" if disk_full else "git-failed",
        help="free some space, then run the same command again" if disk_full else "mlci doctor",
    )
