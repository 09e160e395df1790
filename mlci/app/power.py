"""`power`: what a test set can resolve, before anybody is judged by it."""

from collections.abc import Sequence
from math import ceil, sqrt

from mlci.app.diff import DiffRequest, measure_models, sides
from mlci.core.measure.metrics import METRICS, OfCounts
from mlci.core.measure.power import LeftOut, Power
from mlci.core.measure.spread import Normal, Shares, Spread
from mlci.core.measure.stats import ENOUGH, LEVEL, normal_quantile
from mlci.core.measure.verdicts import FEW, Measured


def power(request: DiffRequest) -> Sequence[Power | LeftOut]:
    """What every metric of every model can resolve, then in each slice, in the order of the objectives."""
    models = measure_models(request, sides(request))
    return [of_row(row) for each in models for row in each.measured]


def of_row(one: Measured) -> Power | LeftOut:
    """What one metric's rows can resolve, or why nothing can be said of it."""
    learnt = None if one.change is None else one.change.known
    paired = learnt is not None and learnt.noticeable() is not None
    known = learnt if paired else _independent(one)
    rows, why = one.n if paired else one.head_n, _why_not(one)
    smallest = None if known is None else known.noticeable()
    if why or known is None or smallest is None or rows is None:
        why = why or "its value is no less certain than a constant: no row tells how far it may move"
        return LeftOut(model=one.model or "", metric=one.metric, subject=one.subject, why=why)
    return Power(
        model=one.model or "",
        metric=one.metric,
        subject=one.subject,
        rows=rows,
        noticeable=smallest,
        paired=paired,
        direction=one.direction,
        share=one.metric in METRICS and isinstance(METRICS[one.metric].arithmetic, OfCounts),
        margin=one.margin,
        of_base=_of_base(one),
        needed=_needed(one, known, rows),
    )


def _of_base(one: Measured) -> float | None:
    """The part of base's value that the file lets it drop; None where the file says it as a number."""
    allowed = None if one.objective is None else one.objective.may_drop
    return allowed.value if allowed is not None and allowed.relative else None


def _why_not(one: Measured) -> str:
    if one.problem:
        return one.problem
    if (few := one.scarcest) is not None and not few.enough:
        return few.told
    if not one.enough:
        return FEW
    return "" if one.head_interval or one.change else "its value has no interval"


def _needed(one: Measured, known: Spread, rows: int) -> int | None:
    """The rows that the margin asks for, and no fewer than those of which a gate believes anything."""
    found = None if one.margin is None else known.rows_needed(rows, one.margin)
    if found is None:
        return None
    believed = ENOUGH if one.scarcest is None else ceil(rows * ENOUGH / one.scarcest.amount)
    return max(found, believed)


def _independent(one: Measured) -> Spread | None:
    """The difference of two models that have nothing in common, each as uncertain as this one."""
    if one.head_interval is None:
        return None
    width = one.head_interval.high - one.head_interval.low
    error = sqrt(2) * width / (2 * normal_quantile((1 + LEVEL) / 2))
    rows = one.head_n if one.scarcest is None else int(one.scarcest.amount)
    if not rows or not error or not _is_share_of_rows(one.metric):
        return Normal(value=0.0, error=error)
    # Of few rows a drop is itself a good part of what differs, as where two models are compared.
    apart = ceil(rows * min(1.0, rows * error**2) / 2)
    return Shares(more=apart, fewer=apart, rows=rows)


def _is_share_of_rows(metric: str) -> bool:
    """Whether its difference is counted in rows of which one model alone is right."""
    arithmetic = METRICS[metric].arithmetic if metric in METRICS else None
    return isinstance(arithmetic, OfCounts) and arithmetic.proportion and not arithmetic.selected
