"""From a change to a verdict: the interval against the margin, the floors, and how much was looked at."""

from collections.abc import Callable, Mapping, Sequence
from math import copysign, isfinite
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mlci.core.config import Direction, Judge, Objective
from mlci.core.diff import LIKELY_WORSE, Floor, FloorStatus, MetricDiff, MetricVerdict
from mlci.core.finding import Interval
from mlci.core.measure.stats import (
    ENOUGH,
    ONE_SIDED,
    benjamini_hochberg,
    holm,
    normal_quantile,
    rows_to_settle,
)

if TYPE_CHECKING:
    from mlci.core.measure.compare import Change
    from mlci.core.measure.enough import Denominator
    from mlci.core.measure.spread import Spread


FEW = f"it rests on fewer than {ENOUGH} rows of a kind that it needs"
_UNSURE_MARGIN = "the margin is a share of base, which is uncertain too"

# A share of a number's own size that rounding alone may make.
TOLERANCE = 1e-12


class Measured(Struct, frozen=True, kw_only=True):
    """What is known of one metric of one subject before it is judged.

    A row with a `subject` is exploratory: its objective lends it the margin, and gates nothing. `base` is
    None without a baseline; `incomparable` says why base and head cannot be compared, `advice` what to do;
    `problem` why head has no value; `n` counts the pairs and `head_n` the rows of head's own value; `enough`
    says whether every denominator reaches the floor of 30, `scarcest` which of them is the smallest.
    """

    metric: str
    direction: Direction
    model: str | None = None
    subject: str | None = None
    objective: Objective | None = None
    base: float | None = None
    head: float | None = None
    change: "Change | None" = None
    head_interval: Interval | None = None
    n: int | None = None
    head_n: int | None = None
    enough: bool = True
    scarcest: "Denominator | None" = None
    incomparable: str = ""
    advice: str = ""
    problem: str = ""

    @property
    def margin(self) -> float | None:
        """How much it may drop, absolute; None where nothing is said, or base gives no measure."""
        allowed = None if self.objective is None else self.objective.may_drop
        if allowed is None:
            return None
        if not allowed.relative:
            return allowed.value
        return None if self.base is None else allowed.value * abs(self.base)

    @property
    def against(self) -> "Spread | None":
        """How head stands to the part of base that it has to keep; None where the margin is no share of it.

        Base is as uncertain as head, and a margin that is a share of it no less.
        """
        allowed = None if self.objective is None else self.objective.may_drop
        if allowed is None or not allowed.relative or not self.base:
            return None
        if self.change is None or self.change.beside is None:
            return None
        lost = copysign(allowed.value, self.base)
        return self.change.beside(1 - lost if self.direction is Direction.HIGHER else 1 + lost)

    @property
    def gated(self) -> bool:
        """Whether the gate follows this row."""
        objective = self.objective if self.subject is None else None
        return objective is not None and (
            objective.may_drop is not None
            or objective.at_least is not None
            or objective.at_most is not None
            or objective.exact
        )


class _Kept(Struct, frozen=True, kw_only=True):
    """Whether "worse than the margin" and "better" still hold when all that was looked at is counted.

    `strictness` is how much wider an interval the strictest of these tests amounts to.
    """

    worse: bool
    better: bool
    strictness: float = 1.0


def judge(measured: Sequence[Measured]) -> tuple[MetricDiff, ...]:
    """The verdict of every row, in the order given.

    Holm runs over the rows with a margin, Benjamini-Hochberg over the slices, each direction for itself.
    """
    tested = [at for at, one in enumerate(measured) if one.change and one.change.interval and one.enough]
    whole = [at for at in tested if measured[at].subject is None and measured[at].margin is not None]
    slices = [at for at in tested if measured[at].subject is not None]
    worse = _kept(holm, {at: _p_worse(measured[at]) for at in whole})
    worse |= _kept(benjamini_hochberg, {at: _p_worse(measured[at]) for at in slices})
    better = _kept(benjamini_hochberg, {at: _p_better(measured[at]) for at in slices})
    # Of the whole test set only what has a margin can be accused, so that nothing else is to be held.
    free = {at for at, one in enumerate(measured) if one.subject is None}
    worse |= free - set(whole)
    better |= free
    of_whole, of_slices = _strictness(len(whole)), _strictness(len(slices))
    return tuple(
        _judged(
            one,
            _Kept(
                worse=at in worse,
                better=at in better,
                strictness=of_whole if one.subject is None else of_slices,
            ),
        )
        for at, one in enumerate(measured)
    )


