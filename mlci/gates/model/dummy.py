"""A model that ignores its input: the least that a model must beat."""

from collections.abc import Sequence

import numpy as np
from msgspec.structs import replace

from mlci.core.config import Direction, Task
from mlci.core.finding import Finding, Status
from mlci.core.measure.cells import Floats
from mlci.core.measure.measured import changes
from mlci.core.measure.metrics import METRICS, Metric
from mlci.core.measure.predictions import Paired, Predictions
from mlci.errors import MlciError
from mlci.gates.model.sample import insufficient, short
from mlci.gates.readable import unreadable

CHECK = "model.beats_dummy"

# By these, no constant answer is good; F1 or recall can be had by always saying yes.
FAIR = frozenset(
    {"accuracy", "balanced_accuracy", "brier", "log_loss", "mcc", "pr_auc", "roc_auc"}
    | {"mae", "mse", "r2", "rmse"}
)


def beats_dummy(name: str, model: Predictions, metric: Metric) -> Finding:
    """Whether a model is better than its dummy on the same rows."""
    if short(model, metric):
        return insufficient(CHECK, name, model, metric, Status.WARN)
    change = changes(Paired(base=dummy_of(model), head=model), [metric])[metric.name]
    if isinstance(change, MlciError):
        return unreadable(CHECK, name, change)
    sign = 1 if metric.direction is Direction.HIGHER else -1
    status, unsure = Status.PASS, ""
    if not sign * change.difference > 0:
        status = Status.FAIL
    elif change.interval and change.interval.low <= 0 <= change.interval.high:
        status, unsure = Status.WARN, "; inconclusive: the interval contains no difference"
    return Finding(
        check=CHECK,
        subject=name,
        status=status,
        message=f"{metric.name} is {change.head:.4f}, a dummy's {change.base:.4f}{unsure}",
        observed=float(change.difference) if np.isfinite(change.difference) else None,
        expected="better than a model that ignores its input",
        interval=change.interval,
        n=len(model),
        help="look for shuffled rows, swapped labels or constant features" if status is Status.FAIL else None,
    )


def dummy_of(model: Predictions) -> Predictions:
    """The same rows as answered by the commonest class and the class shares, or by the mean."""
    if model.task is Task.REGRESSION:
        return replace(model, label=np.full(len(model), model.truth.mean()))
    shares = np.bincount(model.truth, minlength=len(model.classes)) / len(model)
    label = np.full(len(model), int(shares.argmax()), dtype=np.intp)
    return replace(model, label=label, scores=_constant(model, shares))


def fair_metric(model: Predictions, named: Sequence[Metric]) -> Metric:
    """The metric to compare by: the first objective that no constant answer can win, else a common one."""
    for metric in named:
        if metric.name in FAIR:
            return metric
    if model.task is Task.REGRESSION:
        return METRICS["rmse"]
    return METRICS["roc_auc" if model.scores is not None else "balanced_accuracy"]


def _constant(model: Predictions, shares: Floats) -> Floats | None:
    if model.scores is None:
        return None
    return np.full(len(model), shares[1]) if model.scores.ndim == 1 else np.tile(shares, (len(model), 1))
