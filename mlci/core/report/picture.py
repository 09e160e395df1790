"""Pictures made of characters: an interval around zero, a graph as a tree or in Mermaid's words."""

from collections.abc import Iterator, Sequence

from mlci.core.printable import printable
from mlci.core.report import Graph, IntervalRow, Intervals, Node, Tone

WIDTH = 25
DEEPEST = 8
_LONGEST_NAME = 60
_COLORS = {
    Tone.GOOD: "fill:#e6f4ea,stroke:#34a853,color:#111",
    Tone.NEUTRAL: "fill:#f1f3f4,stroke:#5f6368,color:#111",
    Tone.MUTED: "fill:#fff,stroke:#bdc1c6,color:#5f6368",
    Tone.WARN: "fill:#fef7e0,stroke:#f9ab00,color:#111",
    Tone.BAD: "fill:#fdecea,stroke:#d93025,color:#111",
}


def legend(block: Intervals) -> str:
    """How the bars of a block are read."""
    accepted = ", ┊ accepted drop" if any(row.margin is not None for row in block.rows) else ""
    return f"{block.legend}: ● {block.point}, ─ its interval, │ {block.zero}{accepted}.{own_scales(block)}"


def own_scales(block: Intervals) -> str:
    """The sentence that bars of several units need, behind what they are read by."""
    return " Each metric has a scale of its own." if len(scales(block)) > 1 else ""


def scales(block: Intervals) -> dict[str, float]:
    """How far each group's scale reaches to either side, so that all of it and its margin can be seen."""
    found: dict[str, float] = {}
    for row in block.rows:
        reach = max(abs(row.low), abs(row.high), abs(row.point), row.margin or 0.0)
        found[row.group] = max(reach, found.get(row.group, 0.0))
    return {group: reach or 1.0 for group, reach in found.items()}


def bar(row: IntervalRow, scale: float, *, width: int = WIDTH) -> str:
    """Return `width` characters showing an interval on a scale of -scale..scale.

    `│` is no change, `┊` the accepted drop, `●` the difference, `─` its interval.
    """
    cells = ["·"] * width
    for place in range(_place(row.low, scale, width), _place(row.high, scale, width) + 1):
        cells[place] = "─"
    cells[width // 2] = "┼" if cells[width // 2] == "─" else "│"
    point = _place(row.point, scale, width)
    if row.margin is not None:
        # What is accepted lies left of no change, however fine the scale would have to be to show it.
        drop = min(_place(-row.margin, scale, width), width // 2 - 1)
        drop, point = _apart(drop, point, beyond=row.point < -row.margin)
        cells[drop] = "┊"
    cells[point] = "●"
    return "".join(cells)


def _apart(drop: int, point: int, *, beyond: bool) -> tuple[int, int]:
    """Where a drop and a difference stand: never in one cell, and in the order in which they lie."""
    if beyond and point >= drop:
        return (drop, drop - 1) if drop else (1, 0)
    if not beyond and point <= drop:
        return (point - 1, point) if point else (0, 1)
    return drop, point


def _place(value: float, scale: float, width: int) -> int:
    half = width // 2
    share = max(-1.0, min(1.0, value / scale))
    return min(width - 1, half + round(share * half))


def branches(afters: Sequence[Sequence[int]]) -> Iterator[tuple[int, int]]:
    """Every node and how deep it stands, each below the last one that it comes after."""
    below: dict[int | None, list[int]] = {}
    for number, after in enumerate(afters):
        below.setdefault(max(after, default=None), []).append(number)
    waiting = [(each, 0) for each in reversed(below.get(None, []))]
    while waiting:
        number, depth = waiting.pop()
        yield number, min(depth, DEEPEST)
        waiting += [(each, depth + 1) for each in reversed(below.get(number, []))]


def twig(depth: int) -> str:
    """What stands before a node of a tree that is drawn with characters."""
    return "  " * (depth - 1) + "`- " if depth else ""


def mermaid(graph: Graph) -> list[str]:
    """The graph in Mermaid's words. Names are labels only, without anything that Mermaid acts upon."""
    used = sorted({each.tone for each in graph.nodes})
    return [
        "flowchart TD",
        *(f'  s{at}["{_label(each)}"]:::{each.tone.value}' for at, each in enumerate(graph.nodes)),
        *(f"  s{needed} --> s{at}" for at, each in enumerate(graph.nodes) for needed in each.after),
        *(f"  classDef {tone.value} {_COLORS[tone]}" for tone in used),
    ]


def _label(node: Node) -> str:
    name = node.name if len(node.name) <= _LONGEST_NAME else f"{node.name[: _LONGEST_NAME - 1]}…"
    return f"{_tame(name)}<br>{_tame(node.state)}"


def _tame(text: str) -> str:
    shown = printable(text)
    return "".join(each if each.isalnum() or each in " -_.,/@" else f"#{ord(each)};" for each in shown)
