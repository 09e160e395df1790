"""Compares a group's rate with the pooled rest's: how far apart, how surely, and whether that is too far."""

from collections.abc import Callable
from enum import Enum
from math import exp, inf, log, sqrt

from msgspec import Struct

from mlci.core.measure.stats import LEVEL, newcombe, normal_quantile
from mlci.gates.bias.cube import Cells

STEPS = 60


class Rate(Struct, frozen=True, kw_only=True):
    """A share of some rows of a group."""

    hits: float
    of: float

    @property
    def value(self) -> float:
        """The share; a group without such rows has none, and is never judged."""
        return self.hits / self.of


class Limits(Struct, frozen=True, kw_only=True):
    """An interval of the distance between two rates, on the measure's own scale."""

    low: float
    high: float


class Scale(Enum):
    """How two rates are set against each other."""

    DIFFERENCE = "difference"
    RATIO = "ratio"

    def distance(self, group: Rate, rest: Rate) -> float:
        """0 for equal rates, negative when the group's is lower."""
        if self is Scale.DIFFERENCE:
            return group.value - rest.value
        if not group.hits or not rest.hits:
            return 0.0 if group.hits == rest.hits else (inf if group.hits else -inf)
        return log(group.value / rest.value)

    def limits(self, group: Rate, rest: Rate, level: float) -> Limits:
        """The interval of the distance: Newcombe's, or Katz's of the logarithm."""
        if self is Scale.DIFFERENCE:
            found = newcombe(group.hits, group.of, rest.hits, rest.of, level)
            return Limits(low=found.low, high=found.high)
        return _katz(group, rest, level)

    def shown(self, distance: float) -> float | None:
        """The distance as people read it: a difference, or a ratio; None of a ratio to nothing."""
        if distance == inf:
            return None
        return distance if self is Scale.DIFFERENCE else exp(distance)


class Measure(Struct, frozen=True, kw_only=True):
    """A fairness measure: which rate of a group, on which scale."""

    check: str
    rate: Callable[[Cells], Rate]
    words: str
    scale: Scale


class Comparison(Struct, frozen=True, kw_only=True):
    """What one group's rate looks like beside the rest's. `p_value` speaks against "near enough"."""

    group: str
    rate: Rate
    rest: Rate
    distance: float
    limits: Limits
    p_value: float

    def within(self, limit: float) -> bool:
        """Whether the whole interval is near enough."""
        return -limit <= self.limits.low and self.limits.high <= limit


def compare(measure: Measure, label: str, group: Cells, rest: Cells, limit: float) -> Comparison:
    """Set a group against the rest; both have denominators."""
    one, other = measure.rate(group), measure.rate(rest)
    return Comparison(
        group=label,
        rate=one,
        rest=other,
        distance=measure.scale.distance(one, other),
        limits=measure.scale.limits(one, other, LEVEL),
        p_value=_p_value(measure.scale, one, other, limit),
    )


def _p_value(scale: Scale, group: Rate, rest: Rate, limit: float) -> float:
    """One minus the highest level whose interval still lies beyond the limit altogether."""
    if not _beyond(scale, group, rest, limit, 1e-9):
        return 1.0
    low, high = 1e-9, 1.0 - 1e-15
    for _ in range(STEPS):
        middle = (low + high) / 2
        low, high = (middle, high) if _beyond(scale, group, rest, limit, middle) else (low, middle)
    return 1.0 - low


def _beyond(scale: Scale, group: Rate, rest: Rate, limit: float, level: float) -> bool:
    found = scale.limits(group, rest, level)
    return found.low > limit or found.high < -limit


def _katz(group: Rate, rest: Rate, level: float) -> Limits:
    # Half a hit more on both sides keeps the logarithm finite where nobody was hit.
    nudge = 0.0 if group.hits and rest.hits else 0.5
    one, other = group.hits + nudge, rest.hits + nudge
    middle = log(one / (group.of + nudge)) - log(other / (rest.of + nudge))
    variance = 1 / one - 1 / (group.of + nudge) + 1 / other - 1 / (rest.of + nudge)
    spread = normal_quantile((1 + level) / 2) * sqrt(max(0.0, variance))
    return Limits(low=middle - spread, high=middle + spread)
