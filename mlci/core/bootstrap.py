"""The paired bootstrap: the same resampled rows for base and head, seeded, so the same bytes every time.

For counts, resampling rows is drawing a multinomial over joint cells (truth, base's label, head's
label), which needs no loop over rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from mlci.core.metrics import weights
from mlci.core.predictions import Codes, Floats, Paired

SEED = 7
CELL_RESAMPLES = 10_000
ROW_RESAMPLES = 1_000

_NUMBERS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Matrices:
    """Resampled confusion matrices of base and head, `[resample, truth, label]`."""

    base: Floats
    head: Floats


def by_cells(paired: Paired) -> Iterator[Matrices]:
    """Resample rows that each count once and stand for themselves; a chunk of resamples at a time."""
    turned = _leans_to_base(paired)
    one, other = (paired.head, paired.base) if turned else (paired.base, paired.head)
    classes = len(one.classes)
    joint, counts = np.unique((one.truth * classes + one.label) * classes + other.label, return_counts=True)
    truth, labels = np.divmod(joint, classes * classes)
    first, second = truth * classes + labels // classes, truth * classes + labels % classes
    rng = np.random.default_rng(SEED)
    chunk = max(1, _NUMBERS_AT_ONCE // max(len(joint), classes * classes))
    for start in range(0, CELL_RESAMPLES, chunk):
        size = min(chunk, CELL_RESAMPLES - start)
        drawn = rng.multinomial(len(one), counts / len(one), size=size)
        pair = _gathered(drawn, first, classes), _gathered(drawn, second, classes)
        base, head = reversed(pair) if turned else pair
        yield Matrices(base=base, head=head)


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


def _leans_to_base(paired: Paired) -> bool:
    """Which of the two is drawn first: the same two in either order, so that a diff mirrors exactly."""
    differs = np.flatnonzero(paired.base.label != paired.head.label)
    return bool(len(differs) and paired.base.label[differs[0]] > paired.head.label[differs[0]])


def _gathered(drawn: npt.NDArray[np.int64], cell: Codes, classes: int) -> Floats:
    order = np.argsort(cell, kind="stable")
    found, starts = np.unique(cell[order], return_index=True)
    flat = np.zeros((len(drawn), classes * classes))
    flat[:, found] = np.add.reduceat(drawn[:, order], starts, axis=1)
    return flat.reshape(len(drawn), classes, classes)
