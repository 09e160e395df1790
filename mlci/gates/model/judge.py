"""How a value stands to its floor or ceiling, with what is known about its uncertainty."""

import math
from collections.abc import Iterator, Sequence

from msgspec import Struct

from mlci.core.config import Direction, Judge, Objective
from mlci.core.finding import Finding, Interval, Status
from mlci.core.measure.stats import rows_to_settle
from mlci.core.narrow import NARROWLY, advice
from mlci.core.wording import decimals_beside, number, stated


class Measured(Struct, frozen=True, kw_only=True):
    """A value, its interval where there is one, and the rows it was computed from."""

    point: float
    interval: Interval | None = None
    n: int | None = None

    @property
    def defined(self) -> bool:
        """Whether there is a value at all: an AUC of one class is none."""
        return math.isfinite(self.point)

    @property
    def told(self) -> str:
        """The value and its interval, as people read them."""
        return self.beside(())

    def beside(self, limits: Sequence[float]) -> str:
        """The same with as many decimals as keep them on the side of each limit where they lie."""
        if not self.defined:
            return "not defined on these rows"
        ends = (self.interval.low, self.interval.high) if self.interval else ()
        decimals = decimals_beside((self.point, *ends), limits)
        shown, *around = (number(each, decimals=decimals) for each in (self.point, *ends))
        return f"{shown} ({' to '.join(around)})" if around else shown


class Bound(Struct, frozen=True, kw_only=True):
    """A floor (higher is better) or a ceiling (lower is better)."""

    limit: float
    direction: Direction
    judge: Judge = Judge.POINT

    @property
    def expected(self) -> str:
        """The rule in words."""
        return f"at {'least' if self.direction is Direction.HIGHER else 'most'} {stated(self.limit)}"

    def holds(self, value: float) -> bool:
        """Whether a value satisfies it; NaN never does."""
        return value >= self.limit if self.direction is Direction.HIGHER else value <= self.limit

    def status(self, measured: Measured) -> Status:
        """Beyond the limit fails; an interval that crosses it warns, or fails where that is asked for."""
        if not measured.defined or not self.holds(measured.point):
            return Status.FAIL
        if measured.interval is None:
            return Status.PASS
        higher = self.direction is Direction.HIGHER
        if self.holds(measured.interval.low if higher else measured.interval.high):
            return Status.PASS
        return Status.FAIL if self.judge is Judge.INTERVAL else Status.WARN


def bounds_of(objective: Objective) -> Iterator[Bound]:
    """The floor and the ceiling that an objective states."""
    if objective.at_least is not None:
        yield Bound(limit=objective.at_least, direction=Direction.HIGHER, judge=objective.judge)
    if objective.at_most is not None:
        yield Bound(limit=objective.at_most, direction=Direction.LOWER, judge=objective.judge)


def held(check: str, subject: str, bound: Bound, measured: Measured) -> Finding:
    """The finding on a value that is held against a bound."""
    status = bound.status(measured)
    crosses = status is not Status.PASS and measured.defined and bound.holds(measured.point)
    judged = "the interval crosses the limit" if status is Status.FAIL else NARROWLY
    unsure = f"; {judged}" if crosses else ""
    return Finding(
        check=check,
        subject=subject,
        status=status,
        message=f"{measured.beside((bound.limit,))}, expected {bound.expected}{unsure}",
        observed=measured.point if measured.defined else None,
        expected=bound.expected,
        interval=measured.interval,
        n=measured.n,
        help=_help(status, bound, measured),
    )


def _help(status: Status, bound: Bound, measured: Measured) -> str | None:
    if status is Status.FAIL:
        return "improve the model, or change the limit with a reason"
    if status is Status.PASS or measured.interval is None:
        return None
    higher, interval, point = bound.direction is Direction.HIGHER, measured.interval, measured.point
    end = interval.low if higher else interval.high
    rows = measured.n and rows_to_settle(measured.n, abs(point - end), abs(point - bound.limit))
    return advice("at_least" if higher else "at_most", point, end, rows)


def listed(check: str, subject: str, measured: Measured) -> Finding:
    """The finding on a value that nothing is held against."""
    return Finding(
        check=check,
        subject=subject,
        status=Status.PASS,
        message=measured.told,
        observed=measured.point if measured.defined else None,
        interval=measured.interval,
        n=measured.n,
    )


def judged(check: str, subject: str, bounds: Sequence[Bound], measured: Measured) -> Iterator[Finding]:
    """The findings on a value: one for each bound; it is only listed where there is none."""
    yield from (held(check, subject, bound, measured) for bound in bounds)
    if not bounds:
        yield listed(check, subject, measured)
