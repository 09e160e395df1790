"""How far a sum of a few kinds of steps may lie from the truth, where few of the steps bear it.

The idea of Tango's score interval, for any metric: at a truth that is doubted, the steps that lead there are
as many more as they must be (an exponential tilt), and the distance is measured by the error that they have.
"""

from collections.abc import Callable
from math import inf, sqrt

import numpy as np
from msgspec import Struct

from mlci.core.finding import Interval
from mlci.core.measure import stats
from mlci.core.measure.cells import Floats

# Tilted by more than this, all steps are of the one kind that leads farthest.
_MOST = 1e4


class Tilted(Struct, frozen=True, kw_only=True, eq=False):
    """A value, its standard error, and the steps that make it up: how far from their mean, and how many."""

    value: float
    error: float
    steps: Floats
    times: Floats

    def interval(self) -> Interval:
        """The values that the score test does not refuse."""
        low, high = self.value - self.reach(-1), self.value + self.reach(1)
        return Interval(low=low, high=high, level=stats.LEVEL)

    def p_below(self, limit: float) -> float:
        """The one-sided p-value of "it does not lie below the limit"."""
        return self.tail(limit - self.value, 1)

    def p_above(self, limit: float) -> float:
        """The one-sided p-value of "it does not lie above the limit"."""
        return self.tail(self.value - limit, -1)

    def noticeable(self) -> float | None:
        """By the standard error."""
        return stats.noticeable(self.error) if self.error else None

    def rows_needed(self, rows: int, margin: float) -> int | None:
        """By the standard error."""
        return stats.rows_needed(rows, self.error, margin)

    def reach(self, sign: int) -> float:
        """How far the truth may lie below (-1) or above (1)."""
        z, most, tilted = stats.normal_quantile(1 - stats.ONE_SIDED), 1.0, self._tilted(sign)
        while most < _MOST and tilted(most)[0] < z * tilted(most)[1]:
            most *= 2

        def doubted(tilt: float) -> bool:
            distance, error = tilted(tilt)
            return distance < z * error

        return tilted(stats.bisected(doubted, 0.0, most))[0]

    def tail(self, distance: float, sign: int) -> float:
        """The one-sided p-value of "it does not lie so far below (-1) or above (1)"."""
        if distance <= 0:
            return 1.0
        most, tilted = 1.0, self._tilted(sign)
        while most < _MOST and tilted(most)[0] < distance:
            most *= 2
        error = tilted(stats.bisected(lambda tilt: tilted(tilt)[0] < distance, 0.0, most))[1]
        return stats.normal_tail(distance / error if error else inf)

    def _tilted(self, sign: int) -> Callable[[float], tuple[float, float]]:
        """How far from the value steps lead that are tilted so much, and the standard error there."""
        far = float(np.abs(self.steps).max())
        steps = self.steps * (sign / far)
        below, all_of, plain = steps - steps.max(), float(self.times.sum()), float(self.times @ steps**2)

        def tilted(tilt: float) -> tuple[float, float]:
            many = self.times * np.exp(tilt * below)
            total = float(many.sum())
            mean = float(many @ steps) / total
            spread = float(many @ (steps - mean) ** 2) / total
            return mean * all_of * far, self.error * sqrt(spread * all_of / plain)

        return tilted
