"""The parts of a report that tell a diff: objectives and slices first, the folded rest after the gates."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from mlci.core.config import Direction
from mlci.core.diff import (
    Diff,
    FileDiff,
    FileState,
    FloorStatus,
    Inside,
    MetricDiff,
    MetricVerdict,
    Move,
    Pairing,
    ValueDiff,
)
from mlci.core.diff_findings import paired, subject
from mlci.core.report import (
    Block,
    Cell,
    Column,
    IntervalRow,
    Intervals,
    Item,
    Items,
    Paragraph,
    Section,
    Table,
    Text,
    Tone,
    code,
    prose,
    words,
)
from mlci.core.wording import NOTHING, count, difference, number, signed

# A longer note stands with what failed or with what to look at, not in the narrow cell of a table.
SHORT = 24
MOST_SLICES = 30
MOST_COLUMNS = 20
MOST_VALUES = 200
_SLICE_ORDER: Mapping[MetricVerdict | None, int] = {
    MetricVerdict.REGRESSED: 0,
    MetricVerdict.IMPROVED: 1,
    MetricVerdict.INCONCLUSIVE: 2,
}
VERDICT_TONES = {
    MetricVerdict.IMPROVED: Tone.GOOD,
    MetricVerdict.WITHIN_MARGIN: Tone.GOOD,
    MetricVerdict.REGRESSED: Tone.BAD,
    MetricVerdict.INCONCLUSIVE: Tone.WARN,
    MetricVerdict.NOT_COMPARABLE: Tone.WARN,
    MetricVerdict.INSUFFICIENT: Tone.WARN,
}


def first(diff: Diff) -> tuple[Section | None, ...]:
    """Return what decides: the objectives, and the slices that moved."""
    whole = [each for each in diff.metrics if each.subject is None or each.gated]
    return (_objectives(whole, diff) if whole else None, _slices(diff))


def _objectives(metrics: Sequence[MetricDiff], diff: Diff) -> Section:
    labels = _labels(metrics)
    base = diff.base_name or (diff.base[:10] if diff.base else "base")
    columns = (
        Column(title="objective"),
        Column(title="verdict"),
        Column(title=base, number=True, spare=True),
        Column(title="this change", number=True, spare=True),
        Column(title="difference (95 % interval)", number=True),
        Column(title="may drop", number=True, spare=True),
    )
    table = Table(
        columns=columns,
        rows=tuple(_metric_row(each, label) for each, label in zip(metrics, labels, strict=True)),
    )
    blocks: list[Block] = [table]
    picture = tuple(
        _picture(each, label)
        for each, label in zip(metrics, labels, strict=True)
        if each.interval and each.difference is not None
    )
    if picture:
        blocks.append(Intervals(rows=picture))
    blocks += [Paragraph(text=_flipped(each)) for each in diff.pairings if each.comparable and each.rows]
    smallest = [each for each in metrics if each.noticeable is not None]
    if smallest:
        told = ", ".join(f"{each.metric} {number(each.noticeable)}" for each in smallest)
        blocks.append(
            Paragraph(text=words(f"The smallest drops this test set would notice (80 % power): {told}."))
        )
    return Section(title="Objectives", blocks=tuple(blocks))


def _flipped(pairing: Pairing) -> Text:
    """Return how many predictions are others now; the ids stay in the artifact."""
    rows = f"{pairing.flipped:,} of {count(pairing.rows, 'prediction')} of "
    sides = f" flipped: {pairing.lost:,} right before, {pairing.won:,} right now"
    again = "; the base was scored anew on this test set" if pairing.rescored else ""
    return (*words(rows), *code(pairing.model), *words(f"{sides}{again}."))


def against(name: str, diff: Diff) -> Section | None:
    """Return how the objectives stand to something else than the base: what runs in production, say.

    Many small drops, each within its margin of the one before, add up here; so a regression is not folded.
    """
    judged = [each for each in diff.metrics if each.gated and each.verdict is not None]
    title, base = f"Against {name}", code(diff.base_name)
    if not judged:
        notes = _noted(diff)
        return Section(title=title, blocks=notes, summary=base, folded=True) if notes else None
    columns = (
        Column(title="objective"),
        Column(title="verdict"),
        Column(title=name, number=True, spare=True),
        Column(title="this change", number=True, spare=True),
        Column(title="difference (95 % interval)", number=True),
    )
    rows = tuple(_metric_row(each, label)[:-1] for each, label in zip(judged, _labels(judged), strict=True))
    lost = any(each.verdict is MetricVerdict.REGRESSED for each in judged)
    return Section(
        title=title,
        blocks=(Table(columns=columns, rows=rows), *_partly(diff), *_noted(diff)),
        summary=base + words(": " + _tally([each.verdict for each in judged if each.verdict])),
        folded=not lost,
    )


def _partly(diff: Diff) -> tuple[Block, ...]:
    """Where a verdict rests on a part of the rows, which."""
    parts = [each for each in diff.pairings if each.comparable and not each.whole]
    return tuple(Paragraph(text=prose(f"{paired(each)}.")) for each in parts)


def _tally(verdicts: Sequence[MetricVerdict]) -> str:
    counted = ((verdicts.count(each), each.value.replace("_", " ")) for each in MetricVerdict)
    return ", ".join(count(amount, word, word) for amount, word in counted if amount)


def _noted(diff: Diff) -> tuple[Block, ...]:
    return (Items(items=tuple(Item(text=words(each)) for each in diff.notes)),) if diff.notes else ()


def _labels(metrics: Sequence[MetricDiff]) -> list[str]:
    """What each row is called: without its model where nothing else could be meant."""
    several = len({each.model for each in metrics if each.model}) > 1
    short = [subject(replace(each, model=None)) for each in metrics]
    if several or len(set(short)) < len(short):
        return [subject(each) for each in metrics]
    return short


def _metric_row(metric: MetricDiff, label: str) -> tuple[Cell, ...]:
    moved = (
        "–"
        if metric.difference is None
        else difference(metric.difference, metric.interval, margin=metric.margin)
    )
    # The verdict stands where a phone shows it; the numbers behind it may have to be scrolled to.
    return (
        Cell(text=code(label)),
        _verdict_cell(metric),
        Cell(text=words(number(metric.base))),
        Cell(text=words(number(metric.head))),
        Cell(text=words(moved)),
        Cell(text=words(number(metric.margin))),
    )


def _verdict_cell(metric: MetricDiff) -> Cell:
    missed = [floor for floor in metric.floors if floor.status is not FloorStatus.MET]
    floors = "".join(f"; {floor.status.value} {floor.expected}" for floor in missed)
    if metric.problem:
        return Cell(text=words(metric.problem), tone=Tone.BAD)
    if metric.verdict is None:
        tone = Tone.BAD if any(each.status is FloorStatus.MISSED for each in missed) else Tone.NEUTRAL
        return Cell(text=words(("new" if metric.base is None else "shown") + floors), tone=tone)
    note = f" ({metric.note})" if 0 < len(metric.note) <= SHORT else ""
    tone = VERDICT_TONES[metric.verdict]
    return Cell(text=words(metric.verdict.value.replace("_", " ") + note + floors), tone=tone)


def _picture(metric: MetricDiff, label: str) -> IntervalRow:
    turn = 1 if metric.direction is Direction.HIGHER else -1
    interval = metric.interval
    limits = sorted((turn * interval.low, turn * interval.high)) if interval else [0.0, 0.0]
    return IntervalRow(
        label=code(label),
        low=limits[0],
        point=turn * (metric.difference or 0.0),
        high=limits[1],
        margin=metric.margin,
        tone=VERDICT_TONES[metric.verdict] if metric.verdict else Tone.NEUTRAL,
    )


def _slices(diff: Diff) -> Section | None:
    """The slices that say something, worst first; the rest is counted."""
    slices = [
        each for each in diff.metrics if each.subject and not each.gated and each.difference is not None
    ]
    told = [each for each in slices if each.interval and each.verdict is not MetricVerdict.INSUFFICIENT]
    if not slices:
        return None
    shown = sorted(told, key=lambda each: _SLICE_ORDER.get(each.verdict, len(_SLICE_ORDER)))[:MOST_SLICES]
    blocks: list[Block] = []
    if shown:
        rows = zip(shown, _labels(shown), strict=True)
        blocks.append(Intervals(rows=tuple(_picture(each, label) for each, label in rows)))
    if untold := [each for each in slices if each not in told]:
        few = f"{count(len(untold), 'measure')} of slices with fewer than 30 rows of a kind"
        blocks.append(Paragraph(text=words(f"Not judged: {few}.")))
    if len(told) > len(shown):
        blocks.append(Paragraph(text=words(f"{len(told) - len(shown)} more stand in diff.json.")))
    names = {(each.model, each.subject) for each in slices}
    moved = [each for each in told if each.verdict in (MetricVerdict.IMPROVED, MetricVerdict.REGRESSED)]
    summary = f"{count(len(names), 'slice')}, {count(len(moved), 'measure')} moved"
    return Section(title="Slices", blocks=tuple(blocks), summary=words(summary), folded=True)


def rest(diff: Diff) -> tuple[Section | None, ...]:
    """Return what explains: metrics, parameters, files, stages, notes."""
    return (
        _values("Metrics", diff.values),
        _values("Parameters", diff.params),
        _files(diff.files),
        _stages(diff),
        _notes(diff),
    )


def _values(title: str, values: Sequence[ValueDiff]) -> Section | None:
    moved = [each for each in values if each.move is not Move.UNCHANGED]
    if not moved:
        return None
    columns = (
        Column(title="name"),
        Column(title="base", number=True),
        Column(title="this change", number=True),
        Column(title="difference", number=True),
    )
    shown = (
        moved if len(moved) <= MOST_VALUES else sorted(sorted(moved, key=_weight)[:MOST_VALUES], key=_place)
    )
    blocks: list[Block] = [Table(columns=columns, rows=tuple(_value_row(each) for each in shown))]
    if len(shown) < len(moved):
        less = f"The {len(shown)} that changed most; {len(moved) - len(shown):,} more stand in diff.json."
        blocks.append(Paragraph(text=words(less)))
    return Section(title=title, blocks=tuple(blocks), summary=words(f"{len(moved):,} changed"), folded=True)


def _weight(value: ValueDiff) -> tuple[float, str, tuple[str, ...]]:
    """Order by change: first what came, went or is no number, then the largest share."""
    relative = value.relative
    return (float("-inf") if relative is None else -abs(relative), *_place(value))


def _place(value: ValueDiff) -> tuple[str, tuple[str, ...]]:
    return value.path, value.key


def _value_row(value: ValueDiff) -> tuple[Cell, ...]:
    moved = value.difference
    exact = moved is None or value.move is Move.RENAMED
    change = value.move.value if exact else _change(float(moved or 0), value.relative)
    name = code(f"{value.path}:{value.name}")
    return (
        Cell(text=(*name, *words(", was "), *code(value.was)) if value.was else name),
        Cell(text=code(value.base.text or value.base.kind.value)),
        Cell(text=code(value.head.text or value.head.kind.value)),
        Cell(text=words(change)),
    )


def _change(moved: float, relative: float | None) -> str:
    text = signed(moved) if abs(moved) >= 0.0001 else f"{moved:+.3g}"
    return text if relative is None else f"{text} ({signed(100 * relative, decimals=1)} %)"


def _files(files: Sequence[FileDiff]) -> Section | None:
    if not files:
        return None
    columns = (Column(title="file"), Column(title="kind"), Column(title="base"), Column(title="this change"))
    rows = tuple(
        (
            Cell(text=code(each.path)),
            Cell(text=words(each.artifact.value)),
            Cell(text=words(_state(each.base))),
            Cell(text=words(_state(each.head))),
        )
        for each in files
    )
    blocks: list[Block] = [Table(columns=columns, rows=rows)]
    items = [Item(text=_inside(each)) for each in files if each.inside]
    items += [Item(text=_columns(each)) for each in files if each.columns]
    if items:
        blocks.append(Items(items=tuple(items)))
    return Section(
        title="Data and models", blocks=tuple(blocks), summary=words(f"{len(rows)} changed"), folded=True
    )


def _inside(file: FileDiff) -> Text:
    """Return what came, went and changed inside a directory."""
    found = file.inside or Inside()
    parts = [
        f"{count(amount, 'file')} {word}"
        for amount, word in ((found.added, "new"), (found.removed, "gone"), (found.changed, "changed"))
        if amount
    ]
    if found.rows_added is not None and found.rows_removed is not None:
        parts.append(f"{count(found.rows_added, 'row')} more, {found.rows_removed:,} less")
    if found.unknown:
        parts.append(f"rows n/a: {found.unknown}")
    return (*code(file.path), *words(": "), *prose(", ".join(parts) or "nothing"))


def _columns(file: FileDiff) -> Text:
    """Return which columns of a table came, went, or hold something else now."""
    text: Text = (*code(file.path), *words(": "))
    for at, each in enumerate(file.columns[:MOST_COLUMNS]):
        moved = "new" if each.base is None else "gone" if each.head is None else f"{each.base} → {each.head}"
        text = (*text, *words(", " if at else ""), *code(each.name), *words(f" {moved}"))
    more = len(file.columns) - MOST_COLUMNS
    return (*text, *words(f", {more} more")) if more > 0 else text


def _state(state: FileState | None) -> str:
    if state is None:
        return NOTHING
    parts = [state.hash[:10]]
    if state.rows is not None:
        parts.append(count(state.rows, "row"))
    if state.size is not None:
        parts.append(count(state.size, "byte"))
    if state.files is not None:
        parts.append(count(state.files, "file"))
    return ", ".join(parts)


def _stages(diff: Diff) -> Section | None:
    if not diff.stages:
        return None
    items = tuple(
        Item(text=(*code(each.name), *words(f" {each.move.value}: {', '.join(each.because) or 'outputs'}")))
        for each in diff.stages
    )
    return Section(
        title="Pipeline", blocks=(Items(items=items),), summary=words(count(len(items), "stage")), folded=True
    )


def _notes(diff: Diff) -> Section | None:
    if not diff.notes:
        return None
    return Section(
        title="Notes",
        blocks=(Items(items=tuple(Item(text=words(each)) for each in diff.notes)),),
        summary=words(count(len(diff.notes), "note")),
        folded=True,
    )
