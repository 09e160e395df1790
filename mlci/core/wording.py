"""Numbers and differences as people read them. Printing never contradicts what was decided."""

from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlci.core.finding import Interval

MINUS = "−"  # the typographic sign, so that a number is one word
NOTHING = "–"
MOST_DECIMALS = 12
FEWEST_DECIMALS = 4
_LONGEST = Decimal(10) ** 15


def number(value: float | None, *, decimals: int = 4) -> str:
    """Return a value, e.g. `0.8431`; very large and very small ones in scientific form."""
    if value is None:
        return NOTHING
    if value != 0 and not 10**-decimals <= abs(value) < 1e9:
        return f"{value:.3g}".replace("-", MINUS)
    text = f"{value:,.{decimals}f}" if value != int(value) or abs(value) < 1000 else f"{int(value):,}"
    return text.replace("-", MINUS)


def signed(value: float, *, decimals: int = 4) -> str:
    """Return a change, always with its sign; one too small for the decimals in scientific form."""
    lost = value != 0 and round(value, decimals) == 0
    return (f"{value:+.3g}" if lost else f"{value:+,.{decimals}f}").replace("-", MINUS)


def difference(value: float, interval: "Interval | None", *, margin: float | None = None) -> str:
    """Return `−0.0419 (−0.0478, −0.0360)`, with as many decimals as keep every limit on its side."""
    decimals = decimals_of(value, interval, margin=margin)
    if interval is None:
        return signed(value, decimals=decimals)
    low, high = (signed(each, decimals=decimals) for each in (interval.low, interval.high))
    return f"{signed(value, decimals=decimals)} ({low}, {high})"


def decimals_of(value: float | None, interval: "Interval | None", *, margin: float | None = None) -> int:
    """Return the fewest decimals, at least 4, at which rounding moves nothing across zero or the margin."""
    limits = (interval.low, interval.high) if interval else ()
    values = (*limits, *(() if value is None else (value,)))
    marks = (0.0,) if margin is None else (0.0, margin, -margin)
    for decimals in range(FEWEST_DECIMALS, MOST_DECIMALS):
        if all(_side(round(each, decimals), mark) == _side(each, mark) for each in values for mark in marks):
            return decimals
    return MOST_DECIMALS


def decimals_between(base: Decimal, head: Decimal) -> int | None:
    """Return how many decimals show two numbers and what lies between them; None where no few do.

    No more than they are written with, and else at least 4, or two figures of the difference.
    """
    moved = abs(head - base)
    shown = max(FEWEST_DECIMALS, 1 - moved.adjusted()) if moved else FEWEST_DECIMALS
    decimals = min(shown, max(_places(base), _places(head)))
    hidden = any(each and not round(each, decimals) for each in (base, head))
    return None if decimals > MOST_DECIMALS or hidden or max(abs(base), abs(head)) >= _LONGEST else decimals


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
