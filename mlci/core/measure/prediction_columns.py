"""The columns of a predictions file, one by one: what no metric may be computed from is refused.

Each kind of bad row has its own cause, so each error its own next step. Rows count from 1, below a header.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from msgspec import Struct

from mlci.core.config import Columns
from mlci.core.measure.cells import Column, Floats, Mask, absent, identities, texts
from mlci.core.problems import quoted
from mlci.core.wording import count
from mlci.errors import WorldError

ROWS_NAMED = 3
# A column with more values than these is none of classes; its cells have no place in a message.
CLASSES_NAMED = 20

_NAME_IT = "name the column under `columns:` of the model in mlci.yaml, or let the stage write it"
_ONE_LENGTH = "let the stage write every column for every row"
_PREDICT = "let the stage write one prediction for each row of the test set"
_COPY = "let the stage write a value for every row; ids and truth are copied from the test set"
_OWN_ID = (
    "write one prediction for each test row, under an id of its own; what belongs together, such as the rows "
    "of a customer, is said by `columns: {cluster: COLUMN}`"
)
_FINITE = (
    "look at what the model was fed in such a row: a NaN often comes from a missing input or a division by "
    "zero; mend the stage, then `mlci run`"
)
_NUMBERS = "let the stage write numbers, or name another column under `columns:` of the model in mlci.yaml"
_POSITIVE = "write finite weights of at least 0, or drop `columns: {weight: …}` of the model in mlci.yaml"


class PredictionColumns(Struct, frozen=True, kw_only=True):
    """Takes columns out of a table. Raises WorldError (`predictions-invalid`) for one that cannot be used."""

    table: Mapping[str, Column]
    where: str

    def ids(self, name: str) -> Column:
        """The ids, each once."""
        column = self._whole(name)
        ids = identities(column)
        if len(np.unique(ids)) < len(ids):
            raise self._wrong(f"column {name!r} {_repeated(ids)}", _OWN_ID)
        return ids

    def texts(self, name: str) -> Column:
        """Values as text, none missing."""
        return texts(self._whole(name))

    def answers(self, name: str) -> Floats:
        """What the model said, in finite numbers."""
        return self._numbers(name, _FINITE)

    def truth(self, name: str) -> Floats:
        """What was true, in finite numbers."""
        return self._numbers(name, _COPY)

    def extras(self, columns: Columns) -> dict[str, Any]:
        """Weight, cluster and group, where they are declared."""
        weight = None if columns.weight is None else self._numbers(columns.weight, _POSITIVE)
        if weight is not None and (weight < 0).any():
            raise self._wrong(_told(str(columns.weight), "negative", weight < 0), _POSITIVE)
        cluster = None
        if columns.cluster is not None:
            cluster = np.unique(self.texts(columns.cluster), return_inverse=True)[1]
        group = None if columns.group is None else self.texts(columns.group)
        return {"weight": weight, "cluster": cluster, "group": group}

    def undeclared(self, columns: Columns, classes: Sequence[str], declared: Sequence[str]) -> WorldError:
        """What to say of the first class without a score column: by its row where names may be people's."""
        stranger = min(set(classes) - set(declared))
        few = len(classes) <= CLASSES_NAMED
        named, it = (f"class {quoted(stranger)}", quoted(stranger)) if few else ("the class", "it")
        return self._wrong(
            f"{named} {self._place(columns, stranger)} has no score column; declared are {_listed(declared)}",
            f"mlci.yaml: give {it} a column under `columns: score:` of the model, or let the stage write one "
            "of the classes declared there",
        )

    def too_many(self, columns: Columns, classes: Sequence[str]) -> WorldError:
        """What to say of a binary task with more than two classes: the truth tells which are meant."""
        meant = set(np.unique(self.texts(columns.truth)).tolist())
        strangers = [each for each in classes if each not in meant]
        message = f"a binary task has two classes, not {len(classes)}"
        if len(classes) <= CLASSES_NAMED:
            message += f": {_listed(classes)}"
            if strangers and len(meant) <= 2:
                message += f"; {quoted(strangers[0])} {self._place(columns, strangers[0])} is no true answer"
        return self._wrong(
            message,
            f"let the stage write {columns.label!r} in the words of {columns.truth!r}, or say "
            "`task: multiclass` of the model in mlci.yaml, if there are more classes",
        )

    def _place(self, columns: Columns, label: str) -> str:
        """Where a class stands first: in the truth, else in what was predicted."""
        for name in (columns.truth, columns.label):
            found = self.texts(name) == label
            if found.any():
                return f"in column {name!r} ({rows_told(found)})"
        return ""

    def _column(self, name: str) -> Column:
        if name not in self.table:
            known = ", ".join(sorted(self.table)) or "none"
            raise self._wrong(f"there is no column {name!r}; there are: {known}", _NAME_IT)
        column = self.table[name]
        if len({len(each) for each in self.table.values()}) > 1:
            raise self._wrong("the columns have different lengths", _ONE_LENGTH)
        if not len(column):
            raise self._wrong("there are no rows", _PREDICT)
        return column

    def _numbers(self, name: str, help_: str) -> Floats:
        try:
            numbers = self._column(name).astype(np.float64)
        except (TypeError, ValueError) as error:
            raise self._wrong(f"column {name!r} holds something that is not a number", _NUMBERS) from error
        bad = ~np.isfinite(numbers)
        if bad.any():
            what = "missing or NaN" if np.isnan(numbers).any() else "infinite"
            raise self._wrong(_told(name, what, bad), help_)
        return numbers

    def _whole(self, name: str) -> Column:
        column = self._column(name)
        nothing = absent(column)
        if nothing.any():
            raise self._wrong(_told(name, "missing", nothing), _COPY)
        return column

    def _wrong(self, message: str, help_: str) -> WorldError:
        return WorldError(message, id="predictions-invalid", where=self.where, help=help_)


def rows_told(bad: Mask) -> str:
    """The first of the rows that are meant: `row 2`, `rows 2, 5, 7 and 12 more`."""
    rows = np.flatnonzero(bad) + 1
    named = ", ".join(f"{each:,}" for each in rows[:ROWS_NAMED].tolist())
    more = f" and {len(rows) - ROWS_NAMED:,} more" if len(rows) > ROWS_NAMED else ""
    return f"row{'s' if len(rows) > 1 else ''} {named}{more}"


def _told(name: str, what: str, bad: Mask) -> str:
    """`column 'y_score' is missing or NaN in 1 of 3,000 rows (row 2)`."""
    return f"column {name!r} is {what} in {np.count_nonzero(bad):,} of {len(bad):,} rows ({rows_told(bad)})"


def _repeated(ids: Column) -> str:
    """How many ids stand more than once, and where the first does: by row, for an id may be a person's."""
    _, codes, counts = np.unique(ids, return_inverse=True, return_counts=True)
    told = count(int(np.count_nonzero(counts > 1)), "id")
    first = codes == codes[np.argmax(counts[codes] > 1)]
    return f"holds {told} more than once, the first of them in {rows_told(first)}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(quoted(each) for each in names[:CLASSES_NAMED])
