"""Confusion counts of every combination of groups, counted once; all groups are sums of it."""

from collections.abc import Sequence
from math import prod

import numpy as np
import numpy.typing as npt
from msgspec import Struct

from mlci.core.predictions import Codes
from mlci.errors import WorldError
from mlci.gates.subjects import Attribute

MOST_CELLS = 10_000_000

Counts = npt.NDArray[np.int64]


class Cells(Struct, frozen=True, kw_only=True):
    """The confusion counts of one group of rows."""

    true_positive: int
    false_negative: int
    false_positive: int
    true_negative: int

    @property
    def positives(self) -> int:
        """Rows whose truth is the positive class."""
        return self.true_positive + self.false_negative

    @property
    def negatives(self) -> int:
        """Rows whose truth is the negative class."""
        return self.false_positive + self.true_negative

    @property
    def selected(self) -> int:
        """Rows labelled positive."""
        return self.true_positive + self.false_positive

    @property
    def rows(self) -> int:
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
    def of(cls, attributes: Sequence[Attribute], truth: Codes, label: Codes) -> "Cube":
        """Count rows. Raises WorldError when the groups together are too many."""
        shape = (*(len(each.groups) for each in attributes), 2, 2)
        if prod(shape) > MOST_CELLS:
            raise WorldError(
                f"the sensitive columns have {prod(shape) // 4} groups together, which is too many",
                id="too-many-groups",
                help="name fewer columns, or columns of bands",
            )
        flat = np.ravel_multi_index((*(each.codes for each in attributes), truth, label), shape)
        counts = np.bincount(flat, minlength=prod(shape)).reshape(shape)
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


def _cells(table: Counts) -> Cells:
    (true_negative, false_positive), (false_negative, true_positive) = table.tolist()
    return Cells(
        true_positive=true_positive,
        false_negative=false_negative,
        false_positive=false_positive,
        true_negative=true_negative,
    )
