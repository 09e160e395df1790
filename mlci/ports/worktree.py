"""Files as DVC sees them: links into its cache followed, ignored files left out, nothing else trusted."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from enum import StrEnum
from typing import BinaryIO, Protocol

from msgspec import Struct


class Kind(StrEnum):
    """What stands at a path; foreign is what is not read: a device, a link that leads out."""

    FILE = "file"
    DIRECTORY = "directory"
    FOREIGN = "foreign"


class Entry(Struct, frozen=True, kw_only=True):
    """One path and, for a file, what tells its content from an earlier one without reading it."""

    path: str
    kind: Kind
    size: int = 0
    inode: int = 0
    modified: int = 0
    changed: int = 0

    @property
    def stamp(self) -> tuple[int, int, int, int]:
        """Size, inode and times; equal stamps mean equal bytes unless somebody means harm."""
        return self.size, self.inode, self.modified, self.changed


class WorkTree(Protocol):
    """Reads below one directory. Paths are relative to it and `/`-separated."""

    def entry(self, path: str) -> Entry | None:
        """What stands at a path; None when nothing does, foreign when the path leads out."""
        ...

    def endless(self, path: str) -> str | None:
        """The first device, pipe or socket at a path or below it: what cannot be read to an end."""
        ...

    def names(self, path: str) -> Sequence[Entry]:
        """What stands directly in a directory, sorted; nothing when it cannot be read."""
        ...

    def files(self, path: str) -> Sequence[Entry]:
        """Every file below a directory, sorted. Raises WorldError when a part cannot be read."""
        ...

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A file, open for streaming reads. Raises WorldError."""
        ...

    def cached(self, oid: str, *, legacy: bool = False) -> bytes | None:
        """A small object (a directory's manifest) of DVC's cache; its bytes are not to be trusted."""
        ...

    def in_cache(self, oid: str, *, legacy: bool = False) -> bool:
        """Whether DVC's cache has an object of that name."""
        ...
