"""Metrics of the order of scores: the areas under the ROC curve (with DeLong's terms) and the PR curve."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from mlci.core.predictions import Floats

Mask = npt.NDArray[np.bool_]


def auc_with_influence(positive: Mask, scores: Floats, weight: Floats) -> tuple[float, Floats]:
    """The area and each row's influence on it, in O(n log n), ties counting half.

    Without weights the sums of squared influences over each class are DeLong's variance terms,
    up to his n/(n-1). Both are NaN when a class is empty.
    """
    upper, lower = weight[positive].sum(), weight[~positive].sum()
    influence = np.full(len(scores), np.nan)
    if not upper or not lower:
        return float("nan"), influence
    won = _weight_below(scores[positive], scores[~positive], weight[~positive]) / lower
    lost = 1 - _weight_below(scores[~positive], scores[positive], weight[positive]) / upper
    area = float((weight[positive] * won).sum() / upper)
    influence[positive] = weight[positive] * (won - area) / upper
    influence[~positive] = weight[~positive] * (lost - area) / lower
    return area, influence


def average_precision(positive: Mask, scores: Floats) -> Callable[[Floats], float]:
    """Prepare the average precision as a function of row weights; the sort is done once."""
    order = np.argsort(-scores, kind="stable")
    hits = positive[order]
    last_of_ties = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))

    def area(weight: Floats) -> float:
        sorted_weight = weight[order]
        all_above = np.cumsum(sorted_weight)[last_of_ties]
        hits_above = np.cumsum(sorted_weight * hits)[last_of_ties]
        if not hits_above[-1]:
            return 0.0
        precision = np.divide(hits_above, all_above, out=np.zeros_like(hits_above), where=all_above > 0)
        return float((np.diff(hits_above, prepend=0.0) * precision).sum() / hits_above[-1])

    return area


def _weight_below(points: Floats, others: Floats, weight: Floats) -> Floats:
    """The weight of others below each point, those level with it counting half."""
    order = np.argsort(others, kind="stable")
    sums = np.concatenate([[0.0], np.cumsum(weight[order])])
    ranked = others[order]
    below, upto = np.searchsorted(ranked, points, "left"), np.searchsorted(ranked, points, "right")
    return np.asarray((sums[below] + sums[upto]) / 2)
