"""A plan of writes: what a command intends, as values, for one executor to carry out."""

from dataclasses import dataclass
from enum import StrEnum


class Change(StrEnum):
    """What carrying out a write would do, seen from what stands now."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileWrite:
    """Put these bytes at this path (from the project's root, `/`-separated)."""

    path: str
    content: bytes
    executable: bool = False
    change: Change = Change.CREATE
    before: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileDelete:
    """Take this file away."""

    path: str
    before: bytes | None = None
    change: Change = Change.DELETE


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Writes in the order in which they are to be done."""

    files: tuple[FileWrite | FileDelete, ...] = ()

    @property
    def pending(self) -> tuple[FileWrite | FileDelete, ...]:
        """The writes that would change anything."""
        return tuple(each for each in self.files if each.change is not Change.KEEP)
