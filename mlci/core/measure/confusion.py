"""Metrics that are functions of a confusion matrix, over any number of matrices at once.

A matrix is `[..., truth, label]`; class 1 is the positive one of two. Where a denominator is zero,
the value is scikit-learn's.
"""

import numpy as np
import numpy.typing as npt

from mlci.core.measure.cells import Floats
from mlci.core.measure.predictions import Codes, Predictions


def matrix(one: Predictions) -> Floats:
    """The (weighted) confusion matrix of some predictions."""
    return cells(one.truth, one.label, len(one.classes), one.weight)


def cells(truth: Codes, label: Codes, classes: int, weight: Floats | None = None) -> Floats:
    """The (weighted) confusion matrix of two columns of codes."""
    flat = np.bincount(truth * classes + label, weights=weight, minlength=classes * classes)
    return flat.astype(np.float64).reshape(classes, classes)


def accuracy(counts: Floats) -> Floats:
    """Share of right labels."""
    return _ratio(_right(counts).sum(-1), counts.sum((-2, -1)))


def balanced_accuracy(counts: Floats) -> Floats:
    """Mean recall over the classes that occur."""
    return _mean_where(_recalls(counts), counts.sum(-1) > 0)


def precision(counts: Floats) -> Floats:
    """Share of positives among those labelled positive."""
    return _ratio(counts[..., 1, 1], counts[..., :, 1].sum(-1))


def recall(counts: Floats) -> Floats:
    """Share of positives that were labelled so."""
    return _ratio(counts[..., 1, 1], counts[..., 1, :].sum(-1))


def false_positive_rate(counts: Floats) -> Floats:
    """Share of negatives that were labelled positive."""
    return _ratio(counts[..., 0, 1], counts[..., 0, :].sum(-1))


def specificity(counts: Floats) -> Floats:
    """Share of negatives that were labelled so."""
    return _ratio(counts[..., 0, 0], counts[..., 0, :].sum(-1))


def selection_rate(counts: Floats) -> Floats:
    """Share of rows labelled positive."""
    return _ratio(counts[..., :, 1].sum(-1), counts.sum((-2, -1)))


def f1(counts: Floats) -> Floats:
    """Harmonic mean of precision and recall of the positive class."""
    return _f1s(counts)[..., 1]


def f1_macro(counts: Floats) -> Floats:
    """Mean F1 over the classes that occur in truth or label."""
    return _mean_where(_f1s(counts), _occurs(counts))


def f1_weighted(counts: Floats) -> Floats:
    """Mean F1 over classes, each by its rows."""
    return _ratio((_f1s(counts) * counts.sum(-1)).sum(-1), counts.sum((-2, -1)))


def precision_macro(counts: Floats) -> Floats:
    """Mean precision over the classes that occur in truth or label."""
    return _mean_where(_ratio(_right(counts), counts.sum(-2)), _occurs(counts))


def recall_macro(counts: Floats) -> Floats:
    """Mean recall over the classes that occur in truth or label."""
    return _mean_where(_recalls(counts), _occurs(counts))


def matthews(counts: Floats) -> Floats:
    """Matthews' correlation coefficient, for any number of classes."""
    truth, label = counts.sum(-1), counts.sum(-2)
    total, right = counts.sum((-2, -1)), _right(counts).sum(-1)
    covariance = right * total - (truth * label).sum(-1)
    spread = (total**2 - (truth**2).sum(-1)) * (total**2 - (label**2).sum(-1))
    # Of weights of one class, the last digits would be all that is left.
    several = ((truth > 0).sum(-1) > 1) & ((label > 0).sum(-1) > 1)
    return _ratio(np.where(several, covariance, 0.0), np.sqrt(np.maximum(0.0, spread)))


def _right(counts: Floats) -> Floats:
    return np.diagonal(counts, axis1=-2, axis2=-1)


def _occurs(counts: Floats) -> npt.NDArray[np.bool_]:
    return np.asarray(counts.sum(-1) + counts.sum(-2) > 0)


def _recalls(counts: Floats) -> Floats:
    return _ratio(_right(counts), counts.sum(-1))


def _f1s(counts: Floats) -> Floats:
    return _ratio(2 * _right(counts), counts.sum(-1) + counts.sum(-2))


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1.0), 0.0))


def _mean_where(values: Floats, counted: npt.NDArray[np.bool_]) -> Floats:
    return _ratio((values * counted).sum(-1), counted.sum(-1))
