"""Tables of data, read column by column."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from msgspec import Struct

if TYPE_CHECKING:
    import narwhals as nw
    import numpy.typing as npt

Column: TypeAlias = "npt.NDArray[Any]"  # in words, because who reads a configuration does not pay for numpy
Rows = Sequence[Mapping[str, Any]]


FORMATS: Mapping[str, str] = {
    ".parquet": "parquet",
    ".pq": "parquet",
    ".csv": "csv",
    ".tsv": "tsv",
    ".arrow": "arrow",
    ".feather": "arrow",
    ".ipc": "arrow",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}


def is_table(path: str) -> bool:
    """Whether a name ends as a table's does."""
    return PurePosixPath(path).suffix.lower() in FORMATS


class Shape(Struct, frozen=True, kw_only=True):
    """How many rows a table has, and its columns with their types, in file order."""

    rows: int
    columns: Mapping[str, str]


class Tables(Protocol):
    """Reads Parquet, CSV, Arrow and JSON-lines files of the project."""

    def schema(self, path: str) -> Mapping[str, str]:
        """Column names and types, in file order, without reading rows where the format allows it."""
        ...

    def rows(self, path: str) -> int:
        """How many rows there are."""
        ...

    def read(
        self, path: str, columns: Sequence[str] | None = None, *, text: Sequence[str] = ()
    ) -> Mapping[str, Column]:
        """Columns as arrays (text as objects, missing as None or NaN). Raises WorldError.

        Those named in `text` stay as written in formats without types, so that `007` is not 7.
        """
        ...

    def read_bytes(
        self, content: bytes, name: str, columns: Sequence[str] | None = None, *, text: Sequence[str] = ()
    ) -> Mapping[str, Column]:
        """Likewise from bytes; the name's ending says which format."""
        ...

    def shape(self, source: bytes | Path, name: str) -> Shape | None:
        """The shape of a table in bytes or anywhere on disk; None when the name is no table's.

        Raises WorldError where it cannot be read.
        """
        ...

    def scan(self, path: str) -> "nw.LazyFrame[Any]":
        """A table that is read when it is collected; its schema is known already. Raises WorldError."""
        ...

    def collect(self, frames: "Sequence[nw.LazyFrame[Any]]") -> Sequence[Rows]:
        """The rows that each of these frames comes to, all in one go. Raises WorldError."""
        ...