def _strictness(tests: int) -> float:
    return normal_quantile(1 - ONE_SIDED / tests) / normal_quantile(1 - ONE_SIDED) if tests > 1 else 1.0


def _kept(adjust: Callable[[Sequence[float]], Sequence[float]], p_values: Mapping[int, float]) -> set[int]:
    adjusted = adjust(list(p_values.values()))
    return {at for at, p in zip(p_values, adjusted, strict=True) if p <= ONE_SIDED}


def _p_worse(one: Measured) -> float:
    if (known := one.against) is not None:
        higher, limit = one.direction is Direction.HIGHER, _tolerance(one)
        return known.p_below(-limit) if higher else known.p_above(limit)
    limit = (one.margin or 0.0) + _tolerance(one)
    return 1.0 if one.change is None else one.change.p_beyond(limit, one.direction)


def _p_better(one: Measured) -> float:
    other = Direction.LOWER if one.direction is Direction.HIGHER else Direction.HIGHER
    return 1.0 if one.change is None else one.change.p_beyond(0.0, other)


def _judged(one: Measured, kept: _Kept) -> MetricDiff:
    change, interval = one.change, None if one.change is None else one.change.interval
    verdict, note = _verdict(one, interval, kept)
    row = MetricDiff(
        metric=one.metric,
        direction=one.direction,
        model=one.model,
        subject=one.subject,
        base=_finite(one.base),
        head=_finite(one.head),
        head_interval=_whole(one.head_interval),
        difference=_difference(one),
        interval=interval,
        margin=one.margin,
        verdict=verdict,
        floors=_floors(one),
        note=note,
        advice=one.advice,
        problem=one.problem or _no_value(one),
        n=one.n,
        head_n=one.head_n,
        p_value=None if change is None else change.p_value,
        gated=one.gated,
    )
    # The same predictions twice say nothing about what a difference would look like, nor do too few rows.
    known = None if change is None or not one.enough else change.known
    smallest = None if known is None else known.noticeable()
    if interval is None or smallest is None:
        return row
    needed = _settling(one, interval, kept) if verdict is MetricVerdict.INCONCLUSIVE else None
    return replace(row, noticeable=smallest, rows_needed=needed)


def _settling(one: Measured, interval: Interval, kept: _Kept) -> int | None:
    """The rows that would tell on which side of the margin a difference such as this one lies."""
    difference = _difference(one)
    if one.margin is None or one.n is None or difference is None:
        return None
    low, high = _beside_margin(one, interval)
    gain = difference if one.direction is Direction.HIGHER else -difference
    gap = gain + one.margin
    # An accusation must also stand when all that was looked at is counted.
    half = gain - low if gap >= 0 else (high - gain) * kept.strictness
    return rows_to_settle(one.n, half, abs(gap))


def _verdict(one: Measured, interval: Interval | None, kept: _Kept) -> tuple[MetricVerdict | None, str]:
    if one.incomparable:
        return MetricVerdict.NOT_COMPARABLE, one.incomparable
    if one.base is None or _gap(one) is None:
        return None, "no baseline" if one.base is None else ""
    if one.objective is not None and one.objective.exact:
        return _exact(one), "compared exactly"
    if interval is None:
        return (None if one.margin is None else MetricVerdict.INCONCLUSIVE), "point values only"
    if not one.enough:
        return MetricVerdict.INSUFFICIENT, FEW if one.scarcest is None else one.scarcest.told
    return _known(one, interval, kept)


def _known(one: Measured, interval: Interval, kept: _Kept) -> tuple[MetricVerdict | None, str]:
    plain, judged = _turned(interval, one.direction), _beside_margin(one, interval)
    margin = None if one.margin is None else one.margin + _tolerance(one)
    verdict, note = _by_interval(plain, judged, margin, kept)
    if margin is not None and verdict is MetricVerdict.INCONCLUSIVE and plain[0] >= -margin:
        return verdict, _UNSURE_MARGIN
    return verdict, note


