"""Confusion counts of every combination of groups, counted once; all groups are sums of it."""

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from mlci.core.measure.cells import Floats
from mlci.core.measure.metrics import weights
from mlci.core.measure.predictions import Codes, Predictions
from mlci.errors import WorldError
from mlci.gates.subjects import Attribute

MOST_CELLS = 10_000_000

Counts = npt.NDArray[np.int64] | Floats


class Cells(Struct, frozen=True, kw_only=True):
    """The confusion counts of one group of rows; no whole ones where rows are weighed."""

    true_positive: float
    false_negative: float
    false_positive: float
    true_negative: float

    @property
    def positives(self) -> float:
        """Rows whose truth is the positive class."""
        return self.true_positive + self.false_negative

    @property
    def negatives(self) -> float:
        """Rows whose truth is the negative class."""
        return self.false_positive + self.true_negative

    @property
    def selected(self) -> float:
        """Rows labelled positive."""
        return self.true_positive + self.false_positive

    @property
    def rows(self) -> float:
        """All rows."""
        return self.positives + self.negatives

    def __sub__(self, other: "Cells") -> "Cells":
        return Cells(
            true_positive=self.true_positive - other.true_positive,
            false_negative=self.false_negative - other.false_negative,
            false_positive=self.false_positive - other.false_positive,
            true_negative=self.true_negative - other.true_negative,
        )


class Cube(Struct, frozen=True, kw_only=True, eq=False):
    """Counts by each attribute's group, then truth, then label."""

    attributes: tuple[Attribute, ...]
    counts: Counts

    @classmethod
    def of(
        cls, attributes: Sequence[Attribute], truth: Codes, label: Codes, worth: Floats | None = None
    ) -> "Cube":
        """Count rows, each as what it is worth. Raises WorldError when the groups together are too many."""
        shape = (*(len(each.groups) for each in attributes), 2, 2)
        if prod(shape) > MOST_CELLS:
            raise WorldError(
                f"the sensitive columns have {prod(shape) // 4} groups together, which is too many",
                id="too-many-groups",
                help="name fewer columns, or columns of bands",
            )
        flat = np.ravel_multi_index((*(each.codes for each in attributes), truth, label), shape)
        counts = np.bincount(flat, weights=worth, minlength=prod(shape)).reshape(shape)
        return cls(attributes=tuple(attributes), counts=counts)

    def groups(self, names: Sequence[str]) -> dict[str, Cells]:
        """The counts of the groups that some attributes make, by label; only those that occur."""
        kept = [each for each in self.attributes if each.name in names]
        others = tuple(at for at, each in enumerate(self.attributes) if each.name not in names)
        table = self.counts.sum(axis=others)
        found: dict[str, Cells] = {}
        for place in np.argwhere(table.sum(axis=(-2, -1)) > 0):
            label = ",".join(
                f"{each.name}={each.groups[code]}" for each, code in zip(kept, place, strict=True)
            )
            found[label] = _cells(table[tuple(place)])
        return found

    def total(self) -> Cells:
        """The counts of all rows."""
        return _cells(self.counts.reshape(-1, 2, 2).sum(axis=0))


def worth_of_rows(one: Predictions) -> Floats | None:
    """How many independent rows each stands for, if those of a cluster say the same; None where it is one.

    Together they are worth as many as `measure.calibration` takes them for. Rates stay those of the weights.
    """
    if one.weight is None and one.cluster is None:
        return None
    weight = weights(one)
    held = weight if one.cluster is None else np.bincount(one.cluster, weights=weight)
    squares = float((held * held).sum())
    return weight * (weight.sum() / squares) if squares else weight


def _cells(table: Counts) -> Cells:
    (true_negative, false_positive), (false_negative, true_positive) = table.tolist()
    return Cells(
        true_positive=true_positive,
        false_negative=false_negative,
        false_positive=false_positive,
        true_negative=true_negative,
    )
