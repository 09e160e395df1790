"""The statistics that verdicts rest on: proportions, paired tests, many tests at once, and power."""

from collections.abc import Sequence
from itertools import accumulate
from math import ceil, erfc, exp, fsum, log, sqrt

from mlci.core.finding import Interval

LEVEL = 0.95
POWER = 0.80

# Each side of a two-sided 95 % interval; also the level at which Holm holds false "regressed".
ONE_SIDED = (1 - LEVEL) / 2

# So many times the rows that are there is no advice that anybody can follow.
MOST_TIMES = 100

# A denominator below this tells nothing that a gate may believe.
ENOUGH = 30


def normal_quantile(share: float) -> float:
    """The quantile of the standard normal distribution."""
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)


def normal_tail(z: float) -> float:
    """The probability of a standard normal value above z."""
    return 0.5 * erfc(z / sqrt(2))


def student_quantile(share: float, freedom: int) -> float:
    """The quantile of Student's t by its expansion about the normal; within 1e-4 from 25 degrees on."""
    z = normal_quantile(share)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


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
    return (normal_quantile((1 + LEVEL) / 2) + normal_quantile(POWER)) * error


def rows_needed(rows: int, error: float, margin: float) -> int | None:
    """How many rows such as these show "not worse than the margin", at 80 % power, for equal models."""
    if margin <= 0 or error <= 0:
        return None
    return ceil(rows * (noticeable(error) / margin) ** 2)


def rows_to_settle(rows: int, half: float, gap: float) -> int | None:
    """How many rows such as these bring an interval's half down to the gap between value and limit.

    Always more than there are, since they did not do; None where it would take more than 100 times as many.
    """
    if half > gap * sqrt(MOST_TIMES):
        return None
    return max(rows + 1, ceil(rows * (half / gap) ** 2))
