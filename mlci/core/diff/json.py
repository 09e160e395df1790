"""The diff as a strict JSON document, versioned, and back."""

from collections.abc import Mapping, Sequence
from decimal import InvalidOperation
from typing import Any, cast

from msgspec import json
from msgspec.structs import replace

from mlci.core.config import Direction
from mlci.core.diff import (
    Artifact,
    ColumnDiff,
    Diff,
    FileDiff,
    FileState,
    Floor,
    FloorStatus,
    Inside,
    Keeper,
    Mend,
    MetricDiff,
    MetricVerdict,
    Move,
    Pairing,
    StageDiff,
    ValueDiff,
)
from mlci.core.diff.values import Kind, Value, number
from mlci.core.finding import Interval
from mlci.core.records import Build, built, each, optional, record, scalar, texts
from mlci.core.strictjson import JsonValue, NotJson, dumps, loads, plain

SCHEMA = 1


def to_json(diff: Diff, **beside: JsonValue) -> str:
    """Return the diff as its canonical strict JSON document, with what a reader is told beside it."""
    small = {"schema": SCHEMA, **plain(replace(diff, values=(), params=())), **beside}
    parts = {name: _inside(dumps(value).rstrip()) for name, value in small.items()}
    parts |= {"params": _rows(diff.params), "values": _rows(diff.values)}
    members = ",".join(f'\n  "{name}": {parts[name]}' for name in sorted(parts))
    return f"{{{members}\n}}\n"


def _rows(values: Sequence[ValueDiff]) -> str:
    """A list with a line for each row: of these there may be a hundred thousand."""
    lines = json.Encoder(order="sorted").encode_lines(values).rstrip(b"\n").replace(b"\n", b",\n    ")
    return f"[\n    {lines.decode()}\n  ]" if values else "[]"


def _inside(text: str) -> str:
    """JSON one level further in. A line feed is never part of a word: there it is an escape."""
    return text.replace("\n", "\n  ")


def from_json(text: str | bytes) -> Diff:
    """Return the diff of a document. Raises NotJson when it is not one we can read."""
    document = loads(text)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise NotJson(f"not a diff document of schema {SCHEMA}")
    raw = cast("dict[str, Any]", {key: value for key, value in document.items() if key != "schema"})
    try:
        return cast("Diff", built(Diff, raw, _DIFF))
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation, OverflowError) as error:
        raise NotJson(f"not a diff document: {error!r}") from error


def _value(raw: Any) -> Value:  # noqa: ANN401
    value: Value = built(Value, raw, {"kind": Kind})
    if value.kind is Kind.NUMBER and number(value.text) != value:
        raise ValueError(f"{value.text!r:.80} is no number")
    return value


def _margin(raw: Any) -> float | None:  # noqa: ANN401
    margin: float | None = scalar(raw, float | None)
    if margin is not None and margin < 0:
        raise ValueError(f"{margin!r} is no accepted drop")
    return margin


_INTERVAL = optional(record(Interval))
_VALUES = each(record(ValueDiff, key=texts, base=_value, head=_value))
_FILE_STATE = optional(record(FileState))
_FILE = record(
    FileDiff,
    artifact=Artifact,
    base=_FILE_STATE,
    head=_FILE_STATE,
    columns=each(record(ColumnDiff)),
    inside=optional(record(Inside)),
)
_FLOOR = record(Floor, direction=Direction, status=FloorStatus)
_METRIC = record(
    MetricDiff,
    direction=Direction,
    head_interval=_INTERVAL,
    interval=_INTERVAL,
    margin=_margin,
    verdict=optional(MetricVerdict),
    floors=each(_FLOOR),
)
_MEND = record(Mend)
_DIFF: Mapping[str, Build] = {
    "metrics": each(_METRIC),
    "values": _VALUES,
    "params": _VALUES,
    "files": each(_FILE),
    "stages": each(record(StageDiff, move=Move, because=texts)),
    "pairings": each(record(Pairing)),
    "problems": texts,
    "mends": lambda raw: {problem: _MEND(mend) for problem, mend in raw.items()},
    "displaced": texts,
    "by_hand": texts,
    "gone": texts,
    "kept": lambda raw: {path: Keeper(keeper) for path, keeper in raw.items()},
    "contradicted": texts,
    "notes": texts,
}
