"""The metrics of one model, base against head, from its predictions: measured here, judged elsewhere."""

from collections.abc import Iterator, Sequence
from io import BytesIO
from math import isfinite

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from mlci.app.comparison.declared import as_declared
from mlci.app.comparison.rebuild import Rebuilding
from mlci.app.comparison.remarks import lacking_in, remarks
from mlci.app.comparison.rescore import LOAD_UNDECLARED, Rescoring, in_short
from mlci.app.comparison.slices import Slice, Together, slices_of
from mlci.app.side.tabular import OUTPUT_MISSING, Side, SideTables
from mlci.core.config import Direction, Model, Objective, Task
from mlci.core.diff import Pairing
from mlci.core.digest import md5
from mlci.core.dvc.files import Hashed
from mlci.core.measure.compare import Change, Own
from mlci.core.measure.enough import scarcest
from mlci.core.measure.measured import BROKEN, changes, own
from mlci.core.measure.metrics import Metric, find
from mlci.core.measure.predictions import (
    Codes,
    Flips,
    Paired,
    Predictions,
    flips_of,
    from_columns,
    pair,
    wanted,
)
from mlci.core.measure.verdicts import Measured
from mlci.errors import MlciError, WorldError
from mlci.gates.subjects import rows_of

# What is shown of every model, gated or not; scores permitting.
_USUAL = {
    Task.BINARY: ("accuracy", "f1", "roc_auc"),
    Task.MULTICLASS: ("accuracy", "f1_macro"),
    Task.REGRESSION: ("mae", "rmse"),
}
_NEED_SCORES = {"roc_auc"}
_EACH_CLASS = "add test rows of that class, or choose a metric that does not need each class"
_NEXT_TIME = "if this change mends that, the one after it has a base to be compared with"


class OfModel(Struct, frozen=True, kw_only=True):
    """What is known of one model: how its rows were paired, its metrics, and what a reader must know."""

    measured: tuple[Measured, ...]
    pairing: Pairing | None = None
    flips: Flips | None = None
    notes: tuple[str, ...] = ()


