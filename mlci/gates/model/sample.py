"""What some rows of predictions can tell: each metric with its interval, if they are enough."""

import numpy as np

from mlci.core.compare import compare
from mlci.core.config import Task
from mlci.core.finding import Finding, Interval, Status
from mlci.core.metrics import Metric
from mlci.core.predictions import Paired, Predictions
from mlci.core.stats import ENOUGH
from mlci.gates.model.judge import Measured


def measure(rows: Predictions, metric: Metric) -> Measured:
    """A metric's value with its own interval: that of head in a comparison with itself."""
    change = compare(Paired(base=rows, head=rows), [metric])[metric.name]
    return Measured(point=float(change.head), interval=_finite(change.head_interval), n=len(rows))


def short(rows: Predictions) -> bool:
    """Whether a denominator is below what a gate may believe."""
    return min(_denominators(rows)) < ENOUGH


def insufficient(check: str, subject: str, rows: Predictions, status: Status) -> Finding:
    """The finding on rows that are too few."""
    counts = _denominators(rows)
    binary = len(counts) == 2
    said = f"{counts[0]} positives and {counts[1]} negatives" if binary else f"{counts[0]} rows"
    return Finding(
        check=check,
        subject=subject,
        status=status,
        message=f"{said} are insufficient: at least {ENOUGH}{' of each' * binary} are needed",
        n=len(rows),
        help="add test rows",
    )


def _denominators(rows: Predictions) -> tuple[int, ...]:
    if rows.task is not Task.BINARY:
        return (len(rows),)
    positives = int(np.count_nonzero(rows.truth == 1))
    return positives, len(rows) - positives


def _finite(interval: Interval | None) -> Interval | None:
    known = interval is not None and np.isfinite([interval.low, interval.high]).all()
    return interval if known else None
