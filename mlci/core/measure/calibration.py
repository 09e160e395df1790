"""Calibration: what was said, by bins of equal width, beside what happened."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from mlci.core.measure.reliability import Bin
from mlci.core.measure.stats import wilson

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.intp]

BINS = 10


def bin_of(scores: Floats) -> Codes:
    """The bin of each score; 1 is in the last."""
    return np.minimum((scores * BINS).astype(np.intp), BINS - 1)


def reliability(scores: Floats, truth: Codes, weight: Floats, cluster: Codes | None) -> Sequence[Bin]:
    """The bins that hold rows. Weighted or dependent rows count as fewer, which widens the intervals."""
    place = bin_of(scores)
    units = np.arange(len(scores)) if cluster is None else cluster
    return [
        _bin(int(at), scores[rows], truth[rows], weight[rows], units[rows])
        for at in np.unique(place[weight > 0])
        for rows in [(place == at) & (weight > 0)]
    ]


def _bin(at: int, scores: Floats, truth: Codes, weight: Floats, units: Codes) -> Bin:
    total = float(weight.sum())
    # Products are summed in another order than weights, so a share of all may exceed 1 by its last digit.
    said, happened = (min(1.0, float(weight @ each) / total) for each in (scores, truth))
    held = np.bincount(np.unique(units, return_inverse=True)[1], weights=weight)
    worth = total**2 / float(held @ held)
    return Bin(
        low=at / BINS,
        high=(at + 1) / BINS,
        rows=len(scores),
        said=said,
        happened=happened,
        interval=wilson(happened * worth, worth),
    )
