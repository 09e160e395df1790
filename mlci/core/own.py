"""A model's own metrics on all its rows: the one answer that gates, floors and reports give."""

from collections.abc import Mapping, Sequence
from math import isfinite

from msgspec import Struct

from mlci.core.compare import Change, compare
from mlci.core.finding import Interval
from mlci.core.metrics import METRICS, Metric, OfCounts
from mlci.core.predictions import Paired, Predictions
from mlci.errors import MlciError, WorldError

BROKEN = "metric-broken"


class Own(Struct, frozen=True, kw_only=True, eq=False):
    """A metric's value on some rows, with its interval where it has both ends."""

    value: float
    interval: Interval | None


def own(rows: Predictions, metrics: Sequence[Metric]) -> Mapping[str, Own | MlciError]:
    """The value of each metric, by name: that of head in a comparison with itself. Else why it has none."""
    found = changes(Paired(base=rows, head=rows), metrics)
    return {
        name: each
        if isinstance(each, MlciError)
        else Own(value=each.head, interval=_whole(each.head_interval))
        for name, each in found.items()
    }


def changes(paired: Paired, metrics: Sequence[Metric]) -> Mapping[str, Change | MlciError]:
    """The change of each metric, by name, or why it cannot be computed from these columns."""
    # Counts are drawn once for all of them, and no column can be wrong for one of ours.
    together = [each for each in metrics if METRICS.get(each.name) is each and _is_of_counts(each)]
    found: dict[str, Change | MlciError] = dict(compare(paired, together))
    return found | {each.name: _alone(paired, each) for each in metrics if each.name not in found}


def _is_of_counts(metric: Metric) -> bool:
    return isinstance(metric.arithmetic, OfCounts)


def _alone(paired: Paired, metric: Metric) -> Change | MlciError:
    """A metric's change; one that others brought may fail as it likes, also on resampled rows only."""
    try:
        return compare(paired, [metric])[metric.name]
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


def _whole(interval: Interval | None) -> Interval | None:
    known = interval is not None and isfinite(interval.low) and isfinite(interval.high)
    return interval if known else None
