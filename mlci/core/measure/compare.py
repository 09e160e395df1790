"""How much each metric changed between two models on the same rows, and how sure that is."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, sqrt

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from mlci.core.config import Direction, Task
from mlci.core.finding import Interval
from mlci.core.measure import bootstrap, stats
from mlci.core.measure.bootstrap import units
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

# A row of a kind that was not seen, lent to the third moment of an AUC's influences: how many of them, and
# which share of all pairs of one row it turns. Chosen by simulation at AUC 0.98 to 0.9995 (tests/benchmarks).
_UNSEEN_ROWS = 0.1
_UNSEEN_SHARE = 0.15

_NO_INFLUENCE = np.empty(0)
_NOTHING = Normal(value=0.0, error=0.0)


class Change(Struct, frozen=True, kw_only=True, eq=False):
    """A metric's change: point values, the interval of head minus base, and its standard error.

    `spread` says how far from the truth the difference may lie; None is normally, by the standard error.
    """

    base: float
    head: float
    interval: Interval | None
    head_interval: Interval | None
    error: float
    p_value: float | None
    spread: Spread | None = None

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
    known: Mapping[str, Spread | None] = dict.fromkeys(own)
    if units(paired.head) > 1:
        known = dict.fromkeys(own, _NOTHING) if _identical(paired) else _spreads(before, now, metrics)
    return {
        each.name: _change(before.value(each), now.value(each), own[each.name], known[each.name])
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


def _change(base: float, head: float, own: Interval | None, known: Spread | None) -> Change:
    spread = known if isfinite(head - base) else None
    return Change(
        base=base,
        head=head,
        interval=None if spread is None else spread.interval(),
        head_interval=own,
        error=0.0 if spread is None else spread.error,
        p_value=None if spread is None else _p_value(spread),
        spread=spread,
    )


def _identical(paired: Paired) -> bool:
    """Whether the two say the same of every row, which leaves nothing to doubt."""
    base, head = paired.base, paired.head
    pairs = ((base.label, head.label), (base.scores, head.scores), (base.weight, head.weight))
    return all(
        one is other or (one is not None and other is not None and np.array_equal(one, other))
        for one, other in pairs
    )


def _spreads(before: _Points, now: _Points, metrics: Sequence[Metric]) -> dict[str, Spread | None]:
    found: dict[str, Spread | None] = {
        each.name: shares
        for each in metrics
        if (shares := _shares(Paired(base=before.model, head=now.model), each))
    }
    drawn = _draws((before.model, now.model), [each for each in metrics if each.name not in found])
    for each in metrics:
        difference = now.value(each) - before.value(each)
        if _smooth(each):
            moved = now.influence(each) - before.influence(each)
            known = _normal(difference, moved, now.model, each)
            # Models that differ, and no row that says how much: two perfect orders, of other scores.
            found[each.name] = None if known and known.interval().low == known.interval().high else known
        elif each.name not in found:
            found[each.name] = _resampled(difference, drawn.get(each.name), now.model, each)
    return found


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
        spread = _drawn(found, draws.quiet[0], draws.plain[0], one)
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
    """Resampled values of one metric `[model, resample]`, and those without what noise alone adds."""

    plain: Floats
    quiet: Floats


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
    for name, part in parts.items():
        if part:
            drawn = np.concatenate(part, axis=1)
            yield name, _Draws(plain=drawn, quiet=drawn)


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
                    plain=np.stack([2 * compute(one) - compute(noise) for one, _, noise in pairs]),
                    quiet=np.stack(
                        [
                            compute(one) - (compute(noise - one + calm) - compute(calm))
                            for one, calm, noise in pairs
                        ]
                    ),
                ),
            )


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


def _resampled(difference: float, draws: _Draws | None, one: Predictions, metric: Metric) -> Spread | None:
    """The spread of resampled differences; None where one of them is no number, or none says anything."""
    if draws is None:
        return None
    (base, head), (quiet_base, quiet_head) = draws.plain, draws.quiet
    found = _drawn(difference, quiet_head - base, head - quiet_base, one)
    if found is not None and not found.error:
        # Whole clusters of which none was decided otherwise, although the models are not the same.
        return Shares(more=0, fewer=0, rows=units(one)) if _proportion(metric) else None
    return found


def _drawn(middle: float, lows: Floats, highs: Floats, one: Predictions) -> Drawn | None:
    if not (np.isfinite(lows).all() and np.isfinite(highs).all()):
        return None
    found = Drawn(value=middle, lows=np.sort(lows), highs=np.sort(highs))
    if one.cluster is None:
        return found
    many = units(one)
    error = found.error * sqrt(many / (many - 1))
    return replace(found, least=Normal(value=middle, error=error, freedom=many - 1))


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
    parts = _strata(influence, one, metric)
    if min(len(part) for part in parts) < 2:
        return None
    error = sqrt(float(sum((part * part).sum() * len(part) / (len(part) - 1) for part in parts)))
    if not isfinite(error):
        return None
    order = isinstance(metric.arithmetic, OfOrder)
    return Normal(
        value=found,
        error=error,
        freedom=None if order and one.cluster is None else units(one) - 1,
        lean=_leans(parts) if order else (0.0, 0.0),
    )


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
