"""Judges every group of a partition against the rest: surely unfair fails, everything unsure warns."""

from collections.abc import Mapping

from msgspec import Struct

from mlci.core.finding import Finding, Interval, Status
from mlci.core.measure.stats import ENOUGH, LEVEL, holm
from mlci.gates.bias.compare import Comparison, Measure, Scale, compare
from mlci.gates.bias.cube import Cells


class Asked(Struct, frozen=True, kw_only=True):
    """A measure with its limit on its own scale, and what people wrote."""

    measure: Measure
    limit: float
    expected: str


def judge(asked: Asked, model: str, groups: Mapping[str, Cells], total: Cells) -> list[Finding]:
    """One finding a group, worst first being the reader's business: groups come in their own order."""
    if len(groups) < 2:
        return [_alone(asked, model, next(iter(groups), "nobody"))]
    rests = {label: total - cells for label, cells in groups.items()}
    small = [label for label, cells in groups.items() if _short(cells) or _short(rests[label])]
    compared = [
        compare(asked.measure, label, cells, rests[label], asked.limit)
        for label, cells in groups.items()
        if label not in small
    ]
    if len(groups) == 2 and compared:
        # Two groups are each other's rest: one question, put to the one that is worse off.
        compared = [min(compared, key=lambda each: each.distance)]
    adjusted = holm([each.p_value for each in compared])
    judged = {each.group: _judged(asked, model, each, p) for each, p in zip(compared, adjusted, strict=True)}
    insufficient = {label: _insufficient(asked, model, label, groups[label], rests[label]) for label in small}
    found = {**judged, **insufficient}
    return [found[label] for label in groups if label in found]


def _short(cells: Cells) -> bool:
    return cells.positives < ENOUGH or cells.negatives < ENOUGH


def _judged(asked: Asked, model: str, one: Comparison, adjusted: float) -> Finding:
    measure = asked.measure
    surely = adjusted < 1 - LEVEL
    status = Status.FAIL if surely else Status.PASS if one.within(asked.limit) else Status.WARN
    unsure = "" if status is not Status.WARN else "; inconclusive: the interval crosses the limit"
    low, high = (measure.scale.shown(limit) for limit in (one.limits.low, one.limits.high))
    return Finding(
        check=measure.check,
        subject=f"{model}.{one.group}",
        status=status,
        message=f"{_said(measure, one)}, expected {asked.expected}{unsure}",
        observed=measure.scale.shown(one.distance),
        expected=asked.expected,
        interval=None if low is None or high is None else Interval(low=low, high=high),
        n=round(one.rate.of),
        help=_help(status),
    )


def _said(measure: Measure, one: Comparison) -> str:
    rates = f"{measure.words} {one.rate.value:.3f} ({one.rate.hits:.0f} of {one.rate.of:.0f})"
    rest = f"the rest's {one.rest.value:.3f}"
    if measure.scale is Scale.RATIO:
        times = measure.scale.shown(one.distance)
        return f"{rates}, and {rest}" if times is None else f"{rates} is {times:.3f} times {rest}"
    way = "above" if one.distance > 0 else "below"
    return f"{rates} is {abs(one.distance):.3f} {way} {rest}"


def _help(status: Status) -> str | None:
    if status is Status.FAIL:
        return "look at this group's rows and labels, or waive the check with an owner, a reason and a day"
    return "more test rows of this group would tell" if status is Status.WARN else None


def _insufficient(asked: Asked, model: str, label: str, cells: Cells, rest: Cells) -> Finding:
    who, counted = (label, cells) if _short(cells) else (f"the rest of {label}", rest)
    counts = f"{counted.positives:.0f} positives and {counted.negatives:.0f} negatives"
    return Finding(
        check=asked.measure.check,
        subject=f"{model}.{label}",
        status=Status.WARN,
        message=f"{who} has {counts}; insufficient: at least {ENOUGH} of each are needed",
        expected=asked.expected,
        n=round(cells.rows),
        help="add test rows of this group, or a column of wider bands",
    )


def _alone(asked: Asked, model: str, label: str) -> Finding:
    return Finding(
        check=asked.measure.check,
        subject=f"{model}.{label}",
        status=Status.WARN,
        message=f"all rows belong to {label}: there is nobody to compare with",
        expected=asked.expected,
        help="test on rows of several groups",
    )
