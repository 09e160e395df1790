"""The metrics of one model, base against head, from its predictions: measured here, judged elsewhere."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from mlci.app.outputs import Outputs
from mlci.app.snapshot import Declared, Snapshot
from mlci.core.compare import compare, units
from mlci.core.config import Direction, Model, Objective, Task
from mlci.core.diff import Pairing
from mlci.core.metrics import Metric, find, value
from mlci.core.predictions import Paired, Predictions, from_columns, pair, wanted
from mlci.core.stats import ENOUGH
from mlci.core.verdicts import Measured
from mlci.errors import MlciError, WorldError
from mlci.ports.tables import Tables

# What is shown of every model, gated or not; scores permitting.
_USUAL = {
    Task.BINARY: ("accuracy", "f1", "roc_auc"),
    Task.MULTICLASS: ("accuracy", "f1_macro"),
    Task.REGRESSION: ("mae", "rmse"),
}
_NEED_SCORES = {"roc_auc"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One of the two commits, with what it declares."""

    snapshot: Snapshot
    declared: Declared


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """Where predictions come from."""

    tables: Tables
    outputs: Outputs

    def measure(
        self, model: Model, objectives: Sequence[Objective], base: Side | None, head: Side
    ) -> tuple[Pairing | None, tuple[Measured, ...]]:
        """The pairing of a model's predictions, and every metric that is asked for or usual."""
        metrics: list[tuple[Metric, Objective | None]] = [
            (find(each.metric, model.task, each.where), each) for each in objectives
        ]
        try:
            ahead = self._predictions(model, head)
        except MlciError as error:
            return None, tuple(_broken(model, each, error.message) for each in objectives)
        metrics += _usual(ahead, {metric.name for metric, _ in metrics})
        paired, told, why = self._paired(model, ahead, base)
        return told, tuple(_measured(model, metrics, ahead, paired, why))

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
        path = model.predictions or ""
        if side.snapshot.commit is None and side.snapshot.files.exists(path):
            known = self.tables.schema(path)
            names = [name for name in wanted(model.columns) if name in known]
            table = self.tables.read(path, names, text=[model.columns.id])
        else:
            content = self.outputs.read(side.snapshot, path, side.declared.outs.get(path))
            if content is None:
                raise _absent(path)
            table = self.tables.read_bytes(content, path, text=[model.columns.id])
        return from_columns(table, model.columns, model.task, path)


def _absent(path: str) -> WorldError:
    return WorldError(
        f"{path} is neither in Git, nor in DVC's cache, nor on the remote",
        id="predictions-missing",
        where=path,
        help=f"dvc push on the branch that made it; `{path}` must be a cached output",
    )


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


def _measured(
    model: Model,
    metrics: Sequence[tuple[Metric, Objective | None]],
    ahead: Predictions,
    paired: Paired | None,
    why: str,
) -> Iterator[Measured]:
    both = paired or Paired(base=ahead, head=ahead)
    problems = {metric.name: _problem(metric, both) for metric, _ in metrics}
    changes = compare(both, [metric for metric, _ in metrics if not problems[metric.name]])
    enough = _enough(both.head)
    for metric, objective in metrics:
        change = changes.get(metric.name)
        row = Measured(
            metric=metric.name if objective is None else objective.metric,
            direction=_direction(metric, objective),
            model=model.name,
            objective=objective,
            head=None if change is None else change.head,
            head_interval=None if change is None else change.head_interval,
            n=len(both.head),
            enough=enough,
            incomparable=why,
            problem=problems[metric.name],
        )
        yield row if paired is None or change is None else replace(row, base=change.base, change=change)


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
