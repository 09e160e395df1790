"""The metrics that mlci computes from predictions: what each is for, and by which kind of arithmetic.

The kind decides how the metric's uncertainty is had (`core.measure.compare`). Values equal scikit-learn's.
"""

from collections.abc import Callable, Mapping
from math import inf, nan

import numpy as np
from msgspec import Struct

from mlci.core.config import Direction, Task
from mlci.core.measure import calibration, confusion, custom_metrics, ranking
from mlci.core.measure.cells import Floats
from mlci.core.measure.predictions import Predictions
from mlci.errors import ConfigError, WorldError

_BINARY = frozenset({Task.BINARY})
_CLASSES = frozenset({Task.BINARY, Task.MULTICLASS})
_REGRESSION = frozenset({Task.REGRESSION})


class OfCounts(Struct, frozen=True, kw_only=True):
    """A function of the confusion matrix, over any number of matrices at once.

    `among` names the class whose rows the metric is a plain proportion of, for exact tests:
    True for positives, False for negatives; None with `proportion` is all rows. A share of `selected`
    rows is one too, but of other rows in another model.
    """

    compute: Callable[[Floats], Floats]
    proportion: bool = False
    among: bool | None = None
    selected: bool = False


class OfMean(Struct, frozen=True, kw_only=True):
    """The mean of a loss of each row."""

    loss: Callable[[Predictions], Floats]


class OfOrder(Struct, frozen=True, kw_only=True):
    """The area under the ROC curve; for several classes, the mean of each against the rest."""


class OfInfluence(Struct, frozen=True, kw_only=True):
    """A smooth function of all rows: its value, and how much each row moves it (these sum to zero).

    A function of the rows at the top says with `excess` how much greater it may be, on average, than of many.
    """

    compute: Callable[[Predictions], tuple[float, Floats]]
    excess: Callable[[Predictions], float] | None = None


class OfSums(Struct, frozen=True, kw_only=True):
    """A function, of any kind, of a few sums over rows: what each row adds, and `[..., sum]` to the value.

    A function that noise alone makes greater says with `quiet` what its sums may be without: given them,
    and their standard errors. Its interval is then of the value without noise.
    """

    parts: Callable[[Predictions], Floats]
    compute: Callable[[Floats], Floats]
    quiet: Callable[[Floats, Floats], Floats] | None = None


class OfRows(Struct, frozen=True, kw_only=True):
    """Any other function of rows and their weights, prepared once for many weights; by far the slowest."""

    prepare: Callable[[Predictions], Callable[[Floats], float]]


Arithmetic = OfCounts | OfMean | OfOrder | OfInfluence | OfSums | OfRows


class Metric(Struct, frozen=True, kw_only=True):
    """A named metric: the tasks it fits, which way is better, how it is computed, and where it can lie."""

    name: str
    title: str
    tasks: frozenset[Task]
    direction: Direction
    arithmetic: Arithmetic
    least: float = -inf
    most: float = inf


def find(name: str, task: Task, where: str = "") -> Metric:
    """The metric of a name, of an alias, or of a package that brings it.

    Raises ConfigError naming those that fit the task.
    """
    metric = METRICS.get(ALIASES.get(name, name)) or custom_metrics.load(name, Metric)
    if metric is not None and task in metric.tasks:
        return metric
    fitting = sorted(each.name for each in METRICS.values() if task in each.tasks)
    fitting += custom_metrics.names()
    import difflib

    near = difflib.get_close_matches(name, fitting, n=1)
    why = f"is not for {task.value} models" if metric is not None else "is not a metric that mlci computes"
    raise ConfigError(
        f"{name!r} {why}" + (f"; did you mean {near[0]!r}?" if near else ""),
        id="metric-unknown",
        where=where,
        help=f"one of {', '.join(fitting)}; or declare where its value stands with `from: FILE#/key`",
    )


# What overflows or has no denominator is a value that is not finite, and is told as that.
@np.errstate(all="ignore")
def value(metric: Metric, one: Predictions) -> float:
    """The point value of a metric; not finite where it is not defined (an AUC of one class, weights of 0)."""
    return _value(metric.arithmetic, one, weights(one)) if weights(one).any() else nan


def _value(arithmetic: Arithmetic, one: Predictions, weight: Floats) -> float:
    match arithmetic:
        case OfCounts(compute=compute):
            return float(compute(confusion.matrix(one)))
        case OfMean(loss=loss):
            return float((weight * loss(one)).sum() / weight.sum())
        case OfOrder():
            return area_with_influence(one)[0]
        case OfInfluence(compute=measure):
            return measure(one)[0]
        case OfSums(parts=parts, compute=of_sums):
            return float(of_sums(parts(one).sum(axis=0)))
        case OfRows(prepare=prepare):
            return prepare(one)(weight)


