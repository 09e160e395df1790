"""What a run reproduced, as a section: every stage, why it was stale, how long it took, and a graph."""

from collections.abc import Mapping, Sequence

from mlci.core.evidence import Evidence
from mlci.core.forecast import planned_from, why
from mlci.core.report import Block, Cell, Column, Graph, Node, Paragraph, Section, Table, Tone, code, words
from mlci.core.stages import Planned, Standing
from mlci.core.strictjson import JsonValue
from mlci.core.wording import NOTHING, count, duration

# A graph of more stages than these is read by nobody; those that ran or were stale are drawn first.
MOST_DRAWN = 40
MOST_SECONDS = 10.0**9
_COLUMNS = (
    Column(title="stage"),
    Column(title="was"),
    Column(title="took", number=True),
    Column(title="expected", number=True, spare=True),
)
_TONES = {
    Standing.CURRENT: Tone.MUTED,
    Standing.STALE: Tone.WARN,
    Standing.FOLLOWS: Tone.NEUTRAL,
    Standing.UNKNOWN: Tone.NEUTRAL,
    Standing.FROZEN: Tone.MUTED,
}


def section(evidence: Evidence) -> Section | None:
    """The stages of a reproduction, folded; None when the evidence tells of none."""
    stages = planned_from(evidence.figures.get("plan"))
    if not stages:
        return None
    ran, expected = _seconds(evidence.figures.get("ran")), _seconds(evidence.figures.get("expected"))
    rows = tuple(
        _row(each, ran, expected) for each in sorted(stages, key=lambda each: not _counts(each, ran))
    )
    return Section(
        title="Stages",
        blocks=(Table(columns=_COLUMNS, rows=rows), *_picture(stages, ran)),
        summary=words(f"{len(ran)} of {count(len(stages), 'stage')} ran"),
        folded=True,
    )


def _row(stage: Planned, ran: Mapping[str, float], expected: Mapping[str, float]) -> tuple[Cell, ...]:
    was = f"{stage.standing.value}: {why(stage)}" if stage.reasons else stage.standing.value
    return (
        Cell(text=code(stage.name)),
        Cell(text=words(was), tone=_TONES[stage.standing]),
        Cell(text=words(_time(ran, stage.name))),
        Cell(text=words(_time(expected, stage.name)), tone=Tone.MUTED),
    )


def _picture(stages: Sequence[Planned], ran: Mapping[str, float]) -> tuple[Block, ...]:
    drawn = [each for each in stages if len(stages) <= MOST_DRAWN or _counts(each, ran)][:MOST_DRAWN]
    if len(drawn) < 2:  # one box is no graph
        return ()
    places = {each.name: number for number, each in enumerate(drawn)}
    nodes = (
        Node(
            name=each.name,
            state=_state(each, ran),
            tone=Tone.GOOD if each.name in ran else _TONES[each.standing],
            after=tuple(sorted(places[name] for name in {*each.upstream} if name in places)),
        )
        for each in drawn
    )
    graph = Graph(nodes=tuple(nodes))
    left = len(stages) - len(drawn)
    return (graph, Paragraph(text=words(f"{count(left, 'more stage')} not drawn."))) if left else (graph,)


def _state(stage: Planned, ran: Mapping[str, float]) -> str:
    took = f", ran {duration(ran[stage.name])}" if stage.name in ran else ""
    return stage.standing.value + took


def _counts(stage: Planned, ran: Mapping[str, float]) -> bool:
    return stage.name in ran or stage.runs


def _time(seconds: Mapping[str, float], name: str) -> str:
    return duration(seconds[name]) if name in seconds else NOTHING


def _seconds(figure: JsonValue) -> Mapping[str, float]:
    pairs = figure.items() if isinstance(figure, dict) else ()
    return {
        name: float(took)
        for name, took in pairs
        if isinstance(took, int | float) and not isinstance(took, bool) and 0 <= took < MOST_SECONDS
    }
