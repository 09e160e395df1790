"""The paired bootstrap: the same resampled rows for base and head, seeded, so the same bytes every time.

For counts, resampling rows is drawing a multinomial over joint cells (truth, base's label, head's
label), which needs no loop over rows. Of few sums over many rows the central limit says the same as
resampling does, at a fraction of its cost.
"""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from mlci.core.cells import Floats
from mlci.core.metrics import weights
from mlci.core.predictions import Codes, Paired

SEED = 7
CELL_RESAMPLES = 10_000
ROW_RESAMPLES = 1_000

# Beyond so many units, sums are as good as normal, and resampling them takes its time.
MANY_UNITS = 10_000

# Rows that each joint cell of two classes is lent, as what was never seen is not impossible. Without them
# the interval of F1 covers 90 % of equal models at 2 % positives, with them 97 % (drops: 92 and 93 %).
UNSEEN = 0.2

_NUMBERS_AT_ONCE = 4_000_000


class Matrices(Struct, frozen=True, kw_only=True, eq=False):
    """Resampled confusion matrices of base and head, `[resample, truth, label]`."""

    base: Floats
    head: Floats


def by_cells(paired: Paired) -> Iterator[Matrices]:
    """Resample rows that stand for themselves, a chunk of resamples at a time.

    Of weighted rows the weights in a cell are drawn by their mean and variance, given how many they are.
    """
    turned = _leans_to_base(paired)
    one, other = (paired.head, paired.base) if turned else (paired.base, paired.head)
    classes = len(one.classes)
    codes = (one.truth * classes + one.label) * classes + other.label
    every = np.bincount(codes, minlength=classes**3)
    mean, spread = _of_weights(paired.head.weight, codes, every)
    seen = every + (UNSEEN if classes == 2 and (one.label != other.label).any() else 0.0)
    joint = np.flatnonzero(seen)
    share, mean, spread = seen[joint] / seen.sum(), mean[joint], spread[joint]
    truth, labels = np.divmod(joint, classes * classes)
    first, second = truth * classes + labels // classes, truth * classes + labels % classes
    rng = np.random.default_rng(SEED)
    chunk = max(1, _NUMBERS_AT_ONCE // max(len(joint), classes * classes))
    for start in range(0, CELL_RESAMPLES, chunk):
        size = min(chunk, CELL_RESAMPLES - start)
        drawn = rng.multinomial(len(one), share, size=size).astype(np.float64)
        if paired.head.weight is not None:
            noise = np.sqrt(drawn) * spread * rng.standard_normal(drawn.shape)
            drawn = np.maximum(0.0, drawn * mean + noise)
        pair = _gathered(drawn, first, classes), _gathered(drawn, second, classes)
        base, head = reversed(pair) if turned else pair
        yield Matrices(base=base, head=head)


def by_sums(base: Floats, head: Floats, cluster: Codes | None) -> tuple[Floats, Floats]:
    """Resampled sums of what rows (or clusters of them) add in base and head, `[resample, sum]`."""
    both = np.hstack([base, head])
    if cluster is not None:
        unit = np.unique(cluster, return_inverse=True)[1]
        both = np.column_stack([np.bincount(unit, weights=column) for column in both.T])
    rng = np.random.default_rng(SEED)
    drawn = _resampled(both, rng) if len(both) <= MANY_UNITS else _by_limit(both, rng)
    return drawn[:, : base.shape[1]], drawn[:, base.shape[1] :]


def _resampled(both: Floats, rng: np.random.Generator) -> Floats:
    units = len(both)
    chunk = max(1, _NUMBERS_AT_ONCE // units)
    drawn = []
    for start in range(0, ROW_RESAMPLES, chunk):
        size = min(chunk, ROW_RESAMPLES - start)
        chosen = rng.integers(0, units, (size, units)) + units * np.arange(size)[:, None]
        times = np.bincount(chosen.ravel(), minlength=size * units).reshape(size, units)
        drawn.append(times @ both)
    return np.concatenate(drawn)


def _by_limit(both: Floats, rng: np.random.Generator) -> Floats:
    apart = both - both.mean(axis=0)
    size, way = np.linalg.eigh(apart.T @ apart)
    noise = rng.standard_normal((CELL_RESAMPLES, len(size))) * np.sqrt(np.maximum(size, 0.0))
    return np.asarray(both.sum(axis=0) + noise @ way.T)


def by_rows(paired: Paired) -> Iterator[Floats]:
    """Resample rows, or whole clusters where rows depend on one another; yields each row's weight."""
    cluster, weight = paired.head.cluster, weights(paired.head)
    # Coded anew: a slice does not hold every cluster of its test set.
    unit = np.arange(len(weight)) if cluster is None else np.unique(cluster, return_inverse=True)[1]
    units = int(unit.max()) + 1
    rng = np.random.default_rng(SEED)
    for _ in range(ROW_RESAMPLES):
        times = np.bincount(rng.integers(0, units, units), minlength=units)
        yield times[unit] * weight


def _of_weights(weight: Floats | None, cell: Codes, counts: Codes) -> tuple[Floats, Floats]:
    """The mean and the standard deviation of the weights in each cell."""
    if weight is None:
        return np.ones(len(counts)), np.zeros(len(counts))
    rows = np.maximum(counts, 1)
    mean = np.bincount(cell, weights=weight, minlength=len(counts)) / rows
    squares = np.bincount(cell, weights=(weight - mean[cell]) ** 2, minlength=len(counts)) / rows
    return mean, np.sqrt(squares)


def _leans_to_base(paired: Paired) -> bool:
    """Which of the two is drawn first: the same two in either order, so that a diff mirrors exactly."""
    differs = np.flatnonzero(paired.base.label != paired.head.label)
    return bool(len(differs) and paired.base.label[differs[0]] > paired.head.label[differs[0]])


def _gathered(drawn: Floats, cell: Codes, classes: int) -> Floats:
    order = np.argsort(cell, kind="stable")
    found, starts = np.unique(cell[order], return_index=True)
    flat = np.zeros((len(drawn), classes * classes))
    flat[:, found] = np.add.reduceat(drawn[:, order], starts, axis=1)
    return flat.reshape(len(drawn), classes, classes)
