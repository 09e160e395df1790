"""What reproducing would do, as plain lines for a terminal."""

from collections.abc import Iterator, Sequence

from mlci.core.columns import cut, filled
from mlci.core.dvc.forecast import Absent, Forecast, Whereabouts, tally, why
from mlci.core.dvc.stages import Planned, Standing
from mlci.core.printable import printable
from mlci.core.report.picture import branches, twig
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
_NAMES = 30

_PLACES = {
    Whereabouts.CACHE: "in DVC's cache",
    Whereabouts.REMOTE: "on the remote",
    Whereabouts.NOWHERE: "nowhere",
    Whereabouts.UNKNOWN: "perhaps on the remote",
}


def lines(forecast: Forecast, *, width: int | None = WIDTH) -> list[str]:
    """The graph, each stage below the last one that it needs, and why those that run do.

    Without a width nothing is cut.
    """
    if not forecast.stages:
        return ["there are no stages, so nothing is stale"]
    return [
        _summary(forecast),
        "",
        *_graph(forecast.stages, width),
        *_absent(forecast.absent, width),
        *_gone(forecast.gone, width),
    ]


def _summary(forecast: Forecast) -> str:
    parts = [f"{amount:,} {standing.value}" for standing, amount in tally(forecast.stages).items() if amount]
    said = f"{count(len(forecast.stages), 'stage')}: {', '.join(parts)}"
    if not forecast.in_doubt:
        return said
    return f"{said} by the lock; not known whether {count(len(forecast.in_doubt), 'output')} can be had"


def _graph(stages: Sequence[Planned], width: int | None) -> Iterator[str]:
    order = {each.name: number for number, each in enumerate(stages)}
    afters = [[order[name] for name in each.upstream if name in order] for each in stages]
    for number, depth in branches(afters):
        yield _line(stages[number], depth, width)


def _line(stage: Planned, depth: int, width: int | None) -> str:
    name = f"{SIGNS[stage.standing]} {twig(depth)}{printable(stage.name)}"
    name = filled(cut(name, None if width is None else _NAMES), _NAMES)
    said = stage.standing.value + (f": {why(stage)}" if stage.reasons else "")
    return cut(f"  {name}  {printable(said)}", width)


def _absent(absent: Sequence[Absent], width: int | None) -> Iterator[str]:
    if absent:
        yield ""
        yield f"{count(len(absent), 'output')} not here:"
    for each in absent[:MOST_ABSENT]:
        yield cut(f"  {printable(each.path)} ({_PLACES[each.at]})", width)
    if len(absent) > MOST_ABSENT:
        yield f"  and {len(absent) - MOST_ABSENT:,} more"


def _gone(names: Sequence[str], width: int | None) -> Iterator[str]:
    if names:
        yield ""
    for each in names[:MOST_ABSENT]:
        yield cut(printable(f"dvc.lock still knows {each}, which no dvc.yaml declares"), width)
    if len(names) > MOST_ABSENT:
        yield f"and {len(names) - MOST_ABSENT:,} more stages that no dvc.yaml declares"
