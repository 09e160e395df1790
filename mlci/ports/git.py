"""Git as the use cases see it. Every revision is a full object name; every ref a full ref name."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from msgspec import Struct


class Person(Struct, frozen=True, kw_only=True, gc=False):
    """Who did something, as Git records it."""

    name: str
    email: str


class TagRecord(Struct, frozen=True, kw_only=True, gc=False):
    """One tag as it stands. Lightweight tags have no tagger, no message, and `object` == `commit`.

    `commit` is empty where Git cannot read the tag.
    """

    name: str
    object: str
    commit: str
    annotated: bool
    tagger: Person | None = None
    when: datetime | None = None
    message: str = ""


class CommitRecord(Struct, frozen=True, kw_only=True):
    """One commit as it stands."""

    sha: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    when: datetime
    message: str


class TreeEntry(Struct, frozen=True, kw_only=True):
    """One file of a commit: mode `100644`, `100755`, `120000` (a link) or `160000` (a submodule)."""

    path: str
    mode: str
    object: str


class RefUpdate(Struct, frozen=True, kw_only=True):
    """One ref to move, here or on a remote. `new` is None to delete; `expect` is the lease.

    `expect=None` asks for no lease, `expect=""` demands that the ref does not exist yet.
    """

    ref: str
    new: str | None
    expect: str | None = None


class Signature(StrEnum):
    """What Git says of a tag's signature; `UNKNOWN` is one that it has no key or list of signers for."""

    NONE = "none"
    GOOD = "good"
    BAD = "bad"
    UNKNOWN = "unknown"


class PushOutcome(StrEnum):
    """How a push ended: `STALE` is a lost race (fetch, decide again), `REFUSED` the server's rule."""

    DONE = "done"
    STALE = "stale"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"


class PushResult(Struct, frozen=True, kw_only=True):
    """The outcome of a push and what the server said."""

    outcome: PushOutcome
    message: str = ""


class Git(Protocol):
    """One repository. Nothing that lies in it (hooks, its configuration) makes us run anything."""

    def prepare(self) -> None:
        """Begin with what every question needs, for who is about to ask and has other things to do before."""
        ...

    def open(self) -> None:
        """Begin to read objects, likewise. Raises WorldError where there is no repository."""
        ...

    @property
    def root(self) -> Path:
        """The top of the work tree."""
        ...

    @property
    def shallow(self) -> bool:
        """Whether history is cut off."""
        ...

    def branch(self) -> str | None:
        """The short name of the checked-out branch; None when detached."""
        ...

    def remote_branch(self, remote: str) -> str | None:
        """The branch that a remote's HEAD named when it was cloned; None when that is not known."""
        ...

    def resolve(self, revision: str) -> str | None:
        """The commit that a revision names, or None."""
        ...

    def commit(self, sha: str) -> CommitRecord:
        """One commit. Raises WorldError when it is not here."""
        ...

    def first_parents(self, tip: str, *, limit: int | None = None) -> Sequence[str]:
        """The commits of the first-parent line from a tip, newest first."""
        ...

    def merge_base(self, one: str, other: str) -> str | None:
        """The best common ancestor, or None (unrelated, or cut off by a shallow clone)."""
        ...

    def begin_merge_base(self, one: str, other: str) -> Callable[[], str | None]:
        """Ask for it and go on; what is given back waits for the answer."""
        ...

    def is_ancestor(self, ancestor: str, descendant: str) -> bool:
        """Whether one commit is reachable from another (a commit is its own ancestor)."""
        ...

    def tags(self, *, messages: bool = True) -> Iterator[TagRecord]:
        """All tags by name. Git begins to read them at once, whenever we begin to look at them.

        Without `messages` these are empty, which is faster where there are thousands.
        """
        ...

    def signature(self, tag: str) -> tuple[Signature, str]:
        """Whether a tag is signed by somebody whom Git is configured to believe, and what Git said."""
        ...

    def refs(self, prefix: str) -> Mapping[str, str]:
        """Local refs below a prefix, name to object."""
        ...

    def tree(self, revision: str, path: str = "") -> Sequence[TreeEntry]:
        """All files of a commit below a directory, recursively. Raises WorldError without such a commit."""
        ...

    def blobs(self, names: Sequence[tuple[str, str]], *, limit: int | None = None) -> Sequence[bytes | None]:
        """The bytes at (commit, path) each, None where there is no file. Raises WorldError beyond `limit`."""
        ...

    def announce(self, names: Iterable[tuple[str, str]]) -> None:
        """Say which blobs will be asked for next, in this order: it changes nothing but the time it takes."""
        ...

    def dirty(self) -> Sequence[str]:
        """Tracked paths that differ from HEAD, and untracked ones that are not ignored."""
        ...

    def unmerged(self) -> Sequence[str]:
        """The paths that a merge left in conflict, from the top of the work tree."""
        ...

    def remote_names(self) -> Sequence[str]:
        """The names of the remotes, sorted."""
        ...

    def remotes(self) -> Mapping[str, str]:
        """Remote names and their URLs, without credentials."""
        ...

    def remote_refs(self, remote: str, *patterns: str) -> Mapping[str, str]:
        """What a remote has now (`ls-remote`). Raises WorldError when it cannot be reached."""
        ...

    def fetch(self, remote: str, *refspecs: str, depth: int | None = None) -> None:
        """Bring refs here; `+` in a refspec forces. Raises WorldError."""
        ...

    def deepen(self, remote: str, *refspecs: str, by: int) -> None:
        """Bring so many more commits of a history that is cut off. Raises WorldError."""
        ...

    def push(self, remote: str, updates: Sequence[RefUpdate]) -> PushResult:
        """Move refs on a remote, all or none."""
        ...

    def write_commit(
        self,
        files: Mapping[str, bytes | None],
        *,
        parent: str | None,
        message: str,
        when: datetime,
        executable: Collection[str] = (),
    ) -> str:
        """Make a commit object from a parent's tree with files replaced (None: removed); move no ref."""
        ...

    def write_tag(self, name: str, target: str, message: str, *, when: datetime) -> str:
        """Make an annotated tag object (signed as Git is configured); move no ref. Returns its name."""
        ...

    def update_refs(self, *updates: RefUpdate) -> None:
        """Move local refs, all or none. Raises WorldError when an `expect` does not hold."""
        ...

    def worktree(self, revision: str) -> AbstractContextManager[Path]:
        """A throw-away checkout of a commit, gone when the block is left."""
        ...

    def add_note(self, ref: str, commit: str, content: bytes) -> None:
        """Replace the note of a commit below a notes ref."""
        ...

    def note(self, ref: str, commit: str) -> bytes | None:
        """The note of a commit below a notes ref."""
        ...
