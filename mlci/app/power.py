"""`power`: what a test set can resolve, before anybody is judged by it."""

from collections.abc import Sequence
from math import sqrt

from mlci.app.diff import DiffRequest, measure_models, sides
from mlci.core.measure.metrics import METRICS, OfCounts
from mlci.core.measure.power import Power
from mlci.core.measure.spread import Normal, Spread
from mlci.core.measure.stats import LEVEL, normal_quantile
from mlci.core.measure.verdicts import Measured


def power(request: DiffRequest) -> Sequence[Power]:
    """What every metric of every model can resolve, then in each slice, in the order of the objectives."""
    models = measure_models(request, sides(request))
    rows = [row for each in models for row in each.measured]
    return [found for each in rows if (found := of_row(each)) is not None]


def of_row(one: Measured) -> Power | None:
    """What one metric's rows can resolve; None where they are too few, or tell nothing."""
    learnt = None if one.change is None else one.change.known
    paired = learnt is not None and learnt.noticeable() is not None
    known = learnt if paired else _independent(one)
    smallest = None if known is None else known.noticeable()
    if known is None or smallest is None or one.n is None or not one.enough:
        return None
    return Power(
        model=one.model or "",
        metric=one.metric,
        subject=one.subject,
        rows=one.n,
        noticeable=smallest,
        paired=paired,
        direction=one.direction,
        share=one.metric in METRICS and isinstance(METRICS[one.metric].arithmetic, OfCounts),
        margin=one.margin,
        needed=None if one.margin is None else known.rows_needed(one.n, one.margin),
    )


def _independent(one: Measured) -> Spread | None:
    """The difference of two models that have nothing in common, each as uncertain as this one."""
    if one.head_interval is None:
        return None
    width = one.head_interval.high - one.head_interval.low
    return Normal(value=0.0, error=sqrt(2) * width / (2 * normal_quantile((1 + LEVEL) / 2)))
