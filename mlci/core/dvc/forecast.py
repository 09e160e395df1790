"""What reproducing would do, as a value, and as sentences."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

from msgspec import Struct

from mlci.core.dvc.stages import Cause, Fate, Planned, Reason, Standing
from mlci.core.strictjson import JsonValue

MOST_REASONS = 3

_SAYS = {
    Cause.NEVER_RAN: "dvc.lock does not know it",
    Cause.ALWAYS: "it runs every time",
    Cause.COMMAND: "its command changed",
    Cause.PARAMETER: "parameter {} {}",
    Cause.DEPENDENCY: "{} {}",
    Cause.OUTPUT: "its output {} is not the one it made",
    Cause.MISSING: "its output {} is nowhere",
    Cause.UPSTREAM: "after {}",
    Cause.UNDECIDED: "{} cannot be compared",
}
_BECAME = {Fate.CHANGED: "changed", Fate.GONE: "is gone", Fate.NEW: "is new to dvc.lock"}


class Whereabouts(StrEnum):
    """Where an output lies that is not in the work tree."""

    CACHE = "cache"
    REMOTE = "remote"
    NOWHERE = "nowhere"
    UNKNOWN = "unknown"


class Absent(Struct, frozen=True, kw_only=True):
    """An output, or tracked data, that is not in the work tree."""

    path: str
    at: Whereabouts


class Forecast(Struct, frozen=True, kw_only=True):
    """What reproducing would do: every stage in an order in which it can run.

    `gone` are stages that only the lock still knows, `pipelines` the files that declare the stages, and
    `in_git` the outputs of these stages that Git keeps, not DVC; both are told from the project. `sources`
    is what stages read and none makes, from the DVC root, and `read` all that they read, from the project.
    """

    stages: tuple[Planned, ...]
    absent: tuple[Absent, ...] = ()
    gone: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    in_git: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    read: tuple[str, ...] = ()

    @property
    def running(self) -> tuple[Planned, ...]:
        """The stages that have to be assumed to run."""
        return tuple(each for each in self.stages if each.runs)

    @property
    def stale(self) -> bool:
        """Whether the lock is not what this pipeline produces."""
        return bool(self.running)

    @property
    def settled(self) -> bool:
        """Whether it is certain that nothing has to run: what `--check` asks."""
        return not self.stale and not self.in_doubt

    @property
    def in_doubt(self) -> tuple[Absent, ...]:
        """What is not here while no remote said whether it can be had."""
        return tuple(each for each in self.absent if each.at is Whereabouts.UNKNOWN)


def because(reason: Reason) -> str:
    """A reason as a piece of a sentence; its subject is untrusted text."""
    if reason.cause is Cause.OUTPUT and reason.fate is Fate.NEW:
        return f"its output {reason.subject} {_BECAME[reason.fate]}"
    return _SAYS[reason.cause].format(reason.subject, _BECAME[reason.fate])


def why(planned: Planned) -> str:
    """Why a stage runs, the first reasons in full; empty when it does not."""
    own = [each for each in planned.reasons if each.cause is not Cause.UPSTREAM] or list(planned.reasons)
    more = f" and {len(own) - MOST_REASONS} more" if len(own) > MOST_REASONS else ""
    return ", ".join(because(each) for each in own[:MOST_REASONS]) + more


def tally(stages: Sequence[Planned]) -> Mapping[Standing, int]:
    """How many stages stand how, in the order of the standings; none is left out."""
    return {each: sum(stage.standing is each for stage in stages) for each in Standing}


def as_json(forecast: Forecast) -> JsonValue:
    """The forecast for programs."""
    return {
        "schema": 2,
        "settled": forecast.settled,
        "stale": forecast.stale,
        "stages": [_stage(each) for each in forecast.stages],
        "absent": [{"path": each.path, "at": each.at.value} for each in forecast.absent],
        "gone": [*forecast.gone],
    }


def _stage(planned: Planned) -> JsonValue:
    return {
        "name": planned.name,
        "standing": planned.standing.value,
        "runs": planned.runs,
        "reasons": [
            {"cause": each.cause.value, "subject": each.subject, "fate": each.fate.value}
            for each in planned.reasons
        ],
        "upstream": [*planned.upstream],
    }


def planned_from(document: JsonValue) -> tuple[Planned, ...]:
    """The stages of such a document, which may be of a stranger's making; none when it is not one."""
    stages = document.get("stages") if isinstance(document, dict) else None
    try:
        found = tuple(map(_planned, stages if isinstance(stages, list) else ()))
    except (KeyError, TypeError, ValueError, AttributeError):
        return ()
    order = {each.name: number for number, each in enumerate(found)}
    ordered = all(order.get(name, -1) < order[each.name] for each in found for name in each.upstream)
    return found if ordered and len(order) == len(found) else ()


def _planned(raw: Any) -> Planned:  # noqa: ANN401 - whatever a stranger wrote
    return Planned(
        name=_word(raw["name"]),
        standing=Standing(raw["standing"]),
        reasons=tuple(
            Reason(
                cause=Cause(each["cause"]),
                subject=_word(each["subject"]),
                fate=Fate(each.get("fate", Fate.CHANGED)),
            )
            for each in raw["reasons"]
        ),
        upstream=tuple(map(_word, raw["upstream"])),
    )


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.80} is not text")
    return value
