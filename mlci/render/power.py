"""What a test set can resolve, in sentences for somebody who has to decide, not to calculate."""

from collections.abc import Iterator, Sequence

from mlci.core.columns import fitted
from mlci.core.config import Direction
from mlci.core.measure.power import LeftOut, Power
from mlci.core.printable import printable
from mlci.core.wording import NOTHING as NO_MARGIN
from mlci.core.wording import count, estimate, number, stated

WIDTH = 80
NOTHING = (
    "There is nothing to say: no model declares predictions that can be read, none has a metric, or of each "
    "metric there are fewer than 30 rows of a kind that it needs (`mlci explain insufficient`)."
)
MARK = "≈"
APART = (
    f"Where {MARK} stands, no two models were measured that answer otherwise on those rows, so the figure is "
    "that of two models that have nothing in common: where they resemble each other, smaller changes are "
    "noticed."
)


def sentences(found: Sequence[Power], left_out: Sequence[LeftOut] = (), *, width: int = WIDTH) -> list[str]:
    """What the numbers mean for whoever reads them: of each whole test set, and of the weakest slice.

    Then what is missing among them, and why.
    """
    whole = [each for each in found if each.subject is None]
    told = [*_whole(whole), *_weakest(found)]
    told += [APART] if found and not all(each.paired for each in found) else []
    told += _missing(left_out)
    return [line for each in told or [NOTHING] for line in fitted(printable(each), width)]


def _whole(found: Sequence[Power]) -> Iterator[str]:
    """One sentence a metric; the rows, and how often, are said with the first of each model."""
    said: set[tuple[str, int, bool]] = set()
    for one in found:
        change = f"a true {_worsening(one)} of {_amount(one)} or more in {one.metric}"
        if (key := (one.model, one.rows, one.paired)) in said:
            yield f"Likewise {change}{_margin(one)}."
            continue
        said.add(key)
        rows = f"With the {count(one.rows, 'row')} of {one.model}"
        yield f"{rows} {change} would be noticed 4 times out of 5{_margin(one)}."


def amount(one: Power) -> str:
    """The change that is noticed, marked where it is learnt from no two models."""
    return f"{'' if one.paired else f'{MARK} '}{number(one.noticeable)}"


def margin_of(one: Power) -> str:
    """The margin as the file says it; one that was computed from a share of base, to four figures."""
    if one.margin is None:
        return NO_MARGIN
    return stated(one.margin) if one.of_base is None else number(float(f"{one.margin:.4g}"))


def _margin(one: Power) -> str:
    if one.margin is None:
        return ""
    share = "" if one.of_base is None else f"{100 * one.of_base:.4g}% of base, "
    accepted = f"; mlci.yaml accepts {share}{margin_of(one)}"
    if one.enough:
        return f"{accepted}, so these rows are enough"
    rows = "more rows" if one.needed is None else f"about {estimate(one.needed):,} rows"
    return f"{accepted}, and to notice no more than that takes {rows}"


def _weakest(found: Sequence[Power]) -> Iterator[str]:
    """Of each metric that has slices, where least is noticed; the first metric is enough."""
    first = next((each.metric for each in found if each.subject), None)
    slices = [each for each in found if each.subject and each.metric == first]
    if slices:
        one = max(slices, key=lambda each: each.noticeable)
        yield (
            f"In slices less is noticed: in {one.subject} ({count(one.rows, 'row')}) a {_worsening(one)} in "
            f"{one.metric} only from {_amount(one)} on."
        )


def _missing(left_out: Sequence[LeftOut]) -> Iterator[str]:
    """Each metric that is left out, with the parts of the test set that it is left out of for one reason."""
    alike: dict[tuple[str, str, str], list[str]] = {}
    for one in left_out:
        alike.setdefault((one.model, one.metric, one.why), []).append(one.subject or "")
    for (model, metric, why), subjects in alike.items():
        parts = f" in {', '.join(subjects)}" if all(subjects) else ""
        yield f"Nothing can be said of {metric} of {model}{parts}: {why}."


def _amount(one: Power) -> str:
    exact = amount(one)
    return f"{100 * one.noticeable:.2g} points ({exact})" if one.share else exact


def _worsening(one: Power) -> str:
    return "drop" if one.direction is Direction.HIGHER else "rise"
