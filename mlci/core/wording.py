"""Numbers and differences as people read them. Printing never contradicts what was decided."""

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlci.core.finding import Interval

MINUS = "−"  # the typographic sign, so that a number is one word
NOTHING = "–"
MOST_DECIMALS = 12
FEWEST_DECIMALS = 4
# From here on, and closer to zero than that, a number is read by its power of ten.
LARGEST = 1e15
_TINIEST = 0.5e-6
# What is no farther from a mark than this part of it lies on it: sums of floats end a hair beside.
_HAIR = 1e-9


def number(value: float | None, *, decimals: int | None = None) -> str:
    """Return a value, e.g. `0.8431` or `41,250`; very large and very small ones in scientific form."""
    if value is None:
        return NOTHING
    places = _fewest(value) if decimals is None else decimals
    if value != 0 and not 10.0**-places <= abs(value) < LARGEST:
        return _scientific(value)
    return f"{value:,.{places}f}".replace("-", MINUS)


def signed(value: float, *, decimals: int = FEWEST_DECIMALS) -> str:
    """Return a change, always with its sign; one too small for the decimals in scientific form."""
    if value != 0 and not 0.5 * 10.0**-decimals < abs(value) < LARGEST:
        return _scientific(value, sign="+")
    return f"{value:+,.{decimals}f}".replace("-", MINUS)


def stated(value: float) -> str:
    """Return a limit as somebody would write it: all its figures and no others."""
    return f"{value:,}".removesuffix(".0").replace("-", MINUS)


def difference(value: float, interval: "Interval | None", *, margin: float | None = None) -> str:
    """Return `−0.0419 (−0.0478, −0.0360)`, with as many decimals as keep every limit on its side."""
    decimals = decimals_of(value, interval, margin=margin)
    if interval is None:
        return signed(value, decimals=decimals)
    low, high = (signed(each, decimals=decimals) for each in (interval.low, interval.high))
    return f"{signed(value, decimals=decimals)} ({low}, {high})"


def decimals_of(value: float | None, interval: "Interval | None", *, margin: float | None = None) -> int:
    """Return the fewest decimals at which rounding moves nothing across zero or the margin.

    They show about four figures: 4 of what is below 1, none of thousands.
    """
    limits = (interval.low, interval.high) if interval else ()
    values = (*limits, *(() if value is None else (value,)))
    return decimals_beside(values, (0.0,) if margin is None else (0.0, margin, -margin))


def decimals_beside(values: Sequence[float], marks: Sequence[float]) -> int:
    """Return the fewest decimals at which every value is printed on that side of each mark where it lies."""
    fewest = _fewest(max(map(abs, values), default=0.0))
    for decimals in range(fewest, MOST_DECIMALS):
        if all(_keeps(each, mark, decimals) for each in values for mark in marks):
            return decimals
    return MOST_DECIMALS


def _keeps(value: float, mark: float, decimals: int) -> bool:
    """Whether a value, as it is printed, lies where it does."""
    if abs(value - mark) <= _HAIR * abs(mark) or (mark == 0 and abs(value) < _TINIEST):
        return True
    return _side(round(value, decimals), round(mark, decimals)) == _side(value, mark)


def _fewest(value: float) -> int:
    """The decimals that show about four figures."""
    size = abs(value)
    return FEWEST_DECIMALS - sum((size > 1, size >= 10, size >= 100, size >= 1_000))


def _scientific(value: float, *, sign: str = "") -> str:
    return f"{value:{sign}.3g}".replace("-", MINUS)


def decimals_between(base: Decimal, head: Decimal) -> int | None:
    """Return how many decimals show two numbers and what lies between them; None where no few do.

    No more than they are written with, and else at least 4, or two figures of the difference.
    """
    if max(abs(base), abs(head)) >= LARGEST:
        return None
    moved = abs(head - base)
    shown = max(FEWEST_DECIMALS, 1 - moved.adjusted()) if moved else FEWEST_DECIMALS
    decimals = min(shown, max(_places(base), _places(head)))
    if decimals > MOST_DECIMALS:
        return None
    hidden = any(each and abs(each) < Decimal(10) ** -decimals / 2 for each in (base, head))
    return None if hidden else decimals


def share(relative: float) -> str:
    """Return a change as a share: `−4.5 %`; one that rounding would hide as `< 0.1 %`."""
    percent = 100 * relative
    if 0 < abs(percent) < 0.05:
        return "< 0.1 %"
    return f"{signed(percent, decimals=1 if abs(percent) < 1000 else 0)} %"


def _places(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _side(value: float, mark: float) -> int:
    return (value > mark) - (value < mark)


def count(amount: int, one: str, many: str | None = None) -> str:
    """Return `1 row`, `6,000 rows`."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def estimate(rows: int) -> int:
    """Return rows with two figures, which are enough of an estimate; rounded up, so that they stay more."""
    step: int = 10 ** max(0, len(str(rows)) - 2)
    return -(-rows // step) * step


def duration(seconds: float) -> str:
    """Return `12 s`, `3 min` or `1 h 20 min`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
