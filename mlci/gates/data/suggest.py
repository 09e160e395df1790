"""Writes a contract from data: what was seen, widened, so that tomorrow's data may differ a little."""

import math
from collections.abc import Mapping
from typing import Any

import narwhals as nw

from mlci.gates.data.contract import Contract, Extra, Kind, RowCount, Rule
from mlci.gates.data.measure import kind_of
from mlci.ports.tables import Rows, Tables

# A word that fewer rows hold may be a typing error, or somebody's secret: neither belongs in a contract.
OFTEN = 30
FEW_WORDS = 20
ENOUGH_FOR_UNIQUE = 100


def suggest(tables: Tables, path: str) -> Contract:
    """A contract that the table at hand keeps. Raises WorldError when it cannot be read."""
    frame = tables.scan(path)
    kinds = [(name, kind_of(dtype)) for name, dtype in frame.collect_schema().items()]
    floats = [dtype.is_float() for dtype in frame.collect_schema().values()]
    asked = [
        nw.len().alias("rows"),
        *(each for at, (_, kind) in enumerate(kinds) for each in _asked(at, kind, is_float=floats[at])),
    ]
    words = [at for at, (_, kind) in enumerate(kinds) if kind is Kind.TEXT]
    (seen,), *counted = tables.collect([frame.select(asked), *(_counted(frame, at) for at in words)])
    found = dict(zip(words, counted, strict=True))
    rows = int(seen["rows"])
    columns = {
        name: _rule(at, kind, seen, rows, _words(found.get(at, ())))
        for at, (name, kind) in enumerate(kinds)
        if name.strip()
    }
    return Contract(columns=columns, rows=_rows(rows), extra=Extra.WARN)


def _asked(at: int, kind: Kind, *, is_float: bool) -> list[nw.Expr]:
    column = nw.nth(at)
    missing = column.is_null() | column.is_nan() if is_float else column.is_null()
    asked = [missing.cast(nw.Int64).sum().alias(f"{at}.missing")]
    if kind in (Kind.INTEGER, Kind.TEXT):
        asked.append(column.n_unique().alias(f"{at}.distinct"))
    if kind.numeric:
        # Infinity and NaN are no values to widen; leaving them out lets the contract speak against them.
        finite = column.cast(nw.Float64)
        bounded = nw.when(finite.is_finite()).then(finite)
        asked += [bounded.min().alias(f"{at}.low"), bounded.max().alias(f"{at}.high")]
    return asked


def _counted(frame: "nw.LazyFrame[Any]", at: int) -> "nw.LazyFrame[Any]":
    """The commonest words of a column, one more than a contract would list."""
    values = frame.select(nw.nth(at).cast(nw.String).alias("word")).drop_nulls()
    counts = values.group_by("word").agg(nw.len().alias("n"))
    return counts.sort("n", "word", descending=[True, False]).head(FEW_WORDS + 1)


def _words(counted: Rows) -> tuple[str, ...]:
    few = 0 < len(counted) <= FEW_WORDS and counted[-1]["n"] >= OFTEN
    return tuple(sorted(str(each["word"]) for each in counted)) if few else ()


def _rule(at: int, kind: Kind, seen: Mapping[str, Any], rows: int, words: tuple[str, ...]) -> Rule:
    missing = int(seen[f"{at}.missing"] or 0)
    distinct = seen.get(f"{at}.distinct")
    unique = bool(rows >= ENOUGH_FOR_UNIQUE and not missing and distinct == rows)
    low, high = (None, None) if unique else _widened(seen.get(f"{at}.low"), seen.get(f"{at}.high"))
    return Rule(
        kind=kind if kind not in (Kind.OTHER, Kind.UNKNOWN) else None,
        missing=_share(missing, rows),
        unique=unique,
        at_least=low,
        at_most=high,
        allowed=words or None,
    )


def _share(missing: int, rows: int) -> float:
    """Half as much again as was seen, in whole percent."""
    return min(1.0, math.ceil(150 * missing / rows) / 100) if missing else 0.0


def _widened(low: float | None, high: float | None) -> tuple[float | None, float | None]:
    """A tenth of the span on both sides, in round numbers; what was never negative stays so."""
    if low is None or high is None:
        return None, None
    span = high - low or abs(high) or 1.0
    step = 10.0 ** math.floor(math.log10(span) - 1)
    least = math.floor((low - span / 10) / step) * step
    most = math.ceil((high + span / 10) / step) * step
    return _round(0.0 if low >= 0 > least else least), _round(most)


def _round(value: float) -> float:
    return float(f"{value:.6g}")


def _rows(rows: int) -> RowCount:
    """Between half and twice as many, in two digits."""
    step = 10 ** max(0, len(str(rows)) - 2)
    return RowCount(at_least=max(1, rows // 2 // step * step), at_most=max(1, -(-rows * 2 // step) * step))
