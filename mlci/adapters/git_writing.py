"""What is written into a repository: commits, tags, refs, notes and scratch checkouts. No hook is run."""

import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import cached_property
from pathlib import Path

from mlci.adapters import git_parse
from mlci.adapters.git_child import BULK, CODEC, GitChild
from mlci.errors import WorldError
from mlci.ports.git import Person, RefUpdate

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


class Writing(GitChild):
    """A repository that is written to."""

    def write_commit(
        self,
        files: Mapping[str, bytes | None],
        *,
        parent: str | None,
        message: str,
        when: datetime,
        executable: Collection[str] = (),
    ) -> str:
        """Make a commit object from a parent's tree with files replaced (None: removed); move no ref.

        The branch that fast-import needs is taken back within the same stream.
        """
        ref = f"refs/mlci/writing/{os.urandom(8).hex()}"
        story = [b"commit %s\nmark :1\n" % ref.encode(), self._signature("committer", when)]
        story += [_data(_ended(message)), b"from %s\n" % parent.encode() if parent else b""]
        for path, content in sorted(files.items()):
            name = git_parse.quoted(path)
            mode = b"100755" if path in executable else b"100644"
            story.append(
                b"D %s\n" % name if content is None else b"M %s inline %s\n" % (mode, name) + _data(content)
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
        head = f"object {target}\ntype commit\ntag {name}\n".encode(*CODEC)
        content = head + self._signature("tagger", when) + b"\n" + _ended(message)
        return git_parse.text(self._git("mktag", stdin=content, fine=(0,)).stdout).strip()

    def update_refs(self, *updates: RefUpdate) -> None:
        """Move local refs, all or none. Raises WorldError when an `expect` does not hold."""
        story = "".join(map(git_parse.ref_update, updates)).encode(*CODEC)
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

    def _signature(self, role: str, when: datetime) -> bytes:
        person = self._identity
        return f"{role} {person.name} <{person.email}> {git_parse.raw_date(when)}\n".encode(*CODEC)

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


def _ended(message: str) -> bytes:
    return message.encode(*CODEC).rstrip(b"\n") + b"\n"


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)
