"""What reproducing would do: plain lines for a terminal, and a Mermaid graph for a report."""

from collections.abc import Iterator, Sequence

from mlci.core.forecast import Absent, Forecast, Whereabouts, tally, why
from mlci.core.printable import printable
from mlci.core.stages import Planned, Standing
from mlci.core.wording import count

WIDTH = 80
SIGNS = {
    Standing.CURRENT: "=",
    Standing.STALE: "*",
    Standing.FOLLOWS: ">",
    Standing.UNKNOWN: "?",
    Standing.FROZEN: "#",
}
MOST_ABSENT = 10
_DEEPEST = 8
_NAMES = 30

_PLACES = {
    Whereabouts.CACHE: "in DVC's cache",
    Whereabouts.REMOTE: "on the remote",
    Whereabouts.NOWHERE: "nowhere",
    Whereabouts.UNKNOWN: "perhaps on the remote",
}
_COLORS = {
    Standing.CURRENT: "fill:#e6f4ea,stroke:#34a853,color:#111",
    Standing.STALE: "fill:#fdecea,stroke:#d93025,color:#111",
    Standing.FOLLOWS: "fill:#fef7e0,stroke:#f9ab00,color:#111",
    Standing.UNKNOWN: "fill:#f1f3f4,stroke:#5f6368,color:#111",
    Standing.FROZEN: "fill:#e8f0fe,stroke:#1a73e8,color:#111",
}


def lines(forecast: Forecast, *, width: int | None = WIDTH) -> list[str]:
    """The graph, each stage below the last one that it needs, and why those that run do.

    Without a width nothing is cut.
    """
    if not forecast.stages:
        return ["there are no stages, so nothing is stale"]
    return [
        _summary(forecast.stages),
        "",
        *_graph(forecast.stages, width),
        *_absent(forecast.absent, width),
        *_gone(forecast.gone, width),
    ]


def mermaid(stages: Sequence[Planned]) -> str:
    """The graph in Mermaid's words. Names are labels only, without anything that Mermaid acts upon."""
    ids = {each.name: f"s{number}" for number, each in enumerate(stages)}
    return "\n".join(
        [
            "flowchart TD",
            *(f'  {ids[each.name]}["{_label(each)}"]:::{each.standing.value}' for each in stages),
            *(
                f"  {ids[needed]} --> {ids[each.name]}"
                for each in stages
                for needed in each.upstream
                if needed in ids
            ),
            *(f"  classDef {standing.value} {color}" for standing, color in _COLORS.items()),
        ]
    )


def _summary(stages: Sequence[Planned]) -> str:
    parts = [f"{amount:,} {standing.value}" for standing, amount in tally(stages).items() if amount]
    return f"{count(len(stages), 'stage')}: {', '.join(parts)}"


def _graph(stages: Sequence[Planned], width: int | None) -> Iterator[str]:
    below: dict[str | None, list[Planned]] = {}
    order = {each.name: number for number, each in enumerate(stages)}
    for each in stages:
        needed = [name for name in each.upstream if name in order]
        below.setdefault(max(needed, key=order.__getitem__, default=None), []).append(each)
    waiting = [(each, 0) for each in reversed(below.get(None, []))]
    while waiting:
        stage, depth = waiting.pop()
        yield _line(stage, depth, width)
        waiting += [(each, depth + 1) for each in reversed(below.get(stage.name, []))]


def _line(stage: Planned, depth: int, width: int | None) -> str:
    indent = "  " * (min(depth, _DEEPEST) - 1) + "`- " if depth else ""
    name = _cut(f"{SIGNS[stage.standing]} {indent}{printable(stage.name)}", None if width is None else _NAMES)
    said = stage.standing.value + (f": {why(stage)}" if stage.reasons else "")
    return _cut(f"  {name:<{_NAMES}}  {printable(said)}", width)


def _absent(absent: Sequence[Absent], width: int | None) -> Iterator[str]:
    if absent:
        yield ""
        yield f"{count(len(absent), 'output')} not here:"
    for each in absent[:MOST_ABSENT]:
        yield _cut(f"  {printable(each.path)} ({_PLACES[each.at]})", width)
    if len(absent) > MOST_ABSENT:
        yield f"  and {len(absent) - MOST_ABSENT:,} more"


def _gone(names: Sequence[str], width: int | None) -> Iterator[str]:
    if names:
        yield ""
    for each in names[:MOST_ABSENT]:
        yield _cut(printable(f"dvc.lock still knows {each}, which no dvc.yaml declares"), width)
    if len(names) > MOST_ABSENT:
        yield f"and {len(names) - MOST_ABSENT:,} more stages that no dvc.yaml declares"


def _label(stage: Planned) -> str:
    shown = _cut(printable(stage.name), 60)
    kept = "".join(
        letter if letter.isalnum() or letter in " -_./@" else f"#{ord(letter)};" for letter in shown
    )
    return f"{kept}<br>{stage.standing.value}"


def _cut(text: str, width: int | None) -> str:
    return text if width is None or len(text) <= width else text[: width - 1] + "…"
