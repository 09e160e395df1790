"""How far a difference may lie from the truth: an interval, and the p-values that agree with it.

Each kind keeps its promise exactly: the interval lies below a limit just when the p-value of "it does
not lie below" is at most 0.025.
"""

from math import hypot, inf, sqrt
from typing import Protocol

import numpy as np
from msgspec import Struct

from mlci.core.finding import Interval
from mlci.core.measure import stats
from mlci.core.measure.cells import Floats
from mlci.core.measure.tilted import Tilted

# Fewer draws than these beyond a limit only say "rarely"; how rarely, the normal tail says.
FEW_DRAWS = 10


class Spread(Protocol):
    """What is known of a difference."""

    @property
    def error(self) -> float:
        """The standard error."""
        ...

    def interval(self) -> Interval:
        """The 95 % interval."""
        ...

    def p_below(self, limit: float) -> float:
        """The one-sided p-value of "it does not lie below the limit"."""
        ...

    def p_above(self, limit: float) -> float:
        """The one-sided p-value of "it does not lie above the limit"."""
        ...

    def noticeable(self) -> float | None:
        """The smallest drop that would be noticed at 80 % power; None where nothing is known of it."""
        ...

    def rows_needed(self, rows: int, margin: float) -> int | None:
        """The rows that show "not worse than the margin" for equal models; None where nothing tells."""
        ...


class Sides(Struct, frozen=True, kw_only=True):
    """Two values between 0 and 1 that are known each by itself, with squared errors, and what these share.

    Nearer to a half such a value is less sure: its squared error goes as a share's does.
    """

    head: float
    base: float
    keep: float
    of_head: float
    of_base: float
    shared: float

    def growth(self, distance: float, sign: int) -> float:
        """How many times greater the worse one's squared error is if the truth lies so far below or above.

        Where it lies below, head is worse than it looked, and where it lies above, base is.
        """
        if sign < 0:
            return _nearer_to_half(self.head, distance)
        return _nearer_to_half(self.base, distance / self.keep) if self.keep > 0 else 1.0

    def more(self, distance: float, sign: int) -> float:
        """How much greater the squared error of the difference is there."""
        times = self.growth(distance, sign)
        own = self.of_head if sign < 0 else self.of_base
        return max(0.0, own * (times - 1) - 2 * (sqrt(times) - 1) * self.shared)


def _nearer_to_half(value: float, distance: float) -> float:
    if not 0.5 < value < 1 or distance <= 0:
        return 1.0
    there = max(0.5, value - distance)
    return there * (1 - there) / (value * (1 - value))


