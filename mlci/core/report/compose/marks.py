"""The mark at a difference that is not what the values beside it give, and the line that says why."""

from collections.abc import Iterator, Sequence

from mlci.core.diff import Diff, MetricDiff, Pairing
from mlci.core.report import Paragraph, code, words
from mlci.core.wording import count

MARK = "†"


def mark_of(metric: MetricDiff, diff: Diff) -> str:
    """Return the mark of a row whose values are not all of the rows that each side has."""
    apart = metric.difference is not None and metric.n is not None
    return MARK if apart and any(each.model == metric.model for each in _marked(diff)) else ""


def explained(metrics: Sequence[MetricDiff], diff: Diff, base: str) -> Iterator[Paragraph]:
    """Yield what the mark means, once for each model that has it; `base` heads the column of its values."""
    told = {each.model for each in metrics if mark_of(each, diff)}
    for each in _marked(diff):
        if each.model in told:
            yield Paragraph(text=(*words(f"{MARK} "), *code(each.model), *words(f": {_why(each, base)}.")))


def _marked(diff: Diff) -> Iterator[Pairing]:
    """What was not compared by each side's own rows and weights."""
    apart = (each for each in diff.pairings if each.comparable)
    return (each for each in apart if each.rescored or each.weights_differ or not each.whole)


def _why(pairing: Pairing, base: str) -> str:
    found = [_of_base(pairing, base), _of_head(pairing)]
    if pairing.weights_differ and not pairing.rescored:
        found.append("this change's value has its own weights, the difference the base's")
    sums = ", so they do not add up" if found[1:] != [""] else ""
    return "; ".join(filter(None, found)) + sums


def _of_base(pairing: Pairing, base: str) -> str:
    if pairing.rescored:
        return f"{base}'s value is of its model scored anew on this change's test set"
    if pairing.whole:
        return ""
    rows = f"the {count(pairing.rows, 'row')} that both have"
    own = "" if pairing.rows == pairing.base_rows else f" ({base} has {pairing.base_rows:,})"
    return f"the difference and {base}'s value are of {rows}{own}"


def _of_head(pairing: Pairing) -> str:
    if pairing.rows == pairing.head_rows:
        return ""
    return f"this change's value is of all its {pairing.head_rows:,}"
