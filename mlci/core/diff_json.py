"""The diff as a strict JSON document, versioned, and back."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar, cast

from mlci.core.config import Direction
from mlci.core.diff import (
    Artifact,
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
from mlci.core.values import Kind, Value

SCHEMA = 1

T = TypeVar("T")


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
        return _built(Diff, raw, _DIFF)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NotJson(f"not a diff document: {error!r}") from error


Build = Callable[[Any], Any]


def _built(kind: Callable[..., T], raw: Mapping[str, Any], parts: Mapping[str, Build]) -> T:
    return kind(**{key: parts[key](value) if key in parts else value for key, value in raw.items()})


def _optional(build: Build) -> Build:
    return lambda raw: None if raw is None else build(raw)


def _each(build: Build) -> Build:
    return lambda raw: tuple(build(item) for item in raw)


def _record(record: Callable[..., Any], /, **parts: Build) -> Build:
    return lambda raw: _built(record, raw, parts)


_INTERVAL = _optional(_record(Interval))
_VALUE = _record(Value, kind=Kind)
_VALUES = _each(_record(ValueDiff, key=tuple, base=_VALUE, head=_VALUE))
_FILE_STATE = _optional(_record(FileState))
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
    "files": _each(_record(FileDiff, artifact=Artifact, base=_FILE_STATE, head=_FILE_STATE)),
    "stages": _each(_record(StageDiff, move=Move, because=tuple)),
    "pairings": _each(_record(Pairing)),
    "problems": tuple,
    "notes": tuple,
}
