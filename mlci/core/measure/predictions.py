"""Predictions: what a model said of each held-out row, checked, sorted by id, and paired by id."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from msgspec import Struct
from msgspec.structs import replace

from mlci.core.config import Columns, Task
from mlci.core.diff import ENOUGH_IN_COMMON, Pairing
from mlci.core.measure.cells import Column, Floats, alike
from mlci.core.measure.prediction_columns import PredictionColumns
from mlci.core.problems import quoted

Codes = npt.NDArray[np.intp]


class Predictions(Struct, frozen=True, kw_only=True, eq=False):
    """Rows sorted by id. For classes, `truth` and `label` are codes into `classes`.

    In a binary task class 1 is the positive one, the greater of the two. `scores` has one column
    for each class of a multiclass task. `weight` is None where every row counts once.
    """

    task: Task
    ids: Column
    truth: Column
    label: Column
    classes: tuple[str, ...] = ()
    scores: Floats | None = None
    weight: Floats | None = None
    cluster: Codes | None = None
    group: Column | None = None

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: npt.NDArray[Any]) -> "Predictions":
        """The same for some rows, by index or mask; their order is the caller's."""
        return replace(
            self,
            ids=self.ids[rows],
            truth=self.truth[rows],
            label=self.label[rows],
            scores=None if self.scores is None else self.scores[rows],
            weight=None if self.weight is None else self.weight[rows],
            cluster=None if self.cluster is None else self.cluster[rows],
            group=None if self.group is None else self.group[rows],
        )


class Paired(Struct, frozen=True, kw_only=True, eq=False):
    """Base's and head's predictions of the same rows, in the same order, coding, weights and clusters.

    `same` says that it is one model, and not two that were not seen to differ.
    """

    base: Predictions
    head: Predictions
    same: bool = False


def wanted(columns: Columns) -> tuple[str, ...]:
    """The columns to read from a predictions file."""
    scores = columns.score.values() if isinstance(columns.score, Mapping) else (columns.score,)
    named = (
        columns.id,
        columns.truth,
        columns.label,
        *scores,
        columns.weight,
        columns.cluster,
        columns.group,
    )
    return tuple(dict.fromkeys(name for name in named if name is not None))


def from_columns(table: Mapping[str, Column], columns: Columns, task: Task, where: str) -> Predictions:
    """The predictions of a table. Raises WorldError (`predictions-invalid`) saying what is wrong."""
    said = PredictionColumns(table=table, where=where)
    ids = said.ids(columns.id)
    order = np.argsort(ids, kind="stable")
    if task is Task.REGRESSION:
        found = _regression(said, ids, columns)
    else:
        found = _classification(said, ids, columns, task)
    return found.take(order)


def pair(model: str, base: Predictions, head: Predictions) -> tuple[Pairing, Paired | None]:
    """The rows that both have with equal truth, when they cover enough of the smaller side."""
    base, head = _same_ids(base, head)
    names = base.classes, head.classes
    base, head = _same_classes(base, head)
    if head.task is Task.BINARY and len(head.classes) > 2:
        told = Pairing(model=model, base_rows=len(base), head_rows=len(head))
        return replace(told, reason=_called_otherwise(*names)), None
    _, left, right = np.intersect1d(base.ids, head.ids, assume_unique=True, return_indices=True)
    base_rows, head_rows = len(base), len(head)
    equal = _equal_truth(base.truth[left], head.truth[right], head.task)
    left, right = left[equal], right[equal]
    told = Pairing(
        model=model,
        rows=len(left),
        base_rows=base_rows,
        head_rows=head_rows,
        truth_differs=int(np.count_nonzero(~equal)),
        labelled=head.task is not Task.REGRESSION,
    )
    if len(left) < ENOUGH_IN_COMMON * min(base_rows, head_rows) or not len(left):
        return replace(told, rows=0, reason=_why_not(told)), None
    base, head = base.take(left), head.take(right)
    paired = _as_one_test_set(base, head)
    flips = flips_of(paired)
    told = replace(
        told,
        flipped=len(flips),
        lost=len(flips.lost),
        won=len(flips.won),
        weights_differ=_weights_differ(base, head),
        clusters_differ=_clusters_differ(base, head),
    )
    return told, paired


def _as_one_test_set(base: Predictions, head: Predictions) -> Paired:
    """One weight and one cluster a pair: base's, or none. No change chooses its judges."""
    return Paired(base=base, head=replace(head, weight=base.weight, cluster=base.cluster))


def _weights_differ(base: Predictions, head: Predictions) -> int:
    """How many pairs weigh otherwise among the others; that all weigh twice as much is nothing."""
    if base.weight is None and head.weight is None:
        return 0
    before, now = (np.ones(len(each)) if each.weight is None else each.weight for each in (base, head))
    known = (before > 0) & (now > 0)
    # The ratio that half of the pairs have, so that a few that changed do not move all others.
    times = np.quantile(now[known] / before[known], 0.5, method="lower") if known.any() else 1.0
    return int(np.count_nonzero(~np.isclose(now, before * times, rtol=1e-9, atol=0.0)))


def _clusters_differ(base: Predictions, head: Predictions) -> int:
    """How many pairs are in a cluster of other rows than before; that it is called otherwise is nothing."""
    if base.cluster is None and head.cluster is None:
        return 0
    before, now = _company(base), _company(head)
    both = np.unique(np.column_stack([before, now]), axis=0, return_inverse=True)[1].ravel()
    sizes = [np.bincount(each)[each] for each in (before, now, both)]
    return int(np.count_nonzero((sizes[0] != sizes[2]) | (sizes[1] != sizes[2])))