def is_proportion(metric: Metric) -> bool:
    """Whether a metric is a share of rows that are the same in every model."""
    return isinstance(metric.arithmetic, OfCounts) and metric.arithmetic.proportion


def is_smooth(metric: Metric) -> bool:
    """Whether each row's influence on it is known."""
    return isinstance(metric.arithmetic, OfMean | OfOrder | OfInfluence)


def weights(one: Predictions) -> Floats:
    """The weight of each row, 1 where none is declared."""
    return np.ones(len(one)) if one.weight is None else one.weight


def area_with_influence(one: Predictions) -> tuple[float, Floats]:
    """The area under the ROC curve and each row's influence; a mean over classes of a multiclass task."""
    scores, weight = _scores(one), weights(one)
    if scores.ndim == 1:
        return ranking.auc_with_influence(one.truth == 1, scores, weight)
    parts = [
        ranking.auc_with_influence(one.truth == code, scores[:, code], weight)
        for code in range(len(one.classes))
    ]
    return float(np.mean([area for area, _ in parts])), np.mean([influence for _, influence in parts], axis=0)


def _scores(one: Predictions) -> Floats:
    if one.scores is None:
        raise WorldError(
            "this metric needs scores, and the predictions have none",
            id="predictions-invalid",
            help="write a score column (multiclass: one for each class) and name it under `columns:`",
        )
    return one.scores


def _probabilities(one: Predictions) -> Floats:
    """The probability of each class, one column each."""
    scores = _scores(one)
    if scores.min() < 0 or scores.max() > 1:
        raise WorldError(
            "the scores are no probabilities: some lie outside 0 to 1",
            id="predictions-invalid",
            help="write probabilities, or use a metric of the order alone, such as roc_auc",
        )
    return scores if scores.ndim == 2 else np.column_stack([1 - scores, scores])


def _log_loss(one: Predictions) -> Floats:
    """The loss of each row, of shares that add up to 1 but for their rounding."""
    smallest = np.finfo(np.float64).eps
    shares = _probabilities(one)
    sums = shares.sum(axis=1, keepdims=True)
    # As far as two decimals of each class can be off.
    off = int(np.count_nonzero(np.abs(sums - 1) > 0.005 * shares.shape[1] + 1e-9))
    if off:
        raise WorldError(
            f"the scores of {off} rows are no probabilities: over the classes they do not add up to 1",
            id="predictions-invalid",
            help="write probabilities that add up to 1, or use a metric of the order alone, such as roc_auc",
        )
    shares = shares / sums
    chosen = np.clip(shares, smallest, 1 - smallest)[np.arange(len(one)), one.truth]
    return np.asarray(-np.log(chosen))


def _brier(one: Predictions) -> Floats:
    shares = _probabilities(one)
    if shares.shape[1] == 2:
        return np.asarray((shares[:, 1] - one.truth) ** 2)
    happened = np.eye(len(one.classes))[one.truth]
    return np.asarray(((shares - happened) ** 2).sum(axis=1))


def _absolute(one: Predictions) -> Floats:
    return np.asarray(np.abs(one.truth - one.label))


def _squared(one: Predictions) -> Floats:
    return np.asarray((one.truth - one.label) ** 2)


def _relative(one: Predictions) -> Floats:
    return np.asarray(_absolute(one) / np.maximum(np.abs(one.truth), np.finfo(np.float64).eps))


def _rmse(one: Predictions) -> tuple[float, Floats]:
    squared, share = _squared(one), weights(one) / weights(one).sum()
    root = float(np.sqrt(share @ squared))
    return root, np.asarray(share * (squared - root**2) / (2 * root) if root else np.zeros(len(one)))


def _r2(one: Predictions) -> tuple[float, Floats]:
    squared, weight = _squared(one), weights(one)
    # Moved to the middle first, so that squares of large values do not cancel.
    truth = one.truth - one.truth.mean()
    apart = (truth - (weight @ truth) / weight.sum()) ** 2
    spread, left = float(weight @ apart), float(weight @ squared)
    # All the same but for the last digits: there is no spread that could be explained.
    if spread <= weight.sum() * (8 * np.finfo(np.float64).eps * np.abs(one.truth).max()) ** 2:
        return (0.0 if left else 1.0), np.full(len(one), nan)
    return 1 - left / spread, np.asarray(weight * (apart * left / spread - squared) / spread)


def _average_precision(one: Predictions) -> tuple[float, Floats]:
    return ranking.average_precision_with_influence(one.truth == 1, _scores(one), weights(one))


def _own_count(one: Predictions) -> float:
    unit = None if one.cluster is None else np.unique(one.cluster, return_inverse=True)[1]
    return ranking.average_precision_excess(one.truth == 1, _scores(one), weights(one), unit)


