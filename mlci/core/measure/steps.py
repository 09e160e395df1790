"""By how much single rows, or whole clusters, move a metric of counts."""

from collections.abc import Callable, Sequence

import numpy as np
from msgspec import Struct

from mlci.core.measure.bootstrap import cells_of, clusters_of, is_turned
from mlci.core.measure.cells import Floats
from mlci.core.measure.predictions import Codes, Predictions

Compute = Callable[[Floats], Floats]

# Of so many numbers at once the rows are so many, or the classes, that it is left to the draws.
_MOST = 4_000_000


class Steps(Struct, frozen=True, kw_only=True, eq=False):
    """What a unit of each kind adds to each model's value `[model, kind]`, and how many units there are."""

    moves: Floats
    times: Floats

    def of(self, keep: float) -> Floats:
        """The steps of the last model's value less so much of the first's, away from their mean."""
        moved = self.moves[-1] if len(self.moves) == 1 else self.moves[-1] - keep * self.moves[0]
        return np.asarray(moved - float(moved @ self.times) / float(self.times.sum()))


def steps_of(models: Sequence[Predictions], compute: Compute) -> Steps | None:
    """What rows, or clusters where they are declared, add to a metric of counts; None of too many classes."""
    turned = is_turned(models)
    found = (_of_cells if models[-1].cluster is None else _of_clusters)(
        models[::-1] if turned else models, compute
    )
    return Steps(moves=found.moves[::-1], times=found.times) if found and turned else found


def _of_cells(models: Sequence[Predictions], compute: Compute) -> Steps | None:
    classes, known = len(models[-1].classes), cells_of(models)
    if len(known.rows) * classes**2 > _MOST:
        return None
    # Rows of unequal weights are fewer that weigh more.
    uneven = 1 + np.where(known.mean > 0, known.spread / np.where(known.mean > 0, known.mean, 1.0), 0.0) ** 2
    usual = float(known.rows @ known.mean) / float(known.rows.sum())
    all_of = (known.rows + known.lent) * known.mean
    moves = np.stack([_added(all_of, own, classes, compute, usual) for own in known.own])
    return Steps(moves=moves * known.mean * uneven / usual, times=known.rows / uneven + known.lent)


def _added(amounts: Floats, own: Codes, classes: int, compute: Compute, usual: float) -> Floats:
    """What one more row in each cell adds."""
    counts: Floats = np.bincount(own, weights=amounts, minlength=classes**2).astype(np.float64)
    found, place = np.unique(own, return_inverse=True)
    more = np.repeat(counts[None], len(found), axis=0)
    more[np.arange(len(found)), found] += usual
    shape = (-1, classes, classes)
    return np.asarray(compute(more.reshape(shape)) - compute(counts.reshape(shape)))[place]


def _of_clusters(models: Sequence[Predictions], compute: Compute) -> Steps | None:
    classes = len(models[-1].classes)
    cells, parts = clusters_of(models)
    if len(parts[0]) * classes**2 > _MOST:
        return None
    moves = np.stack([_left_out(each, cells, classes, compute) for each in parts])
    return Steps(moves=moves, times=np.ones(len(parts[0])))


def _left_out(part: Floats, cells: Codes, classes: int, compute: Compute) -> Floats:
    """What is lost without each cluster (the jackknife)."""
    counts = np.zeros((len(part), classes**2))
    counts[:, cells] = part.sum(axis=0) - part
    whole = np.zeros(classes**2)
    whole[cells] = part.sum(axis=0)
    shape = (-1, classes, classes)
    return np.asarray(compute(whole.reshape(shape)) - compute(np.maximum(0.0, counts).reshape(shape)))
