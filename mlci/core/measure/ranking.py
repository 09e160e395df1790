"""Metrics of the order of scores: the areas under the ROC curve (with DeLong's terms) and the PR curve."""

import numpy as np
import numpy.typing as npt

from mlci.core.measure.cells import Floats

Codes = npt.NDArray[np.intp]
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
    below, above = _levels(positive, scores, weight)
    won, lost = below[positive] / lower, above[~positive] / upper
    area = float((weight[positive] * won).sum() / upper)
    influence[positive] = weight[positive] * (won - area) / upper
    influence[~positive] = weight[~positive] * (lost - area) / lower
    return area, influence


def average_precision_with_influence(positive: Mask, scores: Floats, weight: Floats) -> tuple[float, Floats]:
    """The average precision (0 without positives) and each row's influence on it, in O(n log n)."""
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.append(np.diff(scores[order]) != 0, True)
    level = np.cumsum(np.append(0, last_of_ties[:-1]))
    above = np.cumsum(weight[order])[last_of_ties]
    hits = np.cumsum(weight[order] * positive[order])[last_of_ties]
    total = hits[-1]
    if not total:
        return 0.0, np.full(len(scores), np.nan)
    gained = np.diff(hits, prepend=0.0) / total
    precision = np.divide(hits, above, out=np.zeros_like(hits), where=above > 0)
    area = float(gained @ precision)
    # A row counts among those above at its own level and at every lower one.
    share = np.divide(gained, above, out=np.zeros_like(gained), where=above > 0)
    helps, dilutes = _from_here_down(share), _from_here_down(share * precision)
    influence = np.empty(len(scores))
    influence[order] = (precision[level] - area) / total * positive[order]
    influence[order] += helps[level] * positive[order] - dilutes[level]
    return area, weight * influence


def average_precision_excess(positive: Mask, scores: Floats, weight: Floats, unit: Codes | None) -> float:
    """How much greater average precision is than of very many rows, on average and at most.

    Each positive counts itself (and the other rows of its `unit`) among those that it is judged by, and so
    finds them better than rows are there that are drawn anew. It is less where the first rows are surer
    than the others; that they look so is no proof of it. 0 without positives.
    """
    order = np.argsort(-scores, kind="stable")
    last_of_ties = np.append(np.diff(scores[order]) != 0, True)
    level = np.empty(len(scores), np.intp)
    level[order] = np.cumsum(np.append(0, last_of_ties[:-1]))
    above = np.cumsum(weight[order])[last_of_ties]
    hits = np.cumsum(weight[order] * positive[order])[last_of_ties]
    if not hits[-1]:
        return 0.0
    area = float(
        np.diff(hits, prepend=0.0)
        / hits[-1]
        @ np.divide(hits, above, out=np.zeros_like(hits), where=above > 0)
    )
    own_hits, own = _own(level, positive, weight, unit)
    counted = np.flatnonzero(positive & (weight > 0))
    more = (own_hits - area * own)[counted] / above[level[counted]]
    return float(weight[counted] @ more / hits[-1])


def _own(level: Codes, positive: Mask, weight: Floats, unit: Codes | None) -> tuple[Floats, Floats]:
    """For each row the weight of positives, and of all rows, of its unit that stand at its level or above."""
    hits = weight * positive
    if unit is None:
        return hits, weight
    order = np.lexsort((level, unit))
    place = unit[order] * (int(level.max()) + 1) + level[order]
    first = np.searchsorted(unit[order], unit[order], side="left")
    last = np.searchsorted(place, place, side="right")
    found = []
    for each in (hits, weight):
        up_to = np.concatenate([[0.0], np.cumsum(each[order])])
        own = np.empty(len(level))
        own[order] = up_to[last] - up_to[first]
        found.append(own)
    return found[0], found[1]


def _from_here_down(each: Floats) -> Floats:
    return np.asarray(np.cumsum(each[::-1])[::-1])


def _levels(positive: Mask, scores: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """For each row the weight of negatives below it and of positives above it, ties counting half."""
    order = np.argsort(scores, kind="stable")
    last_of_ties = np.append(np.diff(scores[order]) != 0, True)
    level = np.empty(len(scores), np.intp)
    level[order] = np.cumsum(np.append(0, last_of_ties[:-1]))
    ranked = weight[order]
    negatives = np.cumsum(np.where(positive[order], 0.0, ranked))[last_of_ties]
    positives = np.cumsum(np.where(positive[order], ranked, 0.0))[last_of_ties]
    below = (negatives + np.concatenate([[0.0], negatives[:-1]])) / 2
    above = positives[-1] - (positives + np.concatenate([[0.0], positives[:-1]])) / 2
    return below[level], above[level]
