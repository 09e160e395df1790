"""What a sample says of a percentile, without assuming any shape: limits that are order statistics."""

import math

from msgspec import Struct

ALPHA = 0.025


class Ranks(Struct, frozen=True, kw_only=True):
    """Places (from 1) of the sorted sample between which the percentile lies, at 95 %."""

    low: int
    high: int


def ranks(n: int, share: float) -> Ranks | None:
    """The two-sided 95 % limits of a percentile, or None when so few values cannot bound it."""
    below = _cumulative(n, share)
    low = sum(1 for each in below if each <= ALPHA)
    high = 1 + sum(1 for each in below if each < 1 - ALPHA)
    return Ranks(low=low, high=high) if low >= 1 and high <= n else None


def enough(share: float) -> int:
    """The fewest values that bound a percentile on both sides."""
    rare = max(share, 1 - share)
    return math.ceil(math.log(ALPHA) / math.log(rare))


def _cumulative(n: int, share: float) -> list[float]:
    """The chance that at most 0, 1, … n of n values lie below the percentile."""
    log_p, log_q = math.log(share), math.log1p(-share)
    whole = math.lgamma(n + 1)
    total, sums = 0.0, []
    for k in range(n + 1):
        chance = whole - math.lgamma(k + 1) - math.lgamma(n - k + 1) + k * log_p + (n - k) * log_q
        total += math.exp(chance)
        sums.append(total)
    return sums
