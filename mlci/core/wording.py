"""Numbers and differences as people read them. Printing never contradicts what was decided."""

from mlci.core.finding import Interval

MINUS = "−"  # the typographic sign, so that a number is one word
NOTHING = "–"
MOST_DECIMALS = 12


def number(value: float | None, *, decimals: int = 4) -> str:
    """Return a value, e.g. `0.8431`; very large and very small ones in scientific form."""
    if value is None:
        return NOTHING
    if value != 0 and not 10**-decimals <= abs(value) < 1e9:
        return f"{value:.3g}".replace("-", MINUS)
    text = f"{value:,.{decimals}f}" if value != int(value) or abs(value) < 1000 else f"{int(value):,}"
    return text.replace("-", MINUS)


def signed(value: float, *, decimals: int = 4) -> str:
    """Return a change, always with its sign."""
    return f"{value:+,.{decimals}f}".replace("-", MINUS)


def difference(value: float, interval: Interval | None, *, margin: float | None = None) -> str:
    """Return `−0.0419 (−0.0478, −0.0360)`, with as many decimals as keep every limit on its side."""
    if interval is None:
        return signed(value, decimals=_decimals((value,), margin))
    decimals = _decimals((value, interval.low, interval.high), margin)
    low, high = (signed(each, decimals=decimals) for each in (interval.low, interval.high))
    return f"{signed(value, decimals=decimals)} ({low}, {high})"


def _decimals(values: tuple[float, ...], margin: float | None) -> int:
    """The fewest decimals, at least 4, at which rounding moves nothing across zero or the margin."""
    marks = (0.0,) if margin is None else (0.0, margin, -margin)
    for decimals in range(4, MOST_DECIMALS):
        if all(_side(round(each, decimals), mark) == _side(each, mark) for each in values for mark in marks):
            return decimals
    return MOST_DECIMALS


def _side(value: float, mark: float) -> int:
    return (value > mark) - (value < mark)


def count(amount: int, one: str, many: str | None = None) -> str:
    """Return `1 row`, `6,000 rows`."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def duration(seconds: float) -> str:
    """Return `12 s`, `3 min` or `1 h 20 min`."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
