"""How far a smooth metric may lie from the truth, by how much each row, or each cluster, moves it."""

from collections.abc import Sequence
from math import frexp, gcd, isfinite, ldexp, sqrt

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from mlci.core.config import Task
from mlci.core.measure.bootstrap import UNSEEN, freedom, kish, units_of
from mlci.core.measure.cells import Floats
from mlci.core.measure.metrics import (
    Metric,
    OfInfluence,
    OfMean,
    OfOrder,
    area_with_influence,
    weights,
)
from mlci.core.measure.metrics import value as value_of
from mlci.core.measure.predictions import Codes, Predictions
from mlci.core.measure.spread import Normal, Sides
from mlci.core.measure.tilted import Tilted

# A row of a kind that was not seen, lent to the third moment of an AUC's influences: how many of them, and
# which share of all pairs of one row it turns. Chosen by simulation at AUC 0.98 to 0.9995 (tests/benchmarks).
_UNSEEN_ROWS = 0.1
_UNSEEN_SHARE = 0.15

# Of so few rows or clusters a sample shows half of how lopsided the truth is: by simulation of 30 to 80.
_HALF_SEEN = 60

# So many kinds of steps tell as much as all that there are.
_KINDS = 2_000

_GOLDEN = (sqrt(5) - 1) / 2


class Known(Struct, frozen=True, kw_only=True, eq=False):
    """A model with its value of a smooth metric, and each row's influence on it."""

    model: Predictions
    value: float
    influence: Floats


def value(one: Predictions, metric: Metric) -> tuple[float, Floats]:
    """The value of a smooth metric, and each row's influence on it."""
    if isinstance(metric.arithmetic, OfMean):
        loss, weight = metric.arithmetic.loss(one), weights(one)
        mean = float((weight * loss).sum() / weight.sum())
        return mean, np.asarray(weight * (loss - mean) / weight.sum())
    if isinstance(metric.arithmetic, OfInfluence):
        return metric.arithmetic.compute(one)
    return area_with_influence(one)


def spread(now: Known, metric: Metric, before: Known | None = None, keep: float = 0.0) -> Normal | None:
    """The spread of a metric, or of it less so much of base's; None of no numbers, or of too few rows."""
    middle = now.value - (keep * before.value if before else 0.0)
    influence = now.influence if before is None else now.influence - keep * before.influence
    if not isfinite(middle):
        return None
    one, order = now.model, isinstance(metric.arithmetic, OfOrder)
    scale = 1.0 if order else _scale(influence)
    parts = _strata(influence / scale, one, metric)
    if min(len(part) for part in parts) < 2:
        return None
    error = sqrt(_product(parts, parts))
    if not isfinite(error * scale):
        return None
    leans = _leans(parts) if order else lean(parts[0])
    plain = Normal(
        value=middle,
        error=error * scale,
        freedom=None if order and one.cluster is None else freedom(one),
        lean=(leans[0] * scale, leans[1] * scale),
        sides=_sides(now, before, keep, metric),
        least=None if order else _unseen(middle, now, before, keep, scale),
    )
    return _of_the_top(plain, influence, now, before, keep, metric)


def _scale(influence: Floats) -> float:
    """A power of two near the largest, so that squares of errors of 1e300 are numbers still."""
    largest = float(np.abs(influence).max(initial=0.0))
    return ldexp(1.0, frexp(largest)[1] - 1) if largest and isfinite(largest) else 1.0


def _strata(influence: Floats, one: Predictions, metric: Metric) -> list[Floats]:
    """DeLong takes the variances of positives and negatives apart; means and clusters know no strata."""
    if one.cluster is not None:
        return [_by_unit(influence, one)]
    if isinstance(metric.arithmetic, OfOrder) and one.task is Task.BINARY:
        return [influence[one.truth == code] for code in range(2)]
    return [influence]


def _by_unit(influence: Floats, one: Predictions) -> Floats:
    return np.bincount(units_of(one), weights=influence).astype(np.float64)


def _product(some: Sequence[Floats], others: Sequence[Floats]) -> float:
    """The squared error of what influences add up to, or what two of them share."""
    pairs = zip(some, others, strict=True)
    return float(sum((one * other).sum() * len(one) / (len(one) - 1) for one, other in pairs))


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


def lean(away: Floats) -> tuple[float, float]:
    """The slope of the variance below and above, where the sample shows that few bear the value."""
    squares = float(away @ away)
    seen = 1 + _HALF_SEEN / len(away)
    slope = seen * float((away * away) @ away) / squares if squares else 0.0
    return max(0.0, -slope), max(0.0, slope)


