"""Tables of data, read column by column."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy.typing as npt

Column = npt.NDArray[Any]


class Tables(Protocol):
    """Reads Parquet, CSV, Arrow and JSON-lines files of the project."""

    def schema(self, path: str) -> Mapping[str, str]:
        """Column names and types, in file order, without reading rows where the format allows it."""
        ...

    def rows(self, path: str) -> int:
        """How many rows there are."""
        ...

    def read(self, path: str, columns: Sequence[str] | None = None) -> Mapping[str, Column]:
        """Columns as arrays (text as objects, missing as None or NaN). Raises WorldError."""
        ...

    def read_bytes(
        self, content: bytes, name: str, columns: Sequence[str] | None = None
    ) -> Mapping[str, Column]:
        """Likewise from bytes; the name's ending says which format."""
        ...
