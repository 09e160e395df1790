"""A plan of writes: what a command intends, as values, for one executor to carry out."""

from enum import StrEnum

from msgspec import Struct


class Change(StrEnum):
    """What carrying out a write would do, seen from what stands now."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    KEEP = "keep"


class FileWrite(Struct, frozen=True, kw_only=True):
    """Put these bytes at this path (from the project's root, `/`-separated)."""

    path: str
    content: bytes
    executable: bool = False
    change: Change = Change.CREATE
    before: bytes | None = None


class FileDelete(Struct, frozen=True, kw_only=True):
    """Take this file away."""

    path: str
    before: bytes | None = None
    change: Change = Change.DELETE


class Plan(Struct, frozen=True, kw_only=True):
    """Writes in the order in which they are to be done."""

    files: tuple[FileWrite | FileDelete, ...] = ()

    @property
    def pending(self) -> tuple[FileWrite | FileDelete, ...]:
        """The writes that would change anything."""
        return tuple(each for each in self.files if each.change is not Change.KEEP)