def _unseen(middle: float, now: Known, before: Known | None, keep: float, scale: float) -> Tilted | None:
    """What the rows say with one more that was not seen, in which the models differ as in two rows.

    It is base's answer to one and head's to another. Of models that hardly ever differ a sample may hold no
    row in which they do, and tells nothing of it.
    """
    if before is None or now.model.cluster is not None:
        return None
    weight = weights(now.model)
    some, usual = weight > 0, float(weight @ weight) / float(weight.sum())
    seen = now.influence[some] - keep * before.influence[some]
    # In either order a difference must come out alike.
    turned = bool((seen[seen != 0][:1] < 0).any())
    one, two = (now.influence, keep * before.influence)[:: -1 if turned else 1]
    one, two = (np.sort(each[some] / weight[some]) * usual for each in (one, two))
    other = _shuffled(len(one))
    steps = np.concatenate([-seen if turned else seen, one[other] - two, one - two[other]]) / scale
    times = np.repeat([1.0, UNSEEN / len(one) / 2], [len(seen), 2 * len(one)])
    steps, times = _kinds(steps - float(steps @ times) / float(times.sum()), times)
    error = sqrt(float(times @ steps**2))
    steps = (-steps if turned else steps) * scale
    return Tilted(value=middle, error=error * scale, steps=steps, times=times) if error else None


def _kinds(steps: Floats, times: Floats) -> tuple[Floats, Floats]:
    """Many steps as few kinds of them that are nearly alike."""
    low, width = float(steps.min()), float(np.ptp(steps)) / _KINDS
    if len(steps) <= _KINDS or not width:
        return steps, times
    kind = np.minimum(((steps - low) / width).astype(np.intp), _KINDS - 1)
    many, added = (
        np.bincount(kind, weights=each, minlength=_KINDS).astype(np.float64)
        for each in (times, times * steps)
    )
    return np.asarray(added[many > 0] / many[many > 0]), np.asarray(many[many > 0])


def _shuffled(many: int) -> Codes:
    """An order that has nothing to do with this one: by steps of the golden section."""
    step = max(1, int(many * _GOLDEN))
    while gcd(step, many) > 1:
        step += 1
    return np.arange(many) * step % many


def _sides(now: Known, before: Known | None, keep: float, metric: Metric) -> Sides | None:
    """What is known of either model alone, of a metric that lies between 0 and 1."""
    if before is None or (metric.least, metric.most) != (0, 1):
        return None
    head = _strata(now.influence, now.model, metric)
    base = _strata(keep * before.influence, now.model, metric)
    return Sides(
        head=now.value,
        base=before.value,
        keep=keep,
        of_head=_product(head, head),
        of_base=_product(base, base),
        shared=_product(head, base),
    )


def _of_the_top(
    plain: Normal, influence: Floats, now: Known, before: Known | None, keep: float, metric: Metric
) -> Normal:
    """Of a metric of the top rows: by as many degrees as rows cost it something, and with its bias.

    The bias is as great as it is where the truth is doubted: the worse a model, the greater. Nothing is
    taken off on the other side, for it is itself learnt from few rows.
    """
    excess = metric.arithmetic.excess if isinstance(metric.arithmetic, OfInfluence) else None
    if excess is None or not plain.error:
        return plain
    costs = max(kish(_costs(each)) for each in (now, before or now))
    plain = replace(plain, freedom=max(1, min(plain.freedom or 1, round(costs) - 1)))
    bent = _bend(influence, now, before, keep, metric) * (1 + plain.quantile**2)
    head, base = excess(now.model), excess(before.model) * keep if before else 0.0
    low, high = head - base, head - base
    if plain.sides is not None:
        within = plain.interval()
        low = head * plain.sides.growth(plain.value - within.low, -1) - base
        high = head - base * plain.sides.growth(within.high - plain.value, 1)
    return replace(plain, beyond=(max(0.0, low - bent), max(0.0, bent - high)))


def _costs(known: Known) -> Floats:
    """What each negative, or each cluster of them, takes off."""
    return np.abs(_by_unit(np.where(known.model.truth == 1, 0.0, known.influence), known.model))


def _bend(influence: Floats, now: Known, before: Known | None, keep: float, metric: Metric) -> float:
    """How far the value lies off a straight line, one standard error from here, were it all by these rows."""
    unit = units_of(now.model)
    moved = np.bincount(unit, weights=influence)
    error = sqrt(float(moved @ moved))
    step = min(1.0, error / (2 * float(np.abs(moved).max())))
    apart = step * moved[unit] / error

    def at(sign: int) -> float:
        head, base = (
            value_of(metric, replace(each.model, weight=weights(each.model) * (1 + sign * apart)))
            for each in (now, before or now)
        )
        return head - keep * base

    middle = now.value - keep * (before or now).value
    return (at(1) + at(-1) - 2 * middle) / (2 * step**2)
