"""How far a smooth metric may lie from the truth, by how much each row, or each cluster, moves it."""

from collections.abc import Sequence
from math import frexp, isfinite, ldexp, sqrt

import numpy as np

from mlci.core.config import Task
from mlci.core.measure.bootstrap import freedom
from mlci.core.measure.cells import Floats
from mlci.core.measure.metrics import Metric, OfInfluence, OfMean, OfOrder, area_with_influence, weights
from mlci.core.measure.predictions import Predictions
from mlci.core.measure.spread import Normal

# A row of a kind that was not seen, lent to the third moment of an AUC's influences: how many of them, and
# which share of all pairs of one row it turns. Chosen by simulation at AUC 0.98 to 0.9995 (tests/benchmarks).
_UNSEEN_ROWS = 0.1
_UNSEEN_SHARE = 0.15

# Of so few rows or clusters a sample shows half of how lopsided the truth is: by simulation of 30 to 80.
_HALF_SEEN = 60


def value(one: Predictions, metric: Metric) -> tuple[float, Floats]:
    """The value of a smooth metric, and each row's influence on it."""
    if isinstance(metric.arithmetic, OfMean):
        loss, weight = metric.arithmetic.loss(one), weights(one)
        mean = float((weight * loss).sum() / weight.sum())
        return mean, np.asarray(weight * (loss - mean) / weight.sum())
    if isinstance(metric.arithmetic, OfInfluence):
        return metric.arithmetic.compute(one)
    return area_with_influence(one)


def spread(found: float, influence: Floats, one: Predictions, metric: Metric) -> Normal | None:
    """The normal spread of a sum of influences; None where they are not finite, or too few."""
    if not isfinite(found):
        return None
    order = isinstance(metric.arithmetic, OfOrder)
    scale = 1.0 if order else _scale(influence)
    parts = _strata(influence / scale, one, metric)
    if min(len(part) for part in parts) < 2:
        return None
    error = sqrt(float(sum((part * part).sum() * len(part) / (len(part) - 1) for part in parts)))
    if not isfinite(error * scale):
        return None
    leans = _leans(parts) if order else lean(parts[0])
    return Normal(
        value=found,
        error=error * scale,
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


def lean(away: Floats) -> tuple[float, float]:
    """The slope of the variance below and above, where the sample shows that few bear the value."""
    squares = float(away @ away)
    seen = 1 + _HALF_SEEN / len(away)
    slope = seen * float((away * away) @ away) / squares if squares else 0.0
    return max(0.0, -slope), max(0.0, slope)
