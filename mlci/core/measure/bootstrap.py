"""The paired bootstrap: the same resampled rows for base and head, seeded, so the same bytes every time.

For counts, resampling rows is drawing a multinomial over joint cells (truth, base's label, head's
label), which needs no loop over rows. Of few sums over many rows the central limit says the same as
resampling does, at a fraction of its cost.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from mlci.core.measure.cells import Floats
from mlci.core.measure.metrics import weights
from mlci.core.measure.predictions import Codes, Predictions

SEED = 7
CELL_RESAMPLES = 10_000
ROW_RESAMPLES = 1_000

# Beyond so many units, sums are as good as normal, and resampling them takes its time.
MANY_UNITS = 10_000

# Rows that each joint cell of two classes is lent, as what was never seen is not impossible. Without them
# the interval of F1 covers 90 % of equal models at 2 % positives, with them 97 % (drops: 92 and 93 %).
UNSEEN = 0.2

# Matrices of many classes are drawn less often; of more than the most, there is no room for them.
MANY_CLASSES = 20
MOST_CLASSES = 300
MOST_SUMS = 20_000_000

_NUMBERS_AT_ONCE = 4_000_000
_DENSE = 1_000_000


def units(one: Predictions) -> int:
    """How many independent things the rows are: clusters where they are declared, else rows."""
    return len(one) if one.cluster is None else len(np.unique(one.cluster))


def matrices(models: Sequence[Predictions]) -> Iterator[Floats]:
    """Resampled confusion matrices `[model, resample, truth, label]` of models on the same rows.

    A chunk of resamples at a time; nothing where there is no room for so many classes.
    """
    one = models[-1]
    cells = min(len(one) * len(models), len(one.classes) ** 2)
    if len(one.classes) > MOST_CLASSES or (one.cluster is not None and units(one) * cells > MOST_SUMS):
        return
    turned = is_turned(models)
    drawn = _by_cells if one.cluster is None else _by_clusters
    for found in drawn(models[::-1] if turned else models):
        yield found[::-1] if turned else found


def is_turned(models: Sequence[Predictions]) -> bool:
    """Whether models are to be taken the other way round, for in either order a diff must come out alike."""
    return len(models) > 1 and _greater(*([each.label, each.scores] for each in models))


def kish(amounts: Floats) -> float:
    """How many equal amounts tell as much as these unequal ones."""
    squares = float((amounts**2).sum())
    return float(amounts.sum()) ** 2 / squares if squares else 0.0


def freedom(one: Predictions) -> int:
    """The degrees of freedom of independent things of unequal size: of one that is nearly all, hardly any."""
    if one.cluster is None:
        return len(one) - 1
    sizes = np.bincount(units_of(one), weights=weights(one)).astype(np.float64)
    return max(1, round(kish(sizes) - 1))


def sums(models: Sequence[Floats], cluster: Codes | None) -> list[Floats]:
    """Resampled sums `[resample, sum]` of what rows (or clusters of them) add in each model."""
    if cluster is not None:
        unit = np.unique(cluster, return_inverse=True)[1]
        models = [np.column_stack([np.bincount(unit, weights=part) for part in each.T]) for each in models]
    return _sums(models)


def by_rows(one: Predictions) -> Iterator[Floats]:
    """Resample rows, or whole clusters where rows depend on one another; yields how often each is there."""
    unit = units_of(one)
    every = int(unit.max()) + 1
    rng = np.random.default_rng(SEED)
    for _ in range(ROW_RESAMPLES):
        yield np.bincount(rng.integers(0, every, every), minlength=every)[unit].astype(np.float64)


def units_of(one: Predictions) -> Codes:
    """The row, or the cluster, that each row is of."""
    # Coded anew: a slice does not hold every cluster of its test set.
    return np.arange(len(one)) if one.cluster is None else np.unique(one.cluster, return_inverse=True)[1]


class Cells(Struct, frozen=True, kw_only=True, eq=False):
    """The joint cells that occur or are lent rows: their rows, their weights, and each model's own cell.

    A cell of a model is `truth * classes + label`.
    """

    rows: Floats
    lent: Floats
    mean: Floats
    spread: Floats
    own: Sequence[Codes]


def cells_of(models: Sequence[Predictions]) -> Cells:
    """The joint cells of models on the same rows that stand for themselves."""
    one, classes = models[-1], len(models[-1].classes)
    codes = _joined([one.truth, *(each.label for each in models)], classes)
    lent = _lent(models, classes)
    joint, place = _found(np.concatenate([codes, lent]), classes ** (len(models) + 1))
    rows = np.bincount(place[: len(one)], minlength=len(joint))
    mean, spread = _of_weights(one.weight, place[: len(one)], rows)
    labels = [joint // classes ** (len(models) - 1 - at) % classes for at in range(len(models))]
    return Cells(
        rows=rows.astype(np.float64),
        # A model alone has half as many cells.
        lent=UNSEEN * 2 ** (2 - len(models)) * np.bincount(place[len(one) :], minlength=len(joint)),
        mean=mean,
        spread=spread,
        own=[joint // classes ** len(models) * classes + label for label in labels],
    )


def _by_cells(models: Sequence[Predictions]) -> Iterator[Floats]:
    """Resample rows that stand for themselves.

    Of weighted rows the weights in a cell are drawn by their mean and variance, given how many they are.
    """
    one, classes, known = models[-1], len(models[-1].classes), cells_of(models)
    share = known.rows + known.lent
    share /= share.sum()
    rng = np.random.default_rng(SEED)
    for size in _chunks(_resamples(classes), max(len(share), len(models) * classes**2)):
        drawn = rng.multinomial(len(one), share, size=size).astype(np.float64)
        if one.weight is not None:
            noise = np.sqrt(drawn) * known.spread * rng.standard_normal(drawn.shape)
            drawn = np.maximum(0.0, drawn * known.mean + noise)
        yield np.stack([_gathered(drawn, each, classes) for each in known.own])


def _lent(models: Sequence[Predictions], classes: int) -> Codes:
    """The joint cells that are lent rows: each class right or wrong in each model, wrong as most often."""
    truth = np.arange(2) if classes == 2 else np.unique(models[-1].truth)
    commonest = np.argsort(-sum(np.bincount(each.label, minlength=classes) for each in models), kind="stable")
    wrong = np.where(truth == commonest[0], commonest[1 if classes > 1 else 0], commonest[0])
    either = np.stack([truth, wrong])
    ways = np.indices((2,) * len(models)).reshape(len(models), -1)
    return np.concatenate([_joined([truth, *(either[at] for at in way)], classes) for way in ways.T])


def clusters_of(models: Sequence[Predictions]) -> tuple[Codes, list[Floats]]:
    """The cells that occur in any of the models, and what each cluster adds to them `[cluster, cell]`."""
    one, classes = models[-1], len(models[-1].classes)
    codes = [_joined([each.truth, each.label], classes) for each in models]
    cells, place = _found(np.concatenate(codes), classes**2)
    unit = units_of(one)
    shape = units(one), len(cells)
    parts = [
        np.bincount(unit * shape[1] + at, weights=weights(each), minlength=shape[0] * shape[1])
        .astype(np.float64)
        .reshape(shape)
        for each, at in zip(models, np.split(place, len(models)), strict=True)
    ]
    return cells, parts


def _by_clusters(models: Sequence[Predictions]) -> Iterator[Floats]:
    """Resample whole clusters: what each adds to the cells that occur in any of the models."""
    classes = len(models[-1].classes)
    cells, parts = clusters_of(models)
    # The limit of many clusters may fall short of zero in a cell that is nearly empty.
    drawn = [np.maximum(0.0, each[: _resamples(classes)]) for each in _sums(parts)]
    start = 0
    for size in _chunks(len(drawn[0]), len(models) * classes**2):
        flat = np.zeros((len(models), size, classes**2))
        for at, each in enumerate(drawn):
            flat[at][:, cells] = each[start : start + size]
        yield flat.reshape(len(models), size, classes, classes)
        start += size


def _resamples(classes: int) -> int:
    return CELL_RESAMPLES if classes <= MANY_CLASSES else ROW_RESAMPLES


def _chunks(resamples: int, numbers: int) -> Iterator[int]:
    most = max(1, _NUMBERS_AT_ONCE // numbers)
    for start in range(0, resamples, most):
        yield min(most, resamples - start)


def _joined(codes: Sequence[Codes], classes: int) -> Codes:
    joined = codes[0]
    for each in codes[1:]:
        joined = joined * classes + each
    return joined


def _found(codes: Codes, span: int) -> tuple[Codes, Codes]:
    """The codes that occur, and the place among them of each."""
    if span > _DENSE:
        found, place = np.unique(codes, return_inverse=True)
        return found, place
    occurs = np.bincount(codes, minlength=span) > 0
    return np.flatnonzero(occurs), (np.cumsum(occurs) - 1)[codes]


def _sums(models: Sequence[Floats]) -> list[Floats]:
    first = models[0]
    if len(models) > 1 and np.array_equal(first, models[1]):
        return _sums([first]) * 2
    turned = len(models) > 1 and _greater([first], [models[1]])
    both = np.hstack(models[::-1] if turned else models)
    drawn = _resampled(both) if len(both) <= MANY_UNITS else _by_limit(both)
    found = np.split(drawn, len(models), axis=1)
    return found[::-1] if turned else found


def _resampled(both: Floats) -> Floats:
    times, start = _times(len(both)), 0
    drawn = []
    for size in _chunks(ROW_RESAMPLES, len(both)):
        drawn.append(times[start : start + size] @ both)
        start += size
    return np.concatenate(drawn)


@lru_cache(maxsize=1)
def _times(many: int) -> npt.NDArray[np.uint16]:
    """How often each unit is in each resample; drawn once for all metrics of the same rows."""
    rng = np.random.default_rng(SEED)
    times = np.empty((ROW_RESAMPLES, many), np.uint16)
    for row in times:
        row[:] = np.bincount(rng.integers(0, many, many), minlength=many)
    return times


def _by_limit(both: Floats) -> Floats:
    apart = both - both.mean(axis=0)
    noise = np.random.default_rng(SEED).standard_normal((CELL_RESAMPLES, both.shape[1]))
    return np.asarray(both.sum(axis=0) + noise @ _root(apart.T @ apart).T)


def _root(square: Floats) -> Floats:
    """Cholesky's root; a column that others make up adds nothing to it.

    Unlike eigenvectors it hardly moves when the last digits do, which differ from machine to machine.
    """
    root = np.zeros_like(square)
    for at in range(len(square)):
        left = square[at:, at] - root[at:, :at] @ root[at, :at]
        if left[0] > 1e-10 * square[at, at]:
            root[at:, at] = left / np.sqrt(left[0])
    return root


def _greater(one: Sequence[Floats | None], other: Sequence[Floats | None]) -> bool:
    """Whether the first number that differs is greater in the one."""
    for left, right in zip(one, other, strict=True):
        if left is None or right is None:
            continue
        differs = np.flatnonzero(left != right)
        if len(differs):
            return bool(left.flat[differs[0]] > right.flat[differs[0]])
    return False


def _of_weights(weight: Floats | None, cell: Codes, counts: Codes) -> tuple[Floats, Floats]:
    """The mean and the standard deviation of the weights in each cell; of an empty one, of all."""
    if weight is None:
        return np.ones(len(counts)), np.zeros(len(counts))
    rows = np.maximum(counts, 1)
    mean = np.where(counts, np.bincount(cell, weights=weight, minlength=len(counts)) / rows, weight.mean())
    squares = np.bincount(cell, weights=(weight - mean[cell]) ** 2, minlength=len(counts)) / rows
    return mean, np.sqrt(squares)


def _gathered(drawn: Floats, cell: Codes, classes: int) -> Floats:
    order = np.argsort(cell, kind="stable")
    found, starts = np.unique(cell[order], return_index=True)
    flat = np.zeros((len(drawn), classes * classes))
    flat[:, found] = np.add.reduceat(drawn[:, order], starts, axis=1)
    return flat.reshape(len(drawn), classes, classes)
