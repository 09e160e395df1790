"""The statistics that verdicts rest on: proportions, paired tests, many tests at once, and power."""

from collections.abc import Callable, Sequence
from functools import cache
from itertools import accumulate
from math import atan, ceil, cos, erfc, exp, fsum, log, log1p, pi, sin, sqrt
from operator import mul

from mlci.core.finding import Interval

LEVEL = 0.95
POWER = 0.80

# Each side of a two-sided 95 % interval; also the level at which Holm holds false "regressed".
ONE_SIDED = (1 - LEVEL) / 2

# So many times the rows that are there is no advice that anybody can follow.
MOST_TIMES = 100

# From so many degrees on, the normal distribution stands in for Student's sum.
_MANY_DEGREES = 60

# A denominator below this tells nothing that a gate may believe.
ENOUGH = 30


def normal_quantile(share: float) -> float:
    """The quantile of the standard normal distribution."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def normal_tail(z: float) -> float:
    """The probability of a standard normal value above z."""
    return 0.5 * erfc(z / sqrt(2))


def student_tail(t: float, freedom: int) -> float:
    """The probability of a value of Student's t above t: exact for few degrees, else within 1e-9."""
    if t < 0:
        return 1 - student_tail(-t, freedom)
    if freedom > _MANY_DEGREES:
        return normal_tail(_hill(t, freedom))
    angle = atan(t / sqrt(freedom))
    odd, shrink = freedom % 2, cos(angle) ** 2
    first = 1.0 if not odd else cos(angle) if freedom > 1 else 0.0
    ratios = (shrink * (k - 1) / k for k in range(2 + odd, freedom - 1, 2))
    within = sin(angle) * fsum(accumulate(ratios, mul, initial=first))
    return max(0.0, 0.5 - (angle + within) / pi if odd else (1 - within) / 2)


def _hill(t: float, freedom: int) -> float:
    """The normal deviate that is as rare as t (Hill 1970)."""
    a = freedom - 0.5
    b = 48 * a * a
    w = sqrt(a * log1p(t * t / freedom))
    fine = (4 * w**7 + 33 * w**5 + 240 * w**3 + 855 * w) / (10 * b * (b + 0.8 * w**4 + 100))
    return w + (w**3 + 3 * w) / b - fine


@cache
def student_quantile(share: float, freedom: int) -> float:
    """The quantile of Student's t, for shares above a half."""
    low, high = 0.0, 1.0
    while student_tail(high, freedom) > 1 - share:
        high *= 2
    return bisected(lambda t: student_tail(t, freedom) > 1 - share, low, high)


def bisected(still: Callable[[float], bool], low: float, high: float) -> float:
    """Where a condition ends that holds at `low` and no more at `high`, to the last digit."""
    while True:
        middle = (low + high) / 2
        if middle in {low, high}:
            return middle
        low, high = (middle, high) if still(middle) else (low, middle)


def wilson(successes: float, total: float, level: float = LEVEL) -> Interval:
    """Wilson's interval of a proportion. Raises ValueError without a denominator."""
    if total <= 0:
        raise ValueError("a proportion needs a denominator")
    z = normal_quantile((1 + level) / 2)
    share = successes / total
    centre = (share + z * z / (2 * total)) / (1 + z * z / total)
    spread = z * sqrt(share * (1 - share) / total + z * z / (4 * total * total)) / (1 + z * z / total)
    return Interval(low=max(0.0, centre - spread), high=min(1.0, centre + spread), level=level)


def newcombe(
    successes: float, total: float, other_successes: float, other_total: float, level: float = LEVEL
) -> Interval:
    """Newcombe's interval of the difference of two independent proportions, first minus second."""
    one, two = wilson(successes, total, level), wilson(other_successes, other_total, level)
    first, second = successes / total, other_successes / other_total
    down = sqrt((first - one.low) ** 2 + (two.high - second) ** 2)
    up = sqrt((one.high - first) ** 2 + (second - two.low) ** 2)
    return Interval(low=first - second - down, high=first - second + up, level=level)


def mcnemar_midp(only_base: int, only_head: int) -> float:
    """McNemar's mid-p, two-sided: rows that only base got right against those that only head did."""
    total, fewer = only_base + only_head, min(only_base, only_head)
    if total == 0:
        return 1.0
    steps = (log((total - k + 1) / k) for k in range(1, fewer + 1))
    terms = [exp(each) for each in accumulate(steps, initial=-total * log(2))]
    return min(1.0, 2 * fsum(terms) - terms[-1])


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """P-values adjusted so that the chance of any false alarm is held (Holm)."""
    order = sorted(range(len(p_values)), key=lambda at: p_values[at])
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for place, at in enumerate(order):
        highest = max(highest, min(1.0, (len(p_values) - place) * p_values[at]))
        adjusted[at] = highest
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """P-values adjusted so that the share of false alarms among all alarms is held."""
    order = sorted(range(len(p_values)), key=lambda at: p_values[at], reverse=True)
    adjusted = [0.0] * len(p_values)
    lowest = 1.0
    for place, at in enumerate(order):
        lowest = min(lowest, p_values[at] * len(p_values) / (len(p_values) - place))
        adjusted[at] = lowest
    return tuple(adjusted)


def noticeable(error: float) -> float:
    """The smallest drop whose interval would exclude zero in 80 % of repetitions."""
    return _reach_with_power() * error


def noticeable_share(discordant: float, rows: int) -> float:
    """The same for a share of rows: a drop adds rows in which the models differ, and with them noise."""
    reach = _reach_with_power() ** 2 / rows
    return (reach + sqrt(reach**2 + 4 * (1 + reach) * reach * discordant)) / (2 * (1 + reach))


def rows_needed(rows: int, error: float, margin: float) -> int | None:
    """How many rows such as these show "not worse than the margin", at 80 % power, for equal models."""
    if margin <= 0 or error <= 0:
        return None
    return ceil(rows * (noticeable(error) / margin) ** 2)


def rows_needed_share(discordant: float, margin: float) -> int | None:
    """The same for a share of rows, where the models differ in some of them."""
    if margin <= 0:
        return None
    return ceil(_reach_with_power() ** 2 * (discordant + margin - margin**2) / margin**2)


def rows_to_settle(rows: int, half: float, gap: float) -> int | None:
    """How many rows such as these bring an interval's half below the gap between value and limit, in 80 %.

    Always more than there are, since they did not do; None where it would take more than 100 times as many.
    """
    wide = half * _reach_with_power() / normal_quantile((1 + LEVEL) / 2)
    if wide > gap * sqrt(MOST_TIMES):
        return None
    return max(rows + 1, ceil(rows * (wide / gap) ** 2))


def _reach_with_power() -> float:
    return normal_quantile((1 + LEVEL) / 2) + normal_quantile(POWER)
