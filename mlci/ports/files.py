"""The project's files: every path is relative to the project, `/`-separated, and stays inside it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import BinaryIO, Protocol

from mlci.core.plan import Plan


class Files(Protocol):
    """Reads and writes inside one directory. Refuses paths that leave it, also through symlinks."""

    @property
    def root(self) -> Path:
        """The directory."""
        ...

    def exists(self, path: str) -> bool:
        """Whether something is there (a dangling link is not)."""
        ...

    def read(self, path: str, *, limit: int = 64 * 1024 * 1024) -> bytes:
        """The bytes of a regular file. Raises WorldError: missing, not regular, outside, too large."""
        ...

    def read_if_there(self, path: str, *, limit: int = 64 * 1024 * 1024) -> bytes | None:
        """Likewise, or None when nothing is there."""
        ...

    def open(self, path: str) -> AbstractContextManager[BinaryIO]:
        """A regular file, open for streaming reads."""
        ...

    def names(self, path: str = ".") -> tuple[str, ...]:
        """What stands directly in a directory, sorted; nothing when there is no such directory."""
        ...

    def list(self, path: str = ".", *, links: bool = False) -> Iterator[str]:
        """Every regular file below a directory, sorted; with `links`, links to files among them."""
        ...

    def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        """Replace a file atomically: a reader sees the old bytes or the new, never half."""
        ...

    def delete(self, path: str) -> None:
        """Remove a file; nothing happens when it is not there."""
        ...

    def apply(self, plan: Plan) -> None:
        """Carry out a plan's pending writes, in order."""
        ...
