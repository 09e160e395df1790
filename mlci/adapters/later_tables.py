"""Tables that cost nothing until the first one is read: the library behind them takes a while to load."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from mlci.ports.tables import Column, Rows, Shape, Tables

if TYPE_CHECKING:
    import narwhals as nw


class LaterTables(Struct, frozen=True, kw_only=True, dict=True):
    """Makes the real tables when they are first asked for."""

    make: Callable[[], Tables]

    @cached_property
    def _real(self) -> Tables:
        return self.make()

    def schema(self, path: str) -> Mapping[str, str]:
        """Column names and types."""
        return self._real.schema(path)

    def rows(self, path: str) -> int:
        """How many rows there are."""
        return self._real.rows(path)

    def read(
        self, path: str, columns: Sequence[str] | None = None, *, text: Sequence[str] = ()
    ) -> Mapping[str, Column]:
        """Columns as arrays."""
        return self._real.read(path, columns, text=text)

    def read_bytes(
        self, content: bytes, name: str, columns: Sequence[str] | None = None, *, text: Sequence[str] = ()
    ) -> Mapping[str, Column]:
        """Likewise from bytes."""
        return self._real.read_bytes(content, name, columns, text=text)

    def shape(self, source: bytes | Path, name: str) -> Shape | None:
        """The shape of a table."""
        return self._real.shape(source, name)

    def scan(self, path: str) -> "nw.LazyFrame[Any]":
        """A table that is read when it is collected."""
        return self._real.scan(path)

    def collect(self, frames: "Sequence[nw.LazyFrame[Any]]") -> Sequence[Rows]:
        """The rows that each of these frames comes to."""
        return self._real.collect(frames)
