"""Whether predictions say of each row the truth that the test set says: metrics rest on it.

The truth beside a prediction is written by the stage that is judged by it.
"""

import numpy as np
from msgspec import Struct

from mlci.core.config import Task
from mlci.core.measure.cells import Column, Mask, absent, texts
from mlci.core.measure.predictions import Predictions

# Of numbers that went through text, or through 32 bits; no metric sees less.
_AS_WRITTEN = 1e-4


class Truths(Struct, frozen=True, kw_only=True):
    """How many rows have another truth than the test set says.

    They are `recoded` where that is no matter of single rows: other units, other classes.
    """

    differ: int
    recoded: bool = False


def held_to_truth(test: Column, predictions: Predictions) -> Truths:
    """Hold the truth of predictions against that of the same rows of a test set, as far as those have one."""
    known = ~absent(test)
    said = predictions.truth[known]
    if predictions.task is Task.REGRESSION:
        return _numbers(test[known], said)
    return _classes(texts(test[known]), np.array(predictions.classes)[said])


def _numbers(test: Column, said: Column) -> Truths:
    try:
        same = np.isclose(said, test.astype(np.float64), rtol=_AS_WRITTEN, atol=0.0)
    except (TypeError, ValueError):
        return Truths(differ=len(said), recoded=True)
    return Truths(differ=_count(~same), recoded=len(same) > 1 and not same.any())


def _classes(test: Column, said: Column) -> Truths:
    differ = test != said
    if not differ.any():
        return Truths(differ=0)
    before, test_code = np.unique(test, return_inverse=True)
    now, said_code = np.unique(said, return_inverse=True)
    pairs, times = np.unique(test_code * len(now) + said_code, return_counts=True)
    renamed = not set(before.tolist()) & set(now.tolist())
    if len(pairs) == len(before):
        # Each class always goes with one other: under another name it is itself, else it is another task.
        return Truths(differ=0) if renamed and len(now) == len(before) else _recoded(differ)
    if not renamed:
        return Truths(differ=_count(differ))
    usual = np.zeros(len(before), dtype=np.intp)
    np.maximum.at(usual, pairs // len(now), times)
    return Truths(differ=len(test) - int(usual.sum()))


def _recoded(differ: Mask) -> Truths:
    return Truths(differ=_count(differ), recoded=True)


def _count(rows: Mask) -> int:
    return int(np.count_nonzero(rows))
