"""How much the rows of a test set tell about a metric: what it rests on, counted as what is independent."""

from collections.abc import Iterator

import numpy as np
from msgspec import Struct

from mlci.core.config import Task
from mlci.core.measure.bootstrap import kish
from mlci.core.measure.cells import Mask
from mlci.core.measure.metrics import Metric
from mlci.core.measure.predictions import Predictions
from mlci.core.measure.stats import ENOUGH

# Means over rows: no class of its own has to be there.
_OF_ROWS = frozenset({"accuracy", "f1_weighted", "log_loss", "brier", "ece"})
_OF_POSITIVES = frozenset({"recall", "f1"})
_OF_NEGATIVES = frozenset({"specificity", "fpr"})
_OF_ANSWERS = frozenset({"precision"})


class Denominator(Struct, frozen=True, kw_only=True):
    """A kind of rows that a metric rests on, and how many independent ones there are, as weights count."""

    kind: str
    amount: float

    @property
    def enough(self) -> bool:
        """Whether a gate may believe what rests on it."""
        # Equal weights must not fall short of their number by an error of rounding.
        return round(self.amount, 6) >= ENOUGH

    @property
    def told(self) -> str:
        """How few there are, as a sentence that goes on from what rests on them."""
        return f"it rests on {self.amount:.4g} {self.kind}, and a gate believes no fewer than {ENOUGH}"


def denominators(metric: Metric, one: Predictions) -> tuple[Denominator, ...]:
    """What a metric rests on in these rows. Of one that we do not know: each class."""
    clusters = "" if one.cluster is None else "clusters with "
    found = [(kind, _independent(one, rows)) for kind, rows in _kinds(metric, one)]
    if one.task is Task.MULTICLASS and len(found) > 1:
        found = [min(found, key=lambda each: each[1])]
    alone = "rows" if one.cluster is None else "clusters"
    return tuple(
        Denominator(kind=clusters + kind if kind else alone, amount=amount) for kind, amount in found
    )


def scarcest(metric: Metric, one: Predictions) -> Denominator:
    """The smallest of what a metric rests on."""
    return min(denominators(metric, one), key=lambda each: each.amount)


def enough(metric: Metric, one: Predictions) -> bool:
    """Whether all that a metric rests on reaches what a gate may believe."""
    return all(each.enough for each in denominators(metric, one))


def _kinds(metric: Metric, one: Predictions) -> Iterator[tuple[str, Mask]]:
    """The kinds of rows that a metric rests on; all rows have no name."""
    if one.task is Task.REGRESSION or metric.name in _OF_ROWS:
        yield "", np.ones(len(one), dtype=np.bool_)
    elif one.task is Task.MULTICLASS:
        # A class that is never true is measured by nothing; that it is predicted must not excuse the others.
        yield from (("rows of its rarest class", one.truth == code) for code in np.unique(one.truth))
    elif metric.name in _OF_ANSWERS:
        yield "positive answers", one.label == 1
    else:
        if metric.name not in _OF_NEGATIVES:
            yield "positives", one.truth == 1
        if metric.name not in _OF_POSITIVES:
            yield "negatives", one.truth == 0


def _independent(one: Predictions, rows: Mask) -> float:
    """The rows, or the clusters that hold any, by Kish: unequal weights say as much as so many equal ones.

    A cluster weighs as much as all of its rows: of forty of which one is nearly everything, forty tell
    no more than that one does.
    """
    weight = np.ones(len(one)) if one.weight is None else one.weight
    if one.cluster is None:
        return kish(weight[rows])
    _, cluster = np.unique(one.cluster, return_inverse=True)
    sizes = np.bincount(cluster, weights=weight).astype(np.float64)
    return kish(sizes[np.unique(cluster[rows])])
