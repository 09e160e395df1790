"""What metrics say of a model, or why one of them says nothing: those of others may fail as they like."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from mlci.core.measure import compare
from mlci.core.measure.compare import Change, Own
from mlci.core.measure.metrics import METRICS, Metric, OfCounts
from mlci.core.measure.predictions import Paired, Predictions
from mlci.errors import MlciError, WorldError

BROKEN = "metric-broken"

T = TypeVar("T")
_Compute = Callable[[Sequence[Metric]], Mapping[str, T]]


def own(rows: Predictions, metrics: Sequence[Metric]) -> Mapping[str, Own | MlciError]:
    """The value of each metric, by name, with its interval: the one answer of gates, floors and reports."""
    return _each(metrics, lambda some: compare.own(rows, some))


def changes(paired: Paired, metrics: Sequence[Metric]) -> Mapping[str, Change | MlciError]:
    """The change of each metric, by name, or why it cannot be computed from these columns."""
    return _each(metrics, lambda some: compare.compare(paired, some))


def _each(metrics: Sequence[Metric], compute: _Compute[T]) -> Mapping[str, T | MlciError]:
    # Counts are drawn once for all of them, and no column can be wrong for one of ours.
    together = [each for each in metrics if METRICS.get(each.name) is each and _is_of_counts(each)]
    found: dict[str, T | MlciError] = dict(compute(together))
    return found | {each.name: _alone(each, compute) for each in metrics if each.name not in found}


def _is_of_counts(metric: Metric) -> bool:
    return isinstance(metric.arithmetic, OfCounts)


def _alone(metric: Metric, compute: _Compute[T]) -> T | MlciError:
    """What one metric says; one that others brought may also fail on resampled rows only."""
    try:
        return compute([metric])[metric.name]
    except MlciError as error:
        return error
    except Exception as error:
        if metric.name in METRICS:
            raise
        return WorldError(
            f"{metric.name} failed: {type(error).__name__}: {error}"[:300],
            id=BROKEN,
            help="mend the package that brings it; of resampled rows some have the weight 0",
        )
