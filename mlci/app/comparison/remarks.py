"""What a reader must know of a model's rows before its numbers mean anything."""

from collections.abc import Iterator

import numpy as np

from mlci.core.config import Task
from mlci.core.measure.cells import Floats
from mlci.core.measure.prediction_columns import CLASSES_NAMED
from mlci.core.measure.predictions import Paired, Predictions, are_probabilities
from mlci.core.problems import quoted
from mlci.core.wording import count


def remarks(model: str, rows: Predictions, both: Paired | None) -> Iterator[str]:
    """Yield what is odd about a model's rows, and about their pairs with base's where there are any."""
    if rows.task is Task.BINARY and (lacking := lacking_in(rows)):
        yield f"{model}: {lacking}, and what needs both classes, such as an AUC, has no value"
    if rows.task is Task.MULTICLASS:
        yield from (f"{model}: {each}" for each in _strange_answers(rows))
    if both is None:
        return
    if len(rows) > len(both.head):
        yield (
            f"{model}: values of this change are of all its {len(rows):,} rows, differences of the "
            f"{len(both.head):,} that are paired with base's"
        )
    if both.base.scores is not None and rows.scores is not None:
        yield from (f"{model}: {each}" for each in _other_scale(both.base.scores, rows.scores))


def _other_scale(base: Floats, head: Floats) -> Iterator[str]:
    """That scores are probabilities on one side only."""
    right = are_probabilities(base)
    if right == are_probabilities(head):
        return
    inside, outside = ("the base", "this change") if right else ("this change", "the base")
    yield (
        f"the scores of {inside} lie within 0 to 1, those of {outside} do not; what looks at their order "
        "alone, such as roc_auc, cannot tell"
    )


def lacking_in(one: Predictions) -> str:
    """Return which class no row has; empty where all are there."""
    absent = [name for code, name in enumerate(one.classes) if not (one.truth == code).any()]
    if not absent:
        return ""
    if not all(absent):
        # Of a binary task one class is all that anybody ever wrote.
        return f"every row of the test set is {quoted(one.classes[1])}"
    return f"no row of the test set is {_class(one, absent[0])}"


def _strange_answers(one: Predictions) -> Iterator[str]:
    """Classes that are predicted and never true."""
    for code in np.setdiff1d(one.label, one.truth).tolist():
        rows = int(np.count_nonzero(one.label == code))
        yield f"{_class(one, one.classes[code])} is predicted in {count(rows, 'row')} and true in none"
        if len(one.classes) > CLASSES_NAMED:
            return


def _class(one: Predictions, name: str) -> str:
    return quoted(name) if len(one.classes) <= CLASSES_NAMED else "one of its classes"
