"""How much each metric changed between two models on the same rows, and how sure that is."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache, partial
from math import frexp, isfinite, ldexp, sqrt

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from mlci.core.config import Direction, Task
from mlci.core.finding import Interval
from mlci.core.measure import bootstrap, stats
from mlci.core.measure.bootstrap import freedom, units
from mlci.core.measure.cells import Floats, Mask
from mlci.core.measure.metrics import (
    Metric,
    OfCounts,
    OfInfluence,
    OfMean,
    OfOrder,
    OfRows,
    OfSums,
    area_with_influence,
    value,
    weights,
)
from mlci.core.measure.predictions import Paired, Predictions
from mlci.core.measure.spread import Drawn, Normal, Shares, Spread
from mlci.core.measure.steps import Steps, steps_of
from mlci.core.measure.tilted import Tilted

# A row of a kind that was not seen, lent to the third moment of an AUC's influences: how many of them, and
# which share of all pairs of one row it turns. Chosen by simulation at AUC 0.98 to 0.9995 (tests/benchmarks).
_UNSEEN_ROWS = 0.1
_UNSEEN_SHARE = 0.15

# A value that noise was taken off varies so much more than one that it was not, by simulation of 300 to 5,000
# rows (tests/benchmarks): without it, 5 to 8 % of overconfident models came off too well.
_CORRECTED = 1.35

# Of so few rows or clusters a sample shows half of how lopsided the truth is: by simulation of 30 to 80.
_HALF_SEEN = 60

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

    def influence(self, metric: Metric) -> Floats:
        """How much each row moves it."""
        return self.found[metric.name][1]


def _points(one: Predictions, metrics: Sequence[Metric]) -> _Points:
    some = bool(weights(one).any())
    found = {
        each.name: _influence(one, each) if some and _smooth(each) else (value(each, one), _NO_INFLUENCE)
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
    drawn = _draws((before.model, now.model), [each for each in metrics if shares[each.name] is None])
    drawn = {name: each.mirrored() for name, each in drawn.items()} if _alike(paired) else drawn
    return {
        each.name: cache(partial(_beside, before, now, each, shares[each.name], drawn.get(each.name)))
        for each in metrics
    }


def _beside(
    before: _Points, now: _Points, metric: Metric, shares: Shares | None, draws: "_Draws | None", keep: float
) -> Spread | None:
    if shares is not None and keep == 1:
        return shares
    middle = now.value(metric) - keep * before.value(metric)
    if shares is not None:
        return _of_steps(middle, (before.model, now.model), metric, keep)
    if not _smooth(metric):
        return _resampled(middle, draws, now.model, metric, keep)
    known = _normal(middle, now.influence(metric) - keep * before.influence(metric), now.model, metric)
    # Models that differ, and no row that says how much: two perfect orders, of other scores.
    return None if known and known.interval().low == known.interval().high else known


def _smooth(metric: Metric) -> bool:
    return isinstance(metric.arithmetic, OfMean | OfOrder | OfInfluence)


def _p_value(spread: Spread) -> float:
    if isinstance(spread, Shares):
        return stats.mcnemar_midp(spread.fewer, spread.more)
    return min(1.0, 2 * min(spread.p_below(0.0), spread.p_above(0.0)))


def _own_intervals(points: _Points, metrics: Sequence[Metric]) -> Mapping[str, Interval | None]:
    one = points.model
    if units(one) < 2:
        return dict.fromkeys(each.name for each in metrics)
    found = {each.name: _wilson(one, points.value(each), each) for each in metrics}
    drawn = _draws((one,), [each for each in metrics if found[each.name] is None])
    return {each.name: found[each.name] or _own(points, each, drawn.get(each.name)) for each in metrics}


def _own(points: _Points, metric: Metric, draws: "_Draws | None") -> Interval | None:
    one, found = points.model, points.value(metric)
    if not isfinite(found):
        return None
    spread: Spread | None = None
    if _smooth(metric):
        spread = _normal(found, points.influence(metric), one, metric)
    elif draws is not None:
        spread = _drawn(found, draws.quiet[0], draws.plain[0], one, draws.steps, 0.0)
    if spread is None:
        return None
    within = spread.interval()
    if within.low == within.high:
        # Not one row is of another kind, which says how seldom that is, and nothing of more than shares.
        return stats.wilson(found * units(one), units(one)) if _proportion(metric) else None
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


def _proportion(metric: Metric) -> bool:
    return isinstance(metric.arithmetic, OfCounts) and metric.arithmetic.proportion


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


# Resampled.


class _Draws(Struct, frozen=True, kw_only=True, eq=False):
    """Resampled values of one metric `[model, resample]`, and those without what noise alone adds.

    `steps` are what single rows or clusters add, where that is known.
    """

    plain: Floats
    quiet: Floats
    steps: Steps | None = None

    def mirrored(self) -> "_Draws":
        """The draws and those of the other way round: of two that are alike there is no first one."""
        plain, quiet = (np.hstack([each, each[::-1]]) for each in (self.plain, self.quiet))
        return replace(self, plain=plain, quiet=quiet)


def _draws(models: Sequence[Predictions], metrics: Sequence[Metric]) -> dict[str, _Draws]:
    """The draws of each metric that is resampled, of models on the same rows."""
    return dict(
        [
            *_of_counts(models, [each for each in metrics if isinstance(each.arithmetic, OfCounts)]),
            *_of_sums(models, metrics),
            *_of_rows(models, [each for each in metrics if isinstance(each.arithmetic, OfRows)]),
        ]
    )


def _of_counts(models: Sequence[Predictions], metrics: Sequence[Metric]) -> Iterator[tuple[str, _Draws]]:
    parts: dict[str, list[Floats]] = {each.name: [] for each in metrics}
    for matrices in bootstrap.matrices(models) if metrics else ():
        for each in metrics:
            if isinstance(each.arithmetic, OfCounts):
                parts[each.name].append(each.arithmetic.compute(matrices))
    for each in metrics:
        if parts[each.name] and isinstance(each.arithmetic, OfCounts):
            drawn = np.concatenate(parts[each.name], axis=1)
            yield (
                each.name,
                _Draws(plain=drawn, quiet=drawn, steps=steps_of(models, each.arithmetic.compute)),
            )


def _of_sums(models: Sequence[Predictions], metrics: Sequence[Metric]) -> Iterator[tuple[str, _Draws]]:
    for each in metrics:
        if isinstance(each.arithmetic, OfSums):
            parts, compute, quiet = each.arithmetic.parts, each.arithmetic.compute, each.arithmetic.quiet
            added = [parts(one) for one in models]
            drawn = bootstrap.sums(added, models[-1].cluster)
            plain = np.stack([compute(one) for one in drawn])
            if quiet is None:
                yield each.name, _Draws(plain=plain, quiet=plain)
                continue
            sums = [one.sum(axis=0) for one in added]
            still = [quiet(one, noise.std(axis=0)) for one, noise in zip(sums, drawn, strict=True)]
            pairs = list(zip(sums, still, drawn, strict=True))
            # What noise adds to the value, if all the gaps are real, and if only the plain ones are.
            yield (
                each.name,
                _Draws(
                    plain=np.stack(
                        [_corrected(float(compute(one)), compute(noise)) for one, _, noise in pairs]
                    ),
                    quiet=np.stack(
                        [
                            compute(one) - (compute(noise - one + calm) - compute(calm))
                            for one, calm, noise in pairs
                        ]
                    ),
                ),
            )


def _corrected(found: float, drawn: Floats) -> Floats:
    """Draws without what noise adds on average. Less of it is taken off where luck made the value greater."""
    middle = 2 * found - drawn.mean()
    return np.asarray(middle - _CORRECTED * (drawn - drawn.mean()))


def _of_rows(models: Sequence[Predictions], metrics: Sequence[Metric]) -> Iterator[tuple[str, _Draws]]:
    prepared = [
        (each.arithmetic.prepare(one), weights(one))
        for each in metrics
        for one in models
        if isinstance(each.arithmetic, OfRows)
    ]
    if not prepared:
        return
    drawn = np.array(
        [[each(times * weight) for each, weight in prepared] for times in bootstrap.by_rows(models[-1])]
    )
    for each, part in zip(metrics, np.split(drawn.T, len(metrics)), strict=True):
        yield each.name, _Draws(plain=part, quiet=part)


def _resampled(
    middle: float, draws: _Draws | None, one: Predictions, metric: Metric, keep: float
) -> Spread | None:
    """The spread of resampled differences; None where one of them is no number, or none says anything."""
    if draws is None:
        return None
    (base, head), (quiet_base, quiet_head) = draws.plain, draws.quiet
    found = _drawn(middle, quiet_head - keep * base, head - keep * quiet_base, one, draws.steps, keep)
    if found is not None and not found.error:
        # Whole clusters of which none was decided otherwise, although the models are not the same.
        return Shares(more=0, fewer=0, rows=units(one)) if _proportion(metric) else None
    return found


def _drawn(
    middle: float, lows: Floats, highs: Floats, one: Predictions, steps: Steps | None, keep: float
) -> Drawn | None:
    if not (np.isfinite(lows).all() and np.isfinite(highs).all()):
        return None
    found = Drawn(value=middle, lows=np.sort(lows), highs=np.sort(highs))
    away = None if steps is None else steps.of(keep)
    if not found.error:
        return found
    if one.cluster is not None:
        return replace(found, least=_of_few_clusters(middle, found.error, away, one))
    if steps is None or away is None or not away.any():
        return found
    return replace(found, least=Tilted(value=middle, error=found.error, steps=away, times=steps.times))


def _of_few_clusters(middle: float, error: float, away: Floats | None, one: Predictions) -> Normal:
    """By Student, by the greater of what draws and leaving out say, and by how lopsided clusters are."""
    many = units(one)
    error *= sqrt(many / (many - 1))
    left_out = 0.0 if away is None else sqrt(float(away @ away) * (many - 1) / many)
    return Normal(
        value=middle,
        error=max(error, left_out),
        freedom=freedom(one),
        lean=(0.0, 0.0) if away is None else _lean(away),
    )


def _lean(away: Floats) -> tuple[float, float]:
    """The slope of the variance below and above, where the sample shows that few bear the value."""
    squares = float(away @ away)
    seen = 1 + _HALF_SEEN / len(away)
    slope = seen * float((away * away) @ away) / squares if squares else 0.0
    return max(0.0, -slope), max(0.0, slope)


def _of_steps(middle: float, models: Sequence[Predictions], metric: Metric, keep: float) -> Tilted | None:
    """By single rows alone, as a score test has it."""
    if not isinstance(metric.arithmetic, OfCounts) or not isfinite(middle):
        return None
    steps = steps_of(models, metric.arithmetic.compute)
    away = None if steps is None else steps.of(keep)
    if steps is None or away is None or not away.any():
        return None
    return Tilted(value=middle, error=sqrt(float(steps.times @ away**2)), steps=away, times=steps.times)


# By influence.


def _influence(one: Predictions, metric: Metric) -> tuple[float, Floats]:
    if isinstance(metric.arithmetic, OfMean):
        loss, weight = metric.arithmetic.loss(one), weights(one)
        mean = float((weight * loss).sum() / weight.sum())
        return mean, np.asarray(weight * (loss - mean) / weight.sum())
    if isinstance(metric.arithmetic, OfInfluence):
        return metric.arithmetic.compute(one)
    return area_with_influence(one)


def _normal(found: float, influence: Floats, one: Predictions, metric: Metric) -> Normal | None:
    """The normal spread of a sum of influences; None where they are not finite, or too few."""
    if not isfinite(found):
        return None
    order = isinstance(metric.arithmetic, OfOrder)
    scale = 1.0 if order else _scale(influence)
    parts = _strata(influence / scale, one, metric)
    if min(len(part) for part in parts) < 2:
        return None
    spread = sqrt(float(sum((part * part).sum() * len(part) / (len(part) - 1) for part in parts)))
    if not isfinite(spread * scale):
        return None
    leans = _leans(parts) if order else _lean(parts[0])
    return Normal(
        value=found,
        error=spread * scale,
        freedom=None if order and one.cluster is None else freedom(one),
        lean=(leans[0] * scale, leans[1] * scale),
    )


def _scale(influence: Floats) -> float:
    """A power of two near the largest, so that squares of errors of 1e300 are numbers still."""
    largest = float(np.abs(influence).max(initial=0.0))
    return ldexp(1.0, frexp(largest)[1] - 1) if largest and isfinite(largest) else 1.0


def _strata(influence: Floats, one: Predictions, metric: Metric) -> list[Floats]:
    """DeLong takes the variances of positives and negatives apart; means and clusters know no strata."""
    if one.cluster is not None:
        unit = np.unique(one.cluster, return_inverse=True)[1]
        return [np.bincount(unit, weights=influence).astype(np.float64)]
    if isinstance(metric.arithmetic, OfOrder) and one.task is Task.BINARY:
        return [influence[one.truth == code] for code in range(2)]
    return [influence]


def _leans(parts: Sequence[Floats]) -> tuple[float, float]:
    """How fast the variance grows if the truth lies below, or above: by how lopsided the influences are.

    Near an AUC of 1 a few rows bear all of the difference, and a sample in which they are fewer
    than they should be looks more certain than it is.
    """
    below = above = 0.0
    for part in parts:
        unseen, squares = _UNSEEN_SHARE / len(part), part * part
        skew, lent = float((squares * part).sum()), _UNSEEN_ROWS * unseen**3
        variance = float(squares.sum()) + _UNSEEN_ROWS * unseen**2
        below += (max(0.0, -skew) + lent) / variance
        above += (max(0.0, skew) + lent) / variance
    return below, above
