"""A limit that is met so narrowly that the rows cannot be sure of it: how that is said, and what to do."""

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from mlci.core.wording import MOST_DECIMALS, estimate, stated

NARROWLY = "met too narrowly for these rows to be sure"
# The number to write may leave so much of the room between the value and its interval's end unused.
_UNUSED = 0.5


def advice(key: str, value: float, end: float, rows: int | None) -> str:
    """Return what to do: how many rows would be sure, or the limit (`at_least`) that these can hold.

    `end` is the end of the value's interval beyond the limit.
    """
    sure = "more rows would be sure" if rows is None else f"about {estimate(rows):,} rows would be sure"
    return f"{sure}; these can hold `{key}: {stated(resolvable(value, end))}`"


def resolvable(value: float, end: float) -> float:
    """Return the shortest number at the end of the value's interval, or little beyond it."""
    exact, rounding = Decimal(end), ROUND_FLOOR if end < value else ROUND_CEILING
    for decimals in range(-MOST_DECIMALS, MOST_DECIMALS + 1):
        found = exact.quantize(Decimal(1).scaleb(-decimals), rounding=rounding)
        if abs(float(found) - end) <= _UNUSED * abs(value - end):
            return float(found)
    return end
