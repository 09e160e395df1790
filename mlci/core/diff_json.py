"""The diff as a strict JSON document, versioned, and back."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import InvalidOperation
from math import isfinite
from typing import Any, cast, get_args, get_type_hints

from mlci.core.config import Direction
from mlci.core.diff import (
    Artifact,
    ColumnDiff,
    Diff,
    FileDiff,
    FileState,
    Floor,
    FloorStatus,
    MetricDiff,
    MetricVerdict,
    Move,
    Pairing,
    StageDiff,
    ValueDiff,
)
from mlci.core.finding import Interval
from mlci.core.strictjson import NotJson, dumps, loads
from mlci.core.values import Kind, Value, number

SCHEMA = 1


def to_json(diff: Diff) -> str:
    """Return the diff as its canonical strict JSON document."""
    return dumps({"schema": SCHEMA, **asdict(diff)})


def from_json(text: str | bytes) -> Diff:
    """Return the diff of a document. Raises NotJson when it is not one we can read."""
    document = loads(text)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise NotJson(f"not a diff document of schema {SCHEMA}")
    raw = cast("dict[str, Any]", {key: value for key, value in document.items() if key != "schema"})
    try:
        return cast("Diff", _built(Diff, raw, _DIFF))
    except (KeyError, TypeError, ValueError, AttributeError, InvalidOperation) as error:
        raise NotJson(f"not a diff document: {error!r}") from error


Build = Callable[[Any], Any]


def _built(kind: type[Any], raw: Mapping[str, Any], parts: Mapping[str, Build]) -> Any:  # noqa: ANN401
    known = _FIELDS[kind]
    return kind(
        **{
            key: parts[key](value) if key in parts else _scalar(value, known[key])
            for key, value in raw.items()
        }
    )


def _scalar(value: Any, hint: Any) -> Any:  # noqa: ANN401
    """A value of exactly the type that the field has: a document may come from a stranger's job."""
    kinds = get_args(hint) or (hint,)
    if type(value) is int and int not in kinds and float in kinds:
        value = float(value)
    if type(value) not in kinds or (type(value) is float and not isfinite(value)):
        raise TypeError(f"{value!r:.80} is not {hint}")
    return value


def _texts(raw: Any) -> tuple[str, ...]:  # noqa: ANN401
    return tuple(_scalar(each, str) for each in raw)


def _value(raw: Any) -> Value:  # noqa: ANN401
    value: Value = _built(Value, raw, {"kind": Kind})
    if value.kind is Kind.NUMBER and number(value.text) != value:
        raise ValueError(f"{value.text!r:.80} is no number")
    return value


def _optional(build: Build) -> Build:
    return lambda raw: None if raw is None else build(raw)


def _each(build: Build) -> Build:
    return lambda raw: tuple(build(item) for item in raw)


def _record(record: type[Any], /, **parts: Build) -> Build:
    return lambda raw: _built(record, raw, parts)


_FIELDS: Mapping[type[Any], Mapping[str, Any]] = {
    kind: get_type_hints(kind)
    for kind in (
        ColumnDiff,
        Diff,
        FileDiff,
        FileState,
        Floor,
        Interval,
        MetricDiff,
        Pairing,
        StageDiff,
        Value,
        ValueDiff,
    )
}
_INTERVAL = _optional(_record(Interval))
_VALUES = _each(_record(ValueDiff, key=_texts, base=_value, head=_value))
_FILE_STATE = _optional(_record(FileState))
_FILE = _record(
    FileDiff, artifact=Artifact, base=_FILE_STATE, head=_FILE_STATE, columns=_each(_record(ColumnDiff))
)
_FLOOR = _record(Floor, direction=Direction, status=FloorStatus, interval=_INTERVAL)
_METRIC = _record(
    MetricDiff,
    direction=Direction,
    interval=_INTERVAL,
    verdict=_optional(MetricVerdict),
    floors=_each(_FLOOR),
)
_DIFF: Mapping[str, Build] = {
    "metrics": _each(_METRIC),
    "values": _VALUES,
    "params": _VALUES,
    "files": _each(_FILE),
    "stages": _each(_record(StageDiff, move=Move, because=_texts)),
    "pairings": _each(_record(Pairing)),
    "problems": _texts,
    "notes": _texts,
}
