"""How much each metric changed between two models on the same rows, and how sure that is."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from math import isfinite

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from mlci.core.config import Direction, Task
from mlci.core.finding import Interval
from mlci.core.measure import by_draws, by_influence, stats
from mlci.core.measure.bootstrap import units
from mlci.core.measure.by_draws import Draws
from mlci.core.measure.by_influence import Known
from mlci.core.measure.cells import Floats, Mask
from mlci.core.measure.metrics import Metric, OfCounts, is_proportion, is_smooth, value, weights
from mlci.core.measure.predictions import Paired, Predictions
from mlci.core.measure.spread import Normal, Shares, Spread

# What is known of head less so much of base.
_Beside = Callable[[float], Spread | None]

_NO_INFLUENCE = np.empty(0)
_NOTHING = Normal(value=0.0, error=0.0)


class Change(Struct, frozen=True, kw_only=True, eq=False):
    """A metric's change: point values, the interval of head minus base, and its standard error.

    `spread` says how far from the truth the difference may lie; None is normally, by the standard error.
    `beside` says the same of head less so much of base as it is asked to keep: 0.98 allows to lose 2 %.
    """

    base: float
    head: float
    interval: Interval | None
    head_interval: Interval | None
    error: float
    p_value: float | None
    spread: Spread | None = None
    beside: "_Beside | None" = None

    @property
    def difference(self) -> float:
        """Head minus base."""
        return self.head - self.base

    def p_beyond(self, margin: float, direction: Direction) -> float:
        """The one-sided p-value of "worse by more than the margin"."""
        if self.known is None:
            return 1.0
        return self.known.p_below(-margin) if direction is Direction.HIGHER else self.known.p_above(margin)

    @property
    def known(self) -> Spread | None:
        """What the difference is known by; None of point values only."""
        if self.interval is None:
            return None
        return self.spread or Normal(value=self.difference, error=self.error)


@np.errstate(all="ignore")
def compare(paired: Paired, metrics: Sequence[Metric]) -> Mapping[str, Change]:
    """The change of each metric, by name. Equal rows give equal results, whatever their order was."""
    before, now = _points(paired.base, metrics), _points(paired.head, metrics)
    own = _own_intervals(now, metrics)
    known: Mapping[str, _Beside] = {}
    same = _identical(paired)
    if units(paired.head) > 1 and not same:
        known = _besides(before, now, metrics)
    certain = _NOTHING if units(paired.head) > 1 and same else None
    return {
        each.name: _change(before.value(each), now.value(each), own[each.name], known.get(each.name), certain)
        for each in metrics
    }


class Own(Struct, frozen=True, kw_only=True, eq=False):
    """A metric's value on some rows, whatever they are compared with, and its interval.

    None where it cannot be had: of one cluster, of what is not finite, where no row tells anything.
    """

    value: float
    interval: Interval | None


@np.errstate(all="ignore")
def own(one: Predictions, metrics: Sequence[Metric]) -> Mapping[str, Own]:
    """Each metric of one model by itself, by name."""
    points = _points(one, metrics)
    intervals = _own_intervals(points, metrics)
    return {each.name: Own(value=points.value(each), interval=intervals[each.name]) for each in metrics}


class _Points(Struct, frozen=True, kw_only=True, eq=False):
    """A model's value of each metric, and of those that are smooth each row's influence on it."""

    model: Predictions
    found: Mapping[str, tuple[float, Floats]]

    def value(self, metric: Metric) -> float:
        """The point value."""
        return self.found[metric.name][0]

    def known(self, metric: Metric) -> Known:
        """The value, and how much each row moves it."""
        found, influence = self.found[metric.name]
        return Known(model=self.model, value=found, influence=influence)


def _points(one: Predictions, metrics: Sequence[Metric]) -> _Points:
    some = bool(weights(one).any())
    found = {
        each.name: by_influence.value(one, each)
        if some and is_smooth(each)
        else (value(each, one), _NO_INFLUENCE)
        for each in metrics
    }
    return _Points(model=one, found=found)


def _change(
    base: float, head: float, own: Interval | None, beside: _Beside | None, certain: Spread | None
) -> Change:
    finite = isfinite(head - base)
    spread = None if not finite else beside(1.0) if beside else certain
    return Change(
        base=base,
        head=head,
        interval=None if spread is None else spread.interval(),
        head_interval=own,
        error=0.0 if spread is None else spread.error,
        p_value=None if spread is None else _p_value(spread),
        spread=spread,
        beside=beside if finite else None,
    )


def _identical(paired: Paired) -> bool:
    """Whether there is nothing to doubt: one model, or two whose scores are the same to the last digit.

    Labels alone prove no such thing. Two models that seldom differ give the same ones to a whole sample,
    one in eight of a hundred rows where it is 2 % that head gets wrong.
    """
    return _alike(paired) and (paired.same or _telling(paired.head))


def _alike(paired: Paired) -> bool:
    """Whether the two say the same of every row that was seen."""
    base, head = paired.base, paired.head
    pairs = ((base.label, head.label), (base.scores, head.scores), (base.weight, head.weight))
    return all(
        one is other or (one is not None and other is not None and np.array_equal(one, other))
        for one, other in pairs
    )


def _telling(one: Predictions) -> bool:
    """Whether answers say more than a label: a model that learnt anything else moves most of them."""
    if one.task is Task.REGRESSION:
        return True
    return one.scores is not None and len(np.unique(one.scores)) > len(one.classes)


def _besides(before: _Points, now: _Points, metrics: Sequence[Metric]) -> Mapping[str, _Beside]:
    """What is known of each metric's head less a share of base, by name."""
    paired = Paired(base=before.model, head=now.model)
    shares = {each.name: _shares(paired, each) for each in metrics}
    drawn = by_draws.draws((before.model, now.model), [each for each in metrics if shares[each.name] is None])
    drawn = {name: each.mirrored() for name, each in drawn.items()} if _alike(paired) else drawn
    return {
        each.name: cache(partial(_beside, before, now, each, shares[each.name], drawn.get(each.name)))
        for each in metrics
    }


