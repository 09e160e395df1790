"""`power`: what a test set can resolve, before anybody is judged by it."""

from collections.abc import Sequence
from math import sqrt

from mlci.app.diff import DiffRequest, measure_models, sides
from mlci.core.metrics import METRICS, OfCounts
from mlci.core.power import Power
from mlci.core.stats import LEVEL, normal_quantile, noticeable, rows_needed
from mlci.core.verdicts import Measured


def power(request: DiffRequest) -> Sequence[Power]:
    """What every metric of every model can resolve, then in each slice, in the order of the objectives."""
    models = measure_models(request, sides(request))
    rows = [row for each in models for row in each.measured]
    return [found for each in rows if (found := _power(each)) is not None]


def _power(one: Measured) -> Power | None:
    paired = one.change is not None and one.change.error > 0
    error = one.change.error if one.change is not None and paired else _independent(one)
    if error is None or one.n is None:
        return None
    return Power(
        model=one.model or "",
        metric=one.metric,
        subject=one.subject,
        rows=one.n,
        noticeable=noticeable(error),
        paired=paired,
        direction=one.direction,
        share=one.metric in METRICS and isinstance(METRICS[one.metric].arithmetic, OfCounts),
        margin=one.margin,
        needed=None if one.margin is None else rows_needed(one.n, error, one.margin),
    )


def _independent(one: Measured) -> float | None:
    """The standard error of a difference of two models that have nothing in common."""
    if one.head_interval is None:
        return None
    width = one.head_interval.high - one.head_interval.low
    return sqrt(2) * width / (2 * normal_quantile((1 + LEVEL) / 2))
