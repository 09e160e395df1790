"""What a row or a whole diff amounts to by its findings, as every command decides."""

from mlci.core.diff import Diff, MetricDiff, Occasion
from mlci.core.diff.findings import findings
from mlci.core.finding import Verdict, verdict_of


def blocks(told: Diff | MetricDiff, occasion: Occasion) -> bool:
    """Whether it is red on this occasion."""
    return _verdict(told, occasion) is Verdict.FAILED


def warns(told: Diff | MetricDiff) -> bool:
    """Whether a reader must look at it although a pull request may be merged."""
    return _verdict(told, Occasion.PULL_REQUEST) is Verdict.WARNED


def _verdict(told: Diff | MetricDiff, occasion: Occasion) -> Verdict:
    whole = told if isinstance(told, Diff) else Diff(base=None, head=None, metrics=(told,))
    return verdict_of(findings(whole, occasion))
