"""Evidence: all findings of one gate on one commit, and what they were found with."""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from msgspec import Struct, field

from mlci.core.finding import Finding, Interval, Location, Status, Verdict, Waived, verdict_of
from mlci.core.records import Build, built, each, named, optional, record
from mlci.core.strictjson import JsonValue, NotJson, dumps, loads, plain

SCHEMA = 1
# What a run judges beside its gates, and no gate of these names is configured: the lock, and the change.
PIPELINE = "pipeline"
DIFF = "diff"
# The gate that also holds values against their limits, where it is configured.
MODEL = "model"
# The gates that are asked for by name elsewhere, too.
BIAS = "bias"
LOAD = "load"


class Input(Struct, frozen=True, kw_only=True):
    """A file that a gate read, by path from the project and content hash."""

    path: str
    hash: str


class Evidence(Struct, frozen=True, kw_only=True):
    """What one gate found on one commit. `figures` holds what a report draws (tables, curves)."""

    gate: str
    commit: str
    findings: tuple[Finding, ...]
    inputs: tuple[Input, ...] = ()
    seeds: Mapping[str, int] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    figures: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The gate's verdict over its findings."""
        return verdict_of(self.findings)


def to_json(evidence: Evidence) -> str:
    """Return the evidence as its canonical strict JSON document."""
    document = plain(evidence)
    document["findings"] = findings_json(evidence)
    return dumps({"schema": SCHEMA, "verdict": evidence.verdict.value, **document})


def from_json(text: str | bytes) -> Evidence:
    """Return the evidence of a document. Raises NotJson when it is not one we can read."""
    document = loads(text)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise NotJson(f"not an evidence document of schema {SCHEMA}")
    raw = {key: value for key, value in document.items() if key not in ("schema", "verdict")}
    try:
        evidence = cast("Evidence", built(Evidence, raw, _PARTS))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise NotJson(f"not an evidence document: {error!r}") from error
    if document.get("verdict") != evidence.verdict.value:
        raise NotJson("the verdict does not follow from the findings")
    return evidence


def findings_json(evidence: Evidence) -> list[JsonValue]:
    """Return the findings for programs, each without what it does not say."""
    return as_json(evidence.findings)


def as_json(findings: Sequence[Finding]) -> list[JsonValue]:
    """Return findings likewise, of whatever they are."""
    return [_without_nothing(plain(each)) for each in findings]


def _without_nothing(finding: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in finding.items() if value is not None}


def _object(raw: JsonValue) -> Mapping[str, JsonValue]:
    if not isinstance(raw, dict):
        raise TypeError(f"{raw!r:.80} is not an object")
    return raw


_FINDING = record(
    Finding,
    status=Status,
    interval=optional(record(Interval)),
    location=optional(record(Location)),
    waived=optional(record(Waived)),
)
_PARTS: Mapping[str, Build] = {
    "findings": each(_FINDING),
    "inputs": each(record(Input)),
    "seeds": named(int),
    "tools": named(str),
    "figures": _object,
}
