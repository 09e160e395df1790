"""What a run reproduced, as a section: every stage, why it was stale, how long it took, and a graph."""

from collections.abc import Collection, Mapping, Sequence

from mlci.core.dvc.forecast import planned_from, why
from mlci.core.dvc.stages import Planned, Standing
from mlci.core.evidence import Evidence
from mlci.core.finding import Status
from mlci.core.report import Block, Cell, Column, Graph, Node, Paragraph, Section, Table, Tone, code, words
from mlci.core.strictjson import JsonValue
from mlci.core.wording import NOTHING, count, duration

# A graph of more stages than these is read by nobody; those that ran or were stale are drawn first.
MOST_DRAWN = 40
MOST_SECONDS = 10.0**9
REPRODUCED = "pipeline.reproduced"
_TAKEN = "taken from DVC's cache"
_COLUMNS = (
    Column(title="stage"),
    Column(title="was"),
    Column(title="took", number=True),
    Column(title="expected", number=True, spare=1),
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
    restored = _restored(stages, ran, evidence)
    ordered = sorted(stages, key=lambda each: not _counts(each, ran))
    rows = tuple(_row(each, ran, expected, restored) for each in ordered)
    return Section(
        title="Stages",
        blocks=(Table(columns=_COLUMNS, rows=rows), *_picture(stages, ran, restored)),
        summary=words(f"{len(ran):,} of {count(len(stages), 'stage')} ran"),
        folded=True,
    )


def _restored(stages: Sequence[Planned], ran: Mapping[str, float], evidence: Evidence) -> frozenset[str]:
    """The stages that were stale, did not run and are none the less as they should be: DVC had run them."""
    proven = any(each.check == REPRODUCED and each.status is Status.PASS for each in evidence.findings)
    stale = (each.name for each in stages if each.standing is Standing.STALE and each.name not in ran)
    return frozenset(stale if proven else ())


def _row(
    stage: Planned, ran: Mapping[str, float], expected: Mapping[str, float], restored: Collection[str]
) -> tuple[Cell, ...]:
    was = f"{stage.standing.value}: {why(stage)}" if stage.reasons else stage.standing.value
    was, tone = (f"{was}; {_TAKEN}", Tone.MUTED) if stage.name in restored else (was, _TONES[stage.standing])
    return (
        Cell(text=code(stage.name)),
        Cell(text=words(was), tone=tone),
        Cell(text=words(_time(ran, stage.name))),
        Cell(text=words(_time(expected, stage.name)), tone=Tone.MUTED),
    )


def _picture(
    stages: Sequence[Planned], ran: Mapping[str, float], restored: Collection[str]
) -> tuple[Block, ...]:
    drawn = [each for each in stages if len(stages) <= MOST_DRAWN or _counts(each, ran)][:MOST_DRAWN]
    if len(drawn) < 2:  # one box is no graph
        return ()
    places = {each.name: number for number, each in enumerate(drawn)}
    nodes = (
        Node(
            name=each.name,
            state=f"was stale, {_TAKEN}" if each.name in restored else _state(each, ran),
            tone=_tone(each, ran, restored),
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


def _tone(stage: Planned, ran: Mapping[str, float], restored: Collection[str]) -> Tone:
    if stage.name in ran:
        return Tone.GOOD
    return Tone.MUTED if stage.name in restored else _TONES[stage.standing]


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
