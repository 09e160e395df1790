"""Predictions for tests, from a seed or by hand."""

import numpy as np

from mlci.core.config import Task
from mlci.core.measure.predictions import Predictions


def binary(*, rows, seed=0, steps=10, weighted=False, both=False, truth=None, scores=None, cluster=None):
    """Binary predictions whose scores have `steps` distinct values, so that ties are common."""
    rng = np.random.default_rng(seed)
    found = np.asarray(rng.integers(0, 2, rows) if truth is None else truth)
    if both:
        found[:2] = (0, 1)
    scored = rng.integers(0, steps + 1, rows) / steps if scores is None else np.asarray(scores)
    return Predictions(
        task=Task.BINARY,
        ids=np.arange(rows),
        truth=found,
        label=(scored >= 0.5).astype(np.intp),
        classes=("0", "1"),
        scores=scored,
        weight=rng.uniform(0.1, 3, rows) if weighted else None,
        cluster=cluster,
    )


def multiclass(*, rows, seed=0, classes=3, weighted=False):
    """Multiclass predictions; some classes may not occur."""
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(classes), rows)
    return Predictions(
        task=Task.MULTICLASS,
        ids=np.arange(rows),
        truth=rng.integers(0, classes, rows),
        label=shares.argmax(axis=1),
        classes=tuple(str(code) for code in range(classes)),
        scores=shares,
        weight=rng.uniform(0.1, 3, rows) if weighted else None,
    )


def regression(*, rows, seed=0, weighted=False, noise=1.0):
    """Regression predictions around a truth of mean 50."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(50, 10, rows)
    return Predictions(
        task=Task.REGRESSION,
        ids=np.arange(rows),
        truth=truth,
        label=truth + rng.normal(0, noise, rows),
        weight=rng.uniform(0.1, 3, rows) if weighted else None,
    )
