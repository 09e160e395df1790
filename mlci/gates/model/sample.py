"""What some rows of predictions can tell: each metric with its interval, if they are enough."""

from collections.abc import Iterator, Sequence

from mlci.core.finding import Finding, Status
from mlci.core.measure.enough import denominators, enough
from mlci.core.measure.measured import own
from mlci.core.measure.metrics import Metric
from mlci.core.measure.predictions import Predictions
from mlci.core.measure.stats import ENOUGH
from mlci.errors import MlciError
from mlci.gates.model.judge import Bound, Measured, judged
from mlci.gates.readable import unreadable


def measure(rows: Predictions, metric: Metric) -> Measured:
    """A metric's value with its own interval, as a diff tells it. Raises MlciError where it has none."""
    found = own(rows, [metric])[metric.name]
    if isinstance(found, MlciError):
        raise found
    return Measured(point=found.value, interval=found.interval, n=len(rows))


def told(
    check: str, subject: str, rows: Predictions, metric: Metric, bounds: Sequence[Bound]
) -> Iterator[Finding]:
    """The findings on a metric of some rows; that it cannot be computed is said of it alone."""
    try:
        yield from judged(check, subject, bounds, measure(rows, metric))
    except MlciError as error:
        yield unreadable(check, subject, error)


def short(rows: Predictions, metric: Metric) -> bool:
    """Whether a denominator of a metric is below what a gate may believe."""
    return not enough(metric, rows)


def insufficient(check: str, subject: str, rows: Predictions, metric: Metric, status: Status) -> Finding:
    """The finding on rows that are too few for a metric."""
    counts = denominators(metric, rows)
    said = " and ".join(f"{each.amount:g} {each.kind}" for each in counts)
    weighed = "" if rows.weight is None else ", counted by their weights,"
    needed = f"at least {ENOUGH}{' of each' * (len(counts) > 1)} are needed"
    return Finding(
        check=check,
        subject=subject,
        status=status,
        message=f"{said}{weighed} are insufficient: {needed}",
        n=len(rows),
        help="add test rows",
    )