def _company(one: Predictions) -> Codes:
    """The cluster of each row: its own where none is declared."""
    return np.arange(len(one)) if one.cluster is None else one.cluster


def are_probabilities(scores: Floats) -> bool:
    """Whether no score lies outside 0 to 1."""
    return bool(scores.min() >= 0 and scores.max() <= 1)


class Flips(Struct, frozen=True, kw_only=True, eq=False):
    """The ids of rows whose predicted label differs: right in base alone, in head alone, in neither."""

    lost: Column
    won: Column
    other: Column

    def __len__(self) -> int:
        return len(self.lost) + len(self.won) + len(self.other)


def flips_of(paired: Paired) -> Flips:
    """The rows whose label flipped, by id; none of a regression, which has no labels."""
    base, head = paired.base, paired.head
    differs = np.zeros(len(head), np.bool_) if head.task is Task.REGRESSION else base.label != head.label
    lost, won = differs & (base.label == base.truth), differs & (head.label == head.truth)
    return Flips(lost=head.ids[lost], won=head.ids[won], other=head.ids[differs & ~lost & ~won])


def _why_not(told: Pairing) -> str:
    shared = told.rows + told.truth_differs
    common = (
        f"the test set changed: {shared:,} of {told.base_rows:,} (base) and {told.head_rows:,} (head) ids "
        f"are common"
    )
    if not shared:
        return f"{common} (are they written alike on both sides?)"
    return f"{common}, and the truth of {told.truth_differs:,} of those differs"


def _called_otherwise(base: tuple[str, ...], head: tuple[str, ...]) -> str:
    before, now = (" and ".join(quoted(each) for each in names if each) for names in (base, head))
    return f"the classes are called otherwise: {before} in the base, {now} in this change"


def _regression(said: PredictionColumns, ids: Column, columns: Columns) -> Predictions:
    return Predictions(
        task=Task.REGRESSION,
        ids=ids,
        truth=said.truth(columns.truth),
        label=said.answers(columns.label),
        **said.extras(columns),
    )


def _classification(said: PredictionColumns, ids: Column, columns: Columns, task: Task) -> Predictions:
    truth, label = said.texts(columns.truth), said.texts(columns.label)
    classes = _classes(truth, label)
    scores: Floats | None = None
    if isinstance(columns.score, Mapping):
        declared = tuple(sorted(columns.score, key=_class_order))
        if not set(classes) <= set(declared):
            raise said.undeclared(columns, classes, declared)
        classes = declared
        scores = np.column_stack([said.answers(columns.score[name]) for name in classes])
    elif columns.score is not None and columns.score in said.table:
        scores = said.answers(columns.score)
    if task is Task.BINARY:
        if len(classes) > 2:
            raise said.too_many(columns, classes)
        classes = _two(classes)
    return Predictions(
        task=task,
        ids=ids,
        truth=_codes(truth, classes),
        label=_codes(label, classes),
        classes=classes,
        scores=scores,
        **said.extras(columns),
    )


def _two(classes: tuple[str, ...]) -> tuple[str, ...]:
    if len(classes) == 2:
        return classes
    # One class only: it is the positive one, unless it is plainly the negative.
    only = classes[0]
    return ("0", "1") if only in {"0", "1"} else ("", only)


def _classes(*columns: Column) -> tuple[str, ...]:
    names = {str(name) for column in columns for name in np.unique(column)}
    return tuple(sorted(names, key=_class_order))


def _class_order(name: str) -> tuple[int, float, str]:
    """Numbers by value before text, as scikit-learn sorts its classes."""
    try:
        return (0, float(name), name)
    except ValueError:
        return (1, 0.0, name)


def _codes(column: Column, classes: tuple[str, ...]) -> Codes:
    by_text = np.argsort(np.array(classes))
    found: Codes = by_text[np.searchsorted(np.array(classes), column, sorter=by_text)]
    return found


def _same_ids(base: Predictions, head: Predictions) -> tuple[Predictions, Predictions]:
    before, now = alike(base.ids, head.ids)
    return replace(base, ids=before), replace(head, ids=now)


def _same_classes(base: Predictions, head: Predictions) -> tuple[Predictions, Predictions]:
    if base.classes == head.classes:
        return base, head
    classes = tuple(sorted({*base.classes, *head.classes} - {""}, key=_class_order))
    return _recoded(base, classes), _recoded(head, classes)


def _recoded(one: Predictions, classes: tuple[str, ...]) -> Predictions:
    place = {name: code for code, name in enumerate(classes)}
    moved = np.array([place.get(name, -1) for name in one.classes])
    scores = one.scores
    if scores is not None and scores.ndim == 2:
        wide = np.zeros((len(one), len(classes)))
        wide[:, moved] = scores
        scores = wide
    return replace(one, classes=classes, truth=moved[one.truth], label=moved[one.label], scores=scores)


def _equal_truth(base: Column, head: Column, task: Task) -> npt.NDArray[np.bool_]:
    if task is Task.REGRESSION:
        # Written once as Float32 and once as Float64, a number is still the same answer.
        return np.isclose(base, head, rtol=1e-6, atol=0.0)
    return np.asarray(base == head)