class Models(Struct, frozen=True, kw_only=True):
    """Where predictions come from, and the slices that are wanted of each model."""

    tables: SideTables
    slices: Together = ()
    rescoring: Rescoring | None = None
    rebuilding: Rebuilding | None = None

    def measure(
        self, model: Model, objectives: Sequence[Objective], base: Side | None, head: Side
    ) -> OfModel:
        """Every metric that is asked for or usual, of the whole test set and of each slice."""
        metrics: list[tuple[Metric, Objective | None]] = [
            (find(each.metric, model.task, each.where), each) for each in objectives
        ]
        try:
            ahead = self._predictions(model, head)
        except MlciError as error:
            return OfModel(measured=tuple(_broken(model, each, error) for each in objectives))
        metrics += _usual(ahead, {metric.name for metric, _ in metrics})
        found = self._compared(model, ahead, base, head)
        whole = Subject(
            model=model.name,
            own=ahead,
            both=found.paired,
            rows=None if found.paired is None else rows_of(ahead.ids, found.paired.head, "the predictions"),
            why=found.why,
            advice=found.advice,
        )
        parts, notes = self._parts(model, head, whole)
        measured = [row for each in (whole, *parts) for row in _measured(each, metrics)]
        return OfModel(
            measured=tuple(measured),
            pairing=found.told,
            flips=None if found.paired is None else flips_of(found.paired),
            notes=(
                *found.notes,
                *_from_elsewhere(model, head),
                *remarks(model.name, ahead, found.paired),
                *notes,
            ),
        )

    def _parts(self, model: Model, head: Side, whole: "Subject") -> tuple[list["Subject"], tuple[str, ...]]:
        """The slices of what was paired; a note where they cannot be had, for the gate tells it in full."""
        if whole.why:
            return [], ()
        try:
            found = slices_of(self.tables, model, head, whole.own, self.slices)
        except MlciError as error:
            return [], (f"{model.name} is not compared by slices: {error.message}",)
        return [whole.part(each) for each in found], ()

    def _compared(self, model: Model, ahead: Predictions, base: Side | None, head: Side) -> "_Compared":
        before = None if base is None else as_declared(model, base)
        if base is None or before is None or not _was_made(before, base):
            return _Compared()
        try:
            behind, notes = self._behind(before, base)
            told, paired = pair(model.name, behind, ahead)
        except MlciError as error:
            why = f"base's predictions cannot be had: {in_short(error)}"
            told = Pairing(model=model.name, head_rows=len(ahead), reason=why)
            return _Compared(told=told, advice=error.help or "")
        if paired is None and self.rescoring is not None:
            return self._rescored(self.rescoring, replace(model, path=before.path), ahead, base, head, told)
        if paired is not None:
            one, other = base.declared.outs.get(before.path), head.declared.outs.get(model.path)
            paired = replace(paired, same=_is_one_commit(base, head) or _same_bytes(one, other))
        return _Compared(paired=paired, told=told, notes=notes)

    def _rescored(
        self, rescoring: Rescoring, model: Model, ahead: Predictions, base: Side, head: Side, told: Pairing
    ) -> "_Compared":
        try:
            again, paired = pair(model.name, rescoring.predictions(model, base, head, ahead), ahead)
        except MlciError as error:
            why = f"{told.reason}; the base's model cannot be asked again: {in_short(error)}"
            # What to do about a missing `load:` the finding says by itself.
            advice = "" if error.id == LOAD_UNDECLARED else error.help or ""
            return _Compared(told=replace(told, reason=why), advice=advice)
        note = (
            f"{model.name}: {told.reason}; so the base's model was scored on the new test set, "
            f"loaded by the `load:` of the work tree"
        )
        again = replace(again, rescored=True, base_rows=told.base_rows, truth_differs=told.truth_differs)
        return _Compared(paired=paired, told=again, notes=(note,))

    def _behind(self, model: Model, base: Side) -> tuple[Predictions, tuple[str, ...]]:
        """The base's predictions: as they were kept, else made again where nothing keeps them."""
        try:
            return self._predictions(model, base), ()
        except WorldError as error:
            path = model.predictions or ""
            missing = error.id == OUTPUT_MISSING and self.rebuilding is not None
            content = self.rebuilding.output(path, base) if missing and self.rebuilding else None
            if content is None:
                raise
        columns = model.columns
        table = self.tables.tables.read_bytes(content, path, text=[columns.id])
        recorded = base.declared.outs.get(path)
        same = recorded is not None and md5(BytesIO(content), legacy=recorded.legacy) == recorded.value
        note = f"{path} of the base was made again in a throw-away checkout: no DVC remote keeps it" + (
            "" if same else "; it came out otherwise than dvc.lock records, so seeds are at work"
        )
        return from_columns(table, columns, model.task, path), (note,)

    def _predictions(self, model: Model, side: Side) -> Predictions:
        path, columns = model.predictions or "", model.columns
        table = self.tables.read(path, side, (), optional=wanted(columns), text=columns.id)
        return from_columns(table, columns, model.task, path)


def _from_elsewhere(model: Model, head: Side) -> Iterator[str]:
    """That the work tree lacks the predictions: they were had by what the lock records."""
    snapshot, path = head.snapshot, model.predictions or ""
    if snapshot.commit is None and not snapshot.files.exists(path):
        yield f"{path} is not in the work tree: it was read from where DVC keeps it, as dvc.lock records it"


def _is_one_commit(base: Side, head: Side) -> bool:
    return base.snapshot.commit is not None and base.snapshot.commit == head.snapshot.commit


def _same_bytes(before: Hashed | None, now: Hashed | None) -> bool:
    """Whether two records are of one content, as far as hashes of one kind tell."""
    if before is None or now is None or not before.value:
        return False
    return (before.algorithm, before.value, before.legacy) == (now.algorithm, now.value, now.legacy)


class _Compared(Struct, frozen=True, kw_only=True, eq=False):
    """Base and head on the same rows, where they could be brought together."""

    paired: Paired | None = None
    told: Pairing | None = None
    notes: tuple[str, ...] = ()
    advice: str = ""

    @property
    def why(self) -> str:
        """What kept base out."""
        return "" if self.told is None else self.told.reason


