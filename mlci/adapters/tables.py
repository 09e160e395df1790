"""Tables by Polars: whoever wires this imports it only when a table is asked for."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar

import narwhals as nw
import polars as pl
from msgspec import Struct
from polars.exceptions import PanicException, PolarsError

from mlci.errors import WorldError
from mlci.ports.tables import FORMATS, Column, Rows, Shape

T = TypeVar("T")

LIMIT = 4 * 1024**3


class PolarsTables(Struct, frozen=True, kw_only=True):
    """Tables below a project's directory. Links may also lead into `also`, such as DVC's cache."""

    root: Path
    also: Callable[[], Sequence[Path]] = tuple
    limit: int = LIMIT

    def schema(self, path: str) -> Mapping[str, str]:
        """Column names and types, in file order."""
        return self._told(path, lambda: _types(self._scan(path)))

    def rows(self, path: str) -> int:
        """How many rows there are."""
        return self._told(path, lambda: _count(self._scan(path)))

    def read(
        self, path: str, columns: Sequence[str] | None = None, *, text: Sequence[str] = ()
    ) -> Mapping[str, Column]:
        """Columns as arrays."""
        return self._told(path, lambda: _arrays(self._scan(path, text), columns, path))

    def read_bytes(
        self, content: bytes, name: str, columns: Sequence[str] | None = None, *, text: Sequence[str] = ()
    ) -> Mapping[str, Column]:
        """Columns as arrays, from bytes; the name's ending says which format."""
        self._check_size(len(content), name)
        kind = _format(name)
        return self._told(name, lambda: _arrays(_lazy(BytesIO(content), kind, text), columns, name))

    def shape(self, source: bytes | Path, name: str) -> Shape | None:
        """The shape of a table in bytes or anywhere on disk; None when the name is no table's."""
        kind = FORMATS.get(PurePosixPath(name).suffix.lower())
        if kind is None:
            return None
        self._check_size(len(source) if isinstance(source, bytes) else source.stat().st_size, name)
        frame = self._told(
            name, lambda: _lazy(BytesIO(source) if isinstance(source, bytes) else source, kind)
        )
        return self._told(name, lambda: Shape(rows=_count(frame), columns=_types(frame)))

    def scan(self, path: str) -> nw.LazyFrame[Any]:
        """A table that is read when it is collected."""

        def lazily() -> nw.LazyFrame[Any]:
            frame = self._scan(path)
            frame.collect_schema()
            return nw.from_native(frame)

        return self._told(path, lazily)

    def collect(self, frames: Sequence[nw.LazyFrame[Any]]) -> Sequence[Rows]:
        """The rows that each of these frames comes to."""
        native = [nw.to_native(frame) for frame in frames]
        return self._told("", lambda: [each.to_dicts() for each in pl.collect_all(native)])

    def _scan(self, path: str, text: Sequence[str] = ()) -> pl.LazyFrame:
        return _lazy(self._place(path), _format(path), text)

    def _place(self, path: str) -> Path:
        place = (self.root / path).resolve()
        if PurePosixPath(path).is_absolute() or not self._is_ours(place):
            raise WorldError("the path leaves the project", id="path-outside", where=path)
        if not place.is_file():
            raise WorldError(
                "there is no such table", id="table-missing", where=path, help="dvc pull, or mlci run"
            )
        self._check_size(place.stat().st_size, path)
        return place

    def _is_ours(self, place: Path) -> bool:
        if place.is_relative_to(self.root.resolve()):
            return True
        # Asked last, since only DVC can tell where its cache is, and it takes its time.
        return any(place.is_relative_to(home.resolve()) for home in self.also())

    def _check_size(self, size: int, name: str) -> None:
        if size == 0:
            raise WorldError("the file is empty", id="table-unreadable", where=name)
        if size > self.limit:
            raise WorldError(
                f"{size} bytes are more than mlci reads ({self.limit})", id="table-too-large", where=name
            )

    def _told(self, name: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except (PolarsError, PanicException, OSError, ValueError) as error:
            first = (str(error).splitlines() or [""])[0][:300]
            raise WorldError(
                f"this table cannot be read: {first}",
                id="table-unreadable",
                where=name,
                help="look at the stage that writes it; mlci reads Parquet, CSV, Arrow and JSON-lines",
            ) from error


def _format(name: str) -> str:
    ending = PurePosixPath(name).suffix.lower()
    if ending not in FORMATS:
        raise WorldError(
            f"tables do not end with {ending!r}",
            id="table-format",
            where=name,
            help=f"use one of {', '.join(sorted(FORMATS))}",
        )
    return FORMATS[ending]


def _lazy(source: Path | BytesIO, kind: str, text: Sequence[str] = ()) -> pl.LazyFrame:
    match kind:
        case "parquet":
            return pl.scan_parquet(source, glob=False)
        case "arrow":
            return pl.read_ipc(source).lazy()
        case "jsonl":
            return pl.scan_ndjson(source, infer_schema_length=None)
        case _:
            return _separated(source, "\t" if kind == "tsv" else ",", text)


def _separated(source: Path | BytesIO, separator: str, text: Sequence[str]) -> pl.LazyFrame:
    frame = pl.scan_csv(source, glob=False, separator=separator, infer_schema_length=10_000)
    kept = {name: pl.String for name in text if name in frame.collect_schema()}
    if not kept:
        return frame
    if isinstance(source, BytesIO):
        source.seek(0)
    return pl.scan_csv(
        source, glob=False, separator=separator, infer_schema_length=10_000, schema_overrides=kept
    )


def _types(frame: pl.LazyFrame) -> Mapping[str, str]:
    return {name: str(kind) for name, kind in frame.collect_schema().items()}


def _count(frame: pl.LazyFrame) -> int:
    return int(frame.select(pl.len()).collect().item())


def _arrays(frame: pl.LazyFrame, columns: Sequence[str] | None, name: str) -> Mapping[str, Column]:
    if columns is not None:
        known = frame.collect_schema()
        absent = [column for column in columns if column not in known]
        if absent:
            raise WorldError(
                f"there is no column {absent[0]!r}; there are: {', '.join(known) or 'none'}",
                id="table-column",
                where=name,
            )
        frame = frame.select(list(columns))
    return {series.name: _array(series) for series in frame.collect().get_columns()}


def _array(series: pl.Series) -> Column:
    if isinstance(series.dtype, pl.Categorical | pl.Enum):
        series = series.cast(pl.String)
    if isinstance(series.dtype, pl.Decimal):
        series = series.cast(pl.Float64)
    return series.to_numpy()