def _beside(
    before: _Points, now: _Points, metric: Metric, shares: Shares | None, draws: Draws | None, keep: float
) -> Spread | None:
    if shares is not None and keep == 1:
        return shares
    middle = now.value(metric) - keep * before.value(metric)
    if shares is not None:
        return by_draws.of_steps(middle, (before.model, now.model), metric, keep)
    if not is_smooth(metric):
        return by_draws.of_difference(middle, draws, now.model, metric, keep)
    known = by_influence.spread(now.known(metric), metric, before.known(metric), keep)
    # Models that differ, and no row that says how much: two perfect orders, of other scores.
    return None if known and known.interval().low == known.interval().high else known


def _p_value(spread: Spread) -> float:
    if isinstance(spread, Shares):
        return stats.mcnemar_midp(spread.fewer, spread.more)
    return min(1.0, 2 * min(spread.p_below(0.0), spread.p_above(0.0)))


def _own_intervals(points: _Points, metrics: Sequence[Metric]) -> Mapping[str, Interval | None]:
    one = points.model
    if units(one) < 2:
        return dict.fromkeys(each.name for each in metrics)
    found = {each.name: _wilson(one, points.value(each), each) for each in metrics}
    drawn = by_draws.draws((one,), [each for each in metrics if found[each.name] is None])
    return {each.name: found[each.name] or _own(points, each, drawn.get(each.name)) for each in metrics}


def _own(points: _Points, metric: Metric, draws: Draws | None) -> Interval | None:
    one, found = points.model, points.value(metric)
    if not isfinite(found):
        return None
    spread: Spread | None = None
    if is_smooth(metric):
        spread = by_influence.spread(points.known(metric), metric)
    elif draws is not None:
        spread = by_draws.of_value(found, draws, one)
    if spread is None:
        return None
    within = spread.interval()
    if within.low == within.high:
        # Not one row is of another kind, which says how seldom that is, and nothing of more than shares.
        return stats.wilson(found * units(one), units(one)) if is_proportion(metric) else None
    return replace(within, low=max(metric.least, within.low), high=min(metric.most, within.high))


# Proportions.


def _denominator(one: Predictions, metric: Metric) -> Mask | None:
    """The rows that a plain proportion of unweighted, independent rows is taken of."""
    arithmetic = metric.arithmetic
    if one.weight is not None or one.cluster is not None or not isinstance(arithmetic, OfCounts):
        return None
    if arithmetic.selected:
        return np.asarray(one.label == 1)
    if not arithmetic.proportion:
        return None
    return np.ones(len(one), dtype=np.bool_) if arithmetic.among is None else one.truth == arithmetic.among


def _wilson(one: Predictions, found: float, metric: Metric) -> Interval | None:
    rows = _denominator(one, metric)
    total = 0 if rows is None else int(np.count_nonzero(rows))
    return stats.wilson(found * total, total) if total else None


def _shares(paired: Paired, metric: Metric) -> Shares | None:
    """The rows of which only one of the two is right, of those that a proportion is taken of."""
    rows, arithmetic = _denominator(paired.head, metric), metric.arithmetic
    if rows is None or not rows.any() or not isinstance(arithmetic, OfCounts) or arithmetic.selected:
        return None
    base, head = paired.base.label == paired.base.truth, paired.head.label == paired.head.truth
    won, lost = int(np.count_nonzero(rows & head & ~base)), int(np.count_nonzero(rows & base & ~head))
    if metric.direction is Direction.LOWER:
        won, lost = lost, won
    return Shares(more=won, fewer=lost, rows=int(np.count_nonzero(rows)))
