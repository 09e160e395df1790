"""The metrics of one model, base against head, from its predictions: measured here, judged elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlci.app.slices import Slice, Together, slices_of
from mlci.app.tabular import Side, SideTables
from mlci.core.compare import compare, units
from mlci.core.config import Direction, Model, Objective, Task
from mlci.core.diff import Pairing
from mlci.core.metrics import Metric, find, value
from mlci.core.predictions import Paired, Predictions, from_columns, pair, wanted
from mlci.core.stats import ENOUGH
from mlci.core.verdicts import Measured
from mlci.errors import MlciError

# What is shown of every model, gated or not; scores permitting.
_USUAL = {
    Task.BINARY: ("accuracy", "f1", "roc_auc"),
    Task.MULTICLASS: ("accuracy", "f1_macro"),
    Task.REGRESSION: ("mae", "rmse"),
}
_NEED_SCORES = {"roc_auc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OfModel:
    """What is known of one model: how its rows were paired, its metrics, and what a reader must know."""

    measured: tuple[Measured, ...]
    pairing: Pairing | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Where predictions come from, and the slices that are wanted of each model."""

    tables: SideTables
    slices: Together = ()

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
            return OfModel(measured=tuple(_broken(model, each, error.message) for each in objectives))
        metrics += _usual(ahead, {metric.name for metric, _ in metrics})
        paired, told, why = self._paired(model, ahead, base)
        both = paired or Paired(base=ahead, head=ahead)
        whole = Subject(model=model.name, both=both, compared=paired is not None, why=why)
        parts, notes = self._parts(model, head, whole)
        measured = [row for each in (whole, *parts) for row in _measured(each, metrics)]
        return OfModel(measured=tuple(measured), pairing=told, notes=notes)

    def _parts(self, model: Model, head: Side, whole: "Subject") -> tuple[list["Subject"], tuple[str, ...]]:
        """The slices of what was paired; a note where they cannot be had, for the gate tells it in full."""
        if whole.why:
            return [], ()
        try:
            found = slices_of(self.tables, model, head, whole.both.head, self.slices)
        except MlciError as error:
            return [], (f"{model.name} is not compared by slices: {error.message}",)
        return [whole.part(each) for each in found], ()

    def _paired(
        self, model: Model, ahead: Predictions, base: Side | None
    ) -> tuple[Paired | None, Pairing | None, str]:
        if base is None or model.path not in base.declared.outs:
            return None, None, ""
        try:
            told, paired = pair(model.name, self._predictions(model, base), ahead)
        except MlciError as error:
            why = f"base's predictions cannot be had: {error.message}"
            return None, Pairing(model=model.name, head_rows=len(ahead), reason=why), why
        return paired, told, told.reason

    def _predictions(self, model: Model, side: Side) -> Predictions:
        path, columns = model.predictions or "", model.columns
        table = self.tables.read(path, side, (), optional=wanted(columns), text=columns.id)
        return from_columns(table, columns, model.task, path)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subject:
    """The rows that are measured: a model's whole test set, or a slice of it.

    Without a comparison `both` holds head twice; `why` says what kept base out.
    """

    model: str
    both: Paired
    compared: bool
    name: str | None = None
    why: str = ""

    def part(self, one: Slice) -> "Subject":
        """The rows of a slice."""
        both = Paired(base=self.both.base.take(one.rows), head=self.both.head.take(one.rows))
        return replace(self, both=both, name=one.subject)


def _usual(one: Predictions, asked: set[str]) -> list[tuple[Metric, None]]:
    names = [name for name in _USUAL[one.task] if name not in asked]
    return [
        (find(name, one.task), None) for name in names if one.scores is not None or name not in _NEED_SCORES
    ]


def _broken(model: Model, objective: Objective, why: str) -> Measured:
    return Measured(
        metric=objective.metric,
        direction=_direction(find(objective.metric, model.task), objective),
        model=model.name,
        objective=objective,
        problem=f"the predictions cannot be used: {why}",
    )


def _measured(subject: Subject, metrics: Sequence[tuple[Metric, Objective | None]]) -> Iterator[Measured]:
    both = subject.both
    problems = {metric.name: _problem(metric, both) for metric, _ in metrics}
    changes = compare(both, [metric for metric, _ in metrics if not problems[metric.name]])
    enough = _enough(both.head)
    for metric, objective in metrics:
        change = changes.get(metric.name)
        row = Measured(
            metric=metric.name if objective is None else objective.metric,
            direction=_direction(metric, objective),
            model=subject.model,
            subject=subject.name,
            objective=objective,
            head=None if change is None else change.head,
            head_interval=None if change is None else change.head_interval,
            n=len(both.head),
            enough=enough,
            incomparable=subject.why,
            problem=problems[metric.name],
        )
        known = subject.compared and change is not None
        yield replace(row, base=change.base, change=change) if known and change else row


def _problem(metric: Metric, both: Paired) -> str:
    """Why a metric cannot be computed from these columns; empty where it can."""
    try:
        value(metric, both.base)
        value(metric, both.head)
    except MlciError as error:
        return error.message
    return ""


def _direction(metric: Metric, objective: Objective | None) -> Direction:
    return (objective and objective.direction) or metric.direction


def _enough(one: Predictions) -> bool:
    """Whether every denominator reaches what a gate may believe: rows, clusters, positives, negatives."""
    smallest = min(len(one), units(one))
    if one.task is Task.BINARY:
        positives = int(np.count_nonzero(one.truth == 1))
        smallest = min(smallest, positives, len(one) - positives)
    return smallest >= ENOUGH