def _gaps(one: Predictions) -> Floats:
    """For each row its weight, and in the column of its bin what happened less what was said."""
    shares = _probabilities(one)
    if shares.shape[1] == 2:
        said, happened = shares[:, 1], (one.truth == 1).astype(np.float64)
    else:
        said, happened = shares.max(axis=1), (shares.argmax(axis=1) == one.truth).astype(np.float64)
    parts = np.zeros((len(one), calibration.BINS + 1))
    parts[:, -1] = weights(one)
    parts[np.arange(len(one)), calibration.bin_of(said)] = weights(one) * (happened - said)
    return parts


def _quiet_gaps(sums: Floats, errors: Floats) -> Floats:
    """Without the gaps that chance explains."""
    gaps = np.where(np.abs(sums) < 2 * errors, 0.0, sums)
    gaps[..., -1] = sums[..., -1]
    return np.asarray(gaps)


def _calibration_error(sums: Floats) -> Floats:
    return np.asarray(np.abs(sums[..., :-1]).sum(axis=-1) / sums[..., -1])


def _counts(
    name: str,
    title: str,
    compute: Callable[[Floats], Floats],
    tasks: frozenset[Task] = _CLASSES,
    *,
    direction: Direction = Direction.HIGHER,
    proportion: bool = False,
    among: bool | None = None,
    selected: bool = False,
    least: float = 0.0,
) -> Metric:
    return Metric(
        name=name,
        title=title,
        tasks=tasks,
        direction=direction,
        arithmetic=OfCounts(compute=compute, proportion=proportion, among=among, selected=selected),
        least=least,
        most=1.0,
    )


def _mean(name: str, title: str, loss: Callable[[Predictions], Floats], tasks: frozenset[Task]) -> Metric:
    return _other(name, title, OfMean(loss=loss), tasks, Direction.LOWER, least=0.0)


def _other(
    name: str,
    title: str,
    arithmetic: Arithmetic,
    tasks: frozenset[Task],
    direction: Direction = Direction.HIGHER,
    *,
    least: float = -inf,
    most: float = inf,
) -> Metric:
    return Metric(
        name=name,
        title=title,
        tasks=tasks,
        direction=direction,
        arithmetic=arithmetic,
        least=least,
        most=most,
    )


_ALL = (
    _counts("accuracy", "Accuracy", confusion.accuracy, proportion=True),
    _counts("balanced_accuracy", "Balanced accuracy", confusion.balanced_accuracy),
    _counts("precision", "Precision", confusion.precision, _BINARY, selected=True),
    _counts("recall", "Recall", confusion.recall, _BINARY, proportion=True, among=True),
    _counts("specificity", "Specificity", confusion.specificity, _BINARY, proportion=True, among=False),
    _counts(
        "fpr", "False positive rate", confusion.false_positive_rate, _BINARY,
        direction=Direction.LOWER, proportion=True, among=False,
    ),
    _counts("f1", "F1", confusion.f1, _BINARY),
    _counts("f1_macro", "F1, macro", confusion.f1_macro),
    _counts("f1_weighted", "F1, weighted", confusion.f1_weighted),
    _counts("precision_macro", "Precision, macro", confusion.precision_macro),
    _counts("recall_macro", "Recall, macro", confusion.recall_macro),
    _counts("mcc", "Matthews correlation", confusion.matthews, least=-1.0),
    _other("roc_auc", "ROC AUC", OfOrder(), _CLASSES, least=0.0, most=1.0),
    _other(
        "pr_auc", "Average precision", OfInfluence(compute=_average_precision, excess=_own_count), _BINARY,
        least=0.0, most=1.0,
    ),
    _mean("log_loss", "Log loss", _log_loss, _CLASSES),
    _mean("brier", "Brier score", _brier, _CLASSES),
    _other(
        "ece", "Expected calibration error",
        OfSums(parts=_gaps, compute=_calibration_error, quiet=_quiet_gaps), _CLASSES,
        Direction.LOWER, least=0.0, most=1.0,
    ),
    _mean("mae", "Mean absolute error", _absolute, _REGRESSION),
    _mean("mse", "Mean squared error", _squared, _REGRESSION),
    _mean("mape", "Mean absolute percentage error", _relative, _REGRESSION),
    _other(
        "rmse", "Root mean squared error", OfInfluence(compute=_rmse), _REGRESSION, Direction.LOWER, least=0.0
    ),
    _other("r2", "R²", OfInfluence(compute=_r2), _REGRESSION, most=1.0),
)  # fmt: skip

METRICS: Mapping[str, Metric] = {metric.name: metric for metric in _ALL}

ALIASES: Mapping[str, str] = {
    "auc": "roc_auc",
    "average_precision": "pr_auc",
    "tpr": "recall",
    "sensitivity": "recall",
    "tnr": "specificity",
    "false_positive_rate": "fpr",
    "matthews_corrcoef": "mcc",
    "brier_score": "brier",
    "mean_absolute_error": "mae",
    "mean_squared_error": "mse",
    "root_mean_squared_error": "rmse",
    "mean_absolute_percentage_error": "mape",
}