class Subject(Struct, frozen=True, kw_only=True, eq=False):
    """The rows that are measured: a model's whole test set, or a slice of it.

    `own` are all of head's; `both` are the pairs among them, in `rows` of head's. Without pairs `why`
    says what kept base out, `advice` what to do.
    """

    model: str
    own: Predictions
    both: Paired | None
    rows: Codes | None = None
    name: str | None = None
    why: str = ""
    advice: str = ""

    def part(self, one: Slice) -> "Subject":
        """The rows of a slice; without pairs where base has none of them."""
        own = self.own.take(one.rows)
        if self.both is None or self.rows is None:
            return replace(self, own=own, name=one.subject)
        inside = np.flatnonzero(np.isin(self.rows, one.rows))
        both = replace(self.both, base=self.both.base.take(inside), head=self.both.head.take(inside))
        return replace(self, own=own, both=both if len(inside) else None, rows=None, name=one.subject)


def _was_made(model: Model, side: Side) -> bool:
    """Whether a side records the model, or Git itself keeps what it predicted."""
    return model.path in side.declared.outs or side.snapshot.read(model.predictions or "") is not None


def _usual(one: Predictions, asked: set[str]) -> list[tuple[Metric, None]]:
    names = [name for name in _USUAL[one.task] if name not in asked]
    return [
        (find(name, one.task), None) for name in names if one.scores is not None or name not in _NEED_SCORES
    ]


def _broken(model: Model, objective: Objective, error: MlciError) -> Measured:
    return Measured(
        metric=objective.metric,
        direction=_direction(find(objective.metric, model.task), objective),
        model=model.name,
        objective=objective,
        problem=f"this change's {error.message}"
        if error.id == OUTPUT_MISSING
        else f"{model.predictions} cannot be used: {error.message}",
        advice=error.help,
    )


def _measured(subject: Subject, metrics: Sequence[tuple[Metric, Objective | None]]) -> Iterator[Measured]:
    both, asked = subject.both, [metric for metric, _ in metrics]
    mine = own(subject.own, asked)
    moved = (
        {} if both is None else changes(both, [each for each in asked if isinstance(mine[each.name], Own)])
    )
    for metric, objective in metrics:
        row = Measured(
            metric=metric.name if objective is None else objective.metric,
            direction=_direction(metric, objective),
            model=subject.model,
            subject=subject.name,
            objective=objective,
            n=len(subject.own if both is None else both.head),
            head_n=len(subject.own),
            incomparable=subject.why,
            advice=subject.advice,
        )
        known = _of_head(row, metric, mine[metric.name], subject.own)
        yield _beside_base(known, metric, moved.get(metric.name), both)


def _of_head(row: Measured, metric: Metric, found: Own | MlciError, rows: Predictions) -> Measured:
    """With head's own value, of all its rows; or with why it has none."""
    if isinstance(found, MlciError):
        return replace(row, problem=_in_words("this change's", found), advice=found.help or "")
    if isfinite(found.value) or not (lacking := lacking_in(rows)):
        few = scarcest(metric, rows)
        return replace(row, head=found.value, head_interval=found.interval, scarcest=few)
    return replace(row, problem=f"{row.metric} has no value: {lacking}", advice=_EACH_CLASS)


def _beside_base(
    row: Measured, metric: Metric, change: Change | MlciError | None, both: Paired | None
) -> Measured:
    """With the change over the pairs; not comparable where it is base that has no value there."""
    if change is None or both is None:
        return row
    if isinstance(change, MlciError):
        return replace(row, incomparable=_in_words("the base's", change), advice=_NEXT_TIME)
    if not isfinite(change.difference) and row.head is not None and isfinite(row.head):
        why = lacking_in(both.head) or "it is no number there"
        return replace(row, incomparable=f"{row.metric} has no value on the rows that both have: {why}")
    # Base's, for a change must not get out of a verdict by how it answers; all else both sides share.
    few = scarcest(metric, both.base)
    asked = row.objective and row.objective.may_drop
    # Draws are kept only for who asks again: of a hundred slices they are a hundred megabytes.
    kept = change if asked and asked.relative else replace(change, beside=None)
    return replace(row, base=change.base, change=kept, enough=few.enough, scarcest=few)


def _in_words(whose: str, error: MlciError) -> str:
    """Whose columns a metric cannot be computed from; one that fails is nobody's but its package's."""
    return error.message if error.id == BROKEN else f"{error.message} (of {whose} predictions)"


def _direction(metric: Metric, objective: Objective | None) -> Direction:
    return (objective and objective.direction) or metric.direction