class Normal(Struct, frozen=True, kw_only=True):
    """A value with its standard error, as Student or (without `freedom`) as Gauss has it.

    `lean` says how fast the squared error grows with the distance, below the value and above it: where
    few rows bear a difference, the truth may lie farther off, and is then surer to look nearer. So it does by
    the level of the two `sides`, and `least` says how wide an interval must be for what was not seen.
    `beyond` is how much farther the truth may lie for what is no chance: bias.
    """

    value: float
    error: float
    freedom: int | None = None
    lean: tuple[float, float] = (0.0, 0.0)
    sides: Sides | None = None
    beyond: tuple[float, float] = (0.0, 0.0)
    least: Tilted | None = None

    def interval(self) -> Interval:
        """The value, and its reach to either side."""
        below, above = (self._reach(sign) for sign in (-1, 1))
        return Interval(low=self.value - below, high=self.value + above, level=stats.LEVEL)

    def p_below(self, limit: float) -> float:
        """By the distance in standard errors."""
        return self._tail(limit - self.value, 1)

    def p_above(self, limit: float) -> float:
        """By the distance in standard errors."""
        return self._tail(self.value - limit, -1)

    def noticeable(self) -> float | None:
        """By the standard error."""
        return stats.noticeable(self.error) if self.error else None

    def rows_needed(self, rows: int, margin: float) -> int | None:
        """By the standard error."""
        return stats.rows_needed(rows, self.error, margin)

    @property
    def quantile(self) -> float:
        """How many standard errors the interval reaches to either side, where these are all the same."""
        share = 1 - stats.ONE_SIDED
        return stats.student_quantile(share, self.freedom) if self.freedom else stats.normal_quantile(share)

    def _reach(self, sign: int) -> float:
        z, lean = self.quantile, self.lean[(sign + 1) // 2]
        more = z * z * lean
        reach = (more + hypot(more, 2 * z * self.error)) / 2
        if self.sides is not None and reach and self.sides.growth(reach, sign) > 1:
            reach = self._reach_by_level(sign, reach)
        least = self.least.reach(sign) if self.least else 0.0
        return max(reach, least) + self.beyond[(sign + 1) // 2]

    def _reach_by_level(self, sign: int, least: float) -> float:
        def within(distance: float) -> bool:
            return distance < self.quantile * self._error_at(distance, sign)

        most = 2 * least
        while within(most):
            most *= 2
        return stats.bisected(within, least, most)

    def _error_at(self, distance: float, sign: int) -> float:
        error = hypot(self.error, sqrt(abs(distance)) * sqrt(self.lean[(sign + 1) // 2]))
        return hypot(error, sqrt(self.sides.more(distance, sign))) if self.sides else error

    def _tail(self, distance: float, sign: int) -> float:
        distance -= self.beyond[(sign + 1) // 2]
        error = self._error_at(distance, sign)
        if not error:
            return 0.0 if distance > 0 else 1.0
        z = distance / error
        found = stats.student_tail(z, self.freedom) if self.freedom else stats.normal_tail(z)
        return max(found, self.least.tail(distance, sign)) if self.least else found


class Drawn(Struct, frozen=True, kw_only=True, eq=False):
    """A value with resampled ones, sorted: `lows` where the lower limit is read, `highs` the upper.

    Of few clusters, or of few rows that bear it, the draws are too narrow, so that `least` says how wide an
    interval must be.
    """

    value: float
    lows: Floats
    highs: Floats
    least: Normal | Tilted | None = None

    @property
    def error(self) -> float:
        """The standard deviation of the draws."""
        return float(self.lows.std() + self.highs.std()) / 2

    def interval(self) -> Interval:
        """The draw of which just few enough lie beyond, on either side; the value is always inside."""
        beyond = int(stats.ONE_SIDED * (len(self.lows) + 1) + 1e-9) - 1
        low, high = _steady(self.lows[beyond]), _steady(self.highs[-1 - beyond])
        wide = self.least.interval() if self.least else Interval(low=inf, high=-inf)
        return Interval(
            low=min(low, _steady(wide.low), self.value),
            high=max(high, _steady(wide.high), self.value),
            level=stats.LEVEL,
        )

    def p_below(self, limit: float) -> float:
        """By the share of draws, and among few of them by the normal tail."""
        if self.value >= limit:
            return 1.0
        found = _share(len(self.highs) - int(np.searchsorted(self.highs, limit)), self.highs, limit)
        return max(found, self.least.p_below(limit)) if self.least else found

    def p_above(self, limit: float) -> float:
        """By the share of draws, and among few of them by the normal tail."""
        if self.value <= limit:
            return 1.0
        found = _share(int(np.searchsorted(self.lows, limit, side="right")), self.lows, limit)
        return max(found, self.least.p_above(limit)) if self.least else found

    def noticeable(self) -> float | None:
        """By the standard error."""
        return stats.noticeable(self.error) if self.error else None

    def rows_needed(self, rows: int, margin: float) -> int | None:
        """By the standard error."""
        return stats.rows_needed(rows, self.error, margin)


def _share(within: int, draws: Floats, limit: float) -> float:
    counted = min(1.0, (within + 1) / (len(draws) + 1))
    spread = float(draws.std())
    if within >= FEW_DRAWS or not spread:
        return counted
    return min(counted, stats.normal_tail(abs(limit - float(draws.mean())) / spread))


def _steady(limit: float) -> float:
    """Without the last digits, which depend on the order in which a machine adds."""
    return float(f"{limit:.12g}")


class Shares(Struct, frozen=True, kw_only=True):
    """The difference of two shares of the same rows: `more` of them only head has, `fewer` only base.

    Tango's score interval. It holds where hardly any row differs, and where none does.
    """

    more: int
    fewer: int
    rows: int

    @property
    def value(self) -> float:
        """The difference."""
        return (self.more - self.fewer) / self.rows

    @property
    def error(self) -> float:
        """The standard error by the rows that differ."""
        return sqrt(max(0.0, self._discordant - self.value**2) / self.rows)

    def interval(self) -> Interval:
        """The differences that the score test does not refuse."""
        z = stats.normal_quantile(1 - stats.ONE_SIDED)
        return Interval(
            low=stats.bisected(lambda at: self._score(at) < z, self.value, -1.0),
            high=stats.bisected(lambda at: self._score(at) > -z, self.value, 1.0),
            level=stats.LEVEL,
        )

    def p_below(self, limit: float) -> float:
        """By the score test."""
        return 1.0 if self.value >= limit else stats.normal_tail(-self._score(limit))

    def p_above(self, limit: float) -> float:
        """By the score test."""
        return 1.0 if self.value <= limit else stats.normal_tail(self._score(limit))

    def noticeable(self) -> float | None:
        """By the rows that differ, and those that a drop would add."""
        return stats.noticeable_share(self._discordant, self.rows)

    def rows_needed(self, rows: int, margin: float) -> int | None:  # noqa: ARG002 - of shares, no others count
        """By the rows that differ, and those that a drop would add."""
        return stats.rows_needed_share(self._discordant, margin)

    @property
    def _discordant(self) -> float:
        return (self.more + self.fewer) / self.rows

    def _score(self, at: float) -> float:
        """How many standard errors the difference lies above `at`, were `at` the truth (Tango 1998)."""
        if at < 0:  # the mirror image, so that the other way round is it to the last digit
            return -Shares(more=self.fewer, fewer=self.more, rows=self.rows)._score(-at)
        if at >= 1:
            return 0.0 if self.value >= 1 else -inf
        n, half = self.rows, (2 * self.rows - self.more + self.fewer) * at - self.more - self.fewer
        lost = (sqrt(half * half + 8 * n * self.fewer * at * (1 - at)) - half) / (4 * n)
        variance = n * (2 * lost + at * (1 - at))
        above = self.more - self.fewer - n * at
        return above / sqrt(variance) if variance > 0 else inf * above if above else 0.0
