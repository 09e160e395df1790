"""The model's metrics in the groups that a column, or several together, make of the test rows."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from msgspec import Struct

from mlci.core.config import Model
from mlci.core.finding import Finding, Status
from mlci.core.measure.metrics import Metric, find
from mlci.core.measure.predictions import Predictions
from mlci.gates.model.dummy import fair_metric
from mlci.gates.model.judge import Bound
from mlci.gates.model.options import Options
from mlci.gates.model.sample import insufficient, short, told
from mlci.gates.subjects import Attribute, crossed, label_of, read_attributes
from mlci.ports.tables import Tables

CHECK = "model.slice"


class Asked(Struct, frozen=True, kw_only=True):
    """The metrics of every slice, and what each must reach, by the metric's name."""

    metrics: Sequence[Metric]
    floors: Mapping[str, Bound]


def slices(
    tables: Tables, options: Options, model: Model, predictions: Predictions, metrics: Sequence[Metric]
) -> Iterator[Finding]:
    """One finding for each metric of each slice. Raises WorldError when a column cannot be joined."""
    names = [name for together in options.slices for name in together]
    columns = read_attributes(tables, model, predictions, names)
    asked = _asked(options, model, metrics or [fair_metric(predictions, [])])
    for together in options.slices:
        parts = [columns[name] for name in together]
        attribute = parts[0] if len(parts) == 1 else crossed(parts)
        for code in range(len(attribute.groups)):
            yield from _slice(model, predictions, attribute, code, asked)


def _asked(options: Options, model: Model, metrics: Sequence[Metric]) -> Asked:
    floored = {find(name, model.task): limit for name, limit in options.slice_floors.items()}
    bounds = {each.name: Bound(limit=limit, direction=each.direction) for each, limit in floored.items()}
    return Asked(metrics=list(dict.fromkeys([*metrics, *floored])), floors=bounds)


def _slice(
    model: Model, predictions: Predictions, attribute: Attribute, code: int, asked: Asked
) -> Iterator[Finding]:
    name = f"{model.name}.{label_of(attribute, code)}"
    rows = predictions.take(np.flatnonzero(attribute.codes == code))
    status = Status.WARN if asked.floors else Status.SKIP
    lacking = [metric for metric in asked.metrics if short(rows, metric)]
    if len(lacking) == len(asked.metrics):
        yield insufficient(CHECK, name, rows, lacking[0], status)
        return
    for metric in asked.metrics:
        subject = f"{name}.{metric.name}"
        if metric in lacking:
            yield insufficient(CHECK, subject, rows, metric, status)
            continue
        bound = asked.floors.get(metric.name)
        yield from told(CHECK, subject, rows, metric, [bound] if bound else [])