def _beside_margin(one: Measured, interval: Interval) -> tuple[float, float]:
    """Where the change may lie, better upwards, as it is held against the margin."""
    known = one.against
    if known is None or one.margin is None:
        return _turned(interval, one.direction)
    low, high = _turned(known.interval(), one.direction)
    return low - one.margin, high - one.margin


def _tolerance(one: Measured) -> float:
    """How far beyond its limit a number may lie for no other reason than that it is a float."""
    return TOLERANCE * max(1.0, abs(one.base or 0.0), abs(one.head or 0.0))


def _by_interval(
    plain: tuple[float, float], judged: tuple[float, float], margin: float | None, kept: _Kept
) -> tuple[MetricVerdict | None, str]:
    worse, (low, high) = plain[1] < 0, judged
    if plain[0] > 0 and kept.better:
        return MetricVerdict.IMPROVED, ""
    if margin is None:
        return None, LIKELY_WORSE if worse and kept.worse else ""
    if low >= -margin:
        return MetricVerdict.WITHIN_MARGIN, "slightly worse" if worse else ""
    if high < -margin and kept.worse:
        return MetricVerdict.REGRESSED, ""
    return MetricVerdict.INCONCLUSIVE, LIKELY_WORSE if worse else ""


def _exact(one: Measured) -> MetricVerdict:
    gap, margin = _gap(one), one.margin or 0.0
    if gap is None:
        return MetricVerdict.NOT_COMPARABLE
    gain = gap if one.direction is Direction.HIGHER else -gap
    if gain > 0:
        return MetricVerdict.IMPROVED
    return MetricVerdict.WITHIN_MARGIN if gain >= -margin - _tolerance(one) else MetricVerdict.REGRESSED


def _turned(interval: Interval, direction: Direction) -> tuple[float, float]:
    if direction is Direction.HIGHER:
        return interval.low, interval.high
    return -interval.high, -interval.low


def _difference(one: Measured) -> float | None:
    """Head minus base where that is a number: of two that are it need not be one."""
    return _finite(_gap(one))


def _gap(one: Measured) -> float | None:
    if one.change is not None:
        return _finite(one.change.difference)
    base, head = _finite(one.base), _finite(one.head)
    return None if base is None or head is None or one.incomparable else head - base


def _finite(number: float | None) -> float | None:
    return number if number is not None and isfinite(number) else None


def _no_value(one: Measured) -> str:
    if not one.gated or _finite(one.head) is not None:
        return ""
    return "head has no value" if one.head is None else "head's value is not a finite number"


def _whole(interval: Interval | None) -> Interval | None:
    """An interval that has both ends."""
    return interval if interval and isfinite(interval.low) and isfinite(interval.high) else None


def _floors(one: Measured) -> tuple[Floor, ...]:
    objective, head = one.objective, _finite(one.head)
    if objective is None or head is None or one.subject is not None:
        return ()
    sides = ((objective.at_least, Direction.HIGHER), (objective.at_most, Direction.LOWER))
    interval = one.head_interval
    return tuple(
        Floor(
            limit=limit,
            direction=direction,
            status=_floor_status(head, interval, limit, direction, objective.judge),
            rows_needed=_rows_to_be_sure(one, head, limit, direction),
        )
        for limit, direction in sides
        if limit is not None
    )


def _rows_to_be_sure(one: Measured, head: float, limit: float, direction: Direction) -> int | None:
    """The rows of which the interval would lie on one side of the limit, where it lies on both."""
    interval, rows = one.head_interval, one.n if one.head_n is None else one.head_n
    if interval is None or rows is None or not interval.low < limit < interval.high:
        return None
    end = interval.low if direction is Direction.HIGHER else interval.high
    return rows_to_settle(rows, abs(head - end), abs(head - limit))


def _floor_status(
    head: float, interval: Interval | None, limit: float, direction: Direction, judge: Judge
) -> FloorStatus:
    low, high = (head, head) if interval is None else (interval.low, interval.high)
    if direction is Direction.LOWER:
        head, low, limit = -head, -high, -limit
    if head < limit or (judge is Judge.INTERVAL and low < limit):
        return FloorStatus.MISSED
    return FloorStatus.STRADDLED if low < limit else FloorStatus.MET
