"""An interval drawn with characters: zero in the middle, better to the right."""

from mlci.core.report import IntervalRow

WIDTH = 25


def bar(row: IntervalRow, scale: float, *, width: int = WIDTH) -> str:
    """Return `width` characters showing an interval on a scale of -scale..scale.

    `│` is no change, `┊` the accepted drop, `●` the difference, `─` its interval.
    """
    cells = ["·"] * width
    for place in range(_place(row.low, scale, width), _place(row.high, scale, width) + 1):
        cells[place] = "─"
    cells[width // 2] = "┼" if cells[width // 2] == "─" else "│"
    if row.margin is not None:
        # What is accepted lies left of no change, however fine the scale would have to be to show it.
        cells[min(_place(-row.margin, scale, width), width // 2 - 1)] = "┊"
    cells[_place(row.point, scale, width)] = "●"
    return "".join(cells)


def _place(value: float, scale: float, width: int) -> int:
    half = width // 2
    if scale <= 0:
        return half
    return max(0, min(width - 1, half + round(value / scale * half)))
