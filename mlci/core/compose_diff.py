"""The parts of a report that tell a diff: objectives and slices first, the folded rest after the gates."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from math import isfinite

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
from mlci.core.values import Kind, Value
from mlci.core.wording import (
    MINUS,
    NOTHING,
    count,
    decimals_beside,
    decimals_between,
    decimals_of,
    difference,
    number,
    share,
)

# A longer note stands with what failed or with what to look at, not in the narrow cell of a table.
SHORT = 24
MOST_SLICES = 100
MOST_COLUMNS = 20
MOST_VALUES = 200
LONGEST_NUMBER = 24
_SLICE_ORDER: Mapping[MetricVerdict | None, int] = {
    MetricVerdict.REGRESSED: 0,
    MetricVerdict.IMPROVED: 1,
    MetricVerdict.INCONCLUSIVE: 2,
}
_LIMITS = {FloorStatus.MISSED: "misses", FloorStatus.STRADDLED: "may miss"}
_KINDS = {Kind.NAN: "NaN", Kind.PLUS_INFINITY: "Infinity", Kind.MINUS_INFINITY: "-Infinity"}
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
    whole = sorted((each for each in diff.metrics if each.subject is None or each.gated), key=_importance)
    return (_objectives(whole, diff) if whole else None, _slices(diff))


def _objectives(metrics: Sequence[MetricDiff], diff: Diff) -> Section:
    labels = _labels(metrics)
    base = diff.base_name or (diff.base[:10] if diff.base else "base")
    columns = (
        Column(title="objective"),
        Column(title="verdict"),
        Column(title=base, number=True, spare=True),
        Column(title="this change", number=True, spare=True),
        _difference_column(metrics),
        Column(title="may drop", number=True, spare=True),
    )
    # Where no drop is accepted, no column says so.
    width = len(columns) if any(each.margin is not None for each in metrics) else len(columns) - 1
    rows = tuple(_metric_row(each, label)[:width] for each, label in zip(metrics, labels, strict=True))
    table = Table(columns=columns[:width], rows=rows)
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
            Paragraph(
                text=words(
                    f"4 times out of 5 this test set would notice a true change for the worse by: {told}."
                )
            )
        )
    return Section(title="Objectives", blocks=tuple(blocks))


def _difference_column(metrics: Sequence[MetricDiff]) -> Column:
    known = any(each.interval for each in metrics)
    return Column(title="difference (95 % interval)" if known else "difference", number=True)


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
    judged = sorted((each for each in diff.metrics if each.gated and each.verdict), key=_importance)
    title, base = f"Against {name}", code(diff.base_name)
    if not judged:
        notes = _noted(diff)
        return Section(title=title, blocks=notes, summary=base, folded=True) if notes else None
    columns = (
        Column(title="objective"),
        Column(title="verdict"),
        Column(title=name, number=True, spare=True),
        Column(title="this change", number=True, spare=True),
        _difference_column(judged),
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


def _importance(metric: MetricDiff) -> int:
    """What a reader must see first; the rest in the order in which it was asked for."""
    tone = _verdict_cell(metric).tone
    if tone in (Tone.BAD, Tone.WARN):
        return 0 if tone is Tone.BAD else 1
    return 2 if metric.gated else 3


def _metric_row(metric: MetricDiff, label: str) -> tuple[Cell, ...]:
    moved = (
        "–"
        if metric.difference is None
        else difference(metric.difference, metric.interval, margin=metric.margin)
    )
    decimals = _decimals(metric)
    # The verdict stands where a phone shows it; the numbers behind it may have to be scrolled to.
    return (
        Cell(text=code(label)),
        _verdict_cell(metric),
        Cell(text=words(number(metric.base, decimals=decimals))),
        Cell(text=words(number(metric.head, decimals=decimals))),
        Cell(text=words(moved)),
        Cell(text=words(number(metric.margin, decimals=decimals))),
    )


def _decimals(metric: MetricDiff) -> int | None:
    """One number of decimals for a row, at which no cell contradicts its verdict or its limits."""
    limits = [floor.limit for floor in metric.floors]
    beside = decimals_beside((metric.head,), limits) if limits and metric.head is not None else 0
    if metric.difference is None:
        return beside or None
    return max(beside, decimals_of(metric.difference, metric.interval, margin=metric.margin))


def _verdict_cell(metric: MetricDiff) -> Cell:
    if metric.problem:
        return Cell(text=words(_no_value(metric.problem)), tone=Tone.BAD if metric.gated else Tone.WARN)
    limits = [floor for floor in metric.floors if floor.status is not FloorStatus.MET]
    floors = [f"{_LIMITS[floor.status]} {floor.expected}" for floor in limits]
    tones = [Tone.BAD if floor.status is FloorStatus.MISSED else Tone.WARN for floor in limits]
    note = f" ({metric.note})" if 0 < len(metric.note) <= SHORT else ""
    if metric.verdict is not None:
        tones.append(VERDICT_TONES[metric.verdict])
        said = [metric.verdict.value.replace("_", " ") + note]
    else:
        said = (
            []
            if floors
            else ["new" if metric.base is None else f"shown{note if metric.likely_worse else ''}"]
        )
    worst = max(tones, key=list(Tone).index, default=Tone.NEUTRAL)
    return Cell(text=words("; ".join((*said, *floors))), tone=worst)


def _no_value(problem: str) -> str:
    """What is wrong with a value, in a cell; its whole sentence stands with what failed."""
    said = problem.rpartition(" is ")[2]
    return said if len(said) <= SHORT else "cannot be judged"


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
    shown = sorted(told, key=_severity)[:MOST_SLICES]
    blocks: list[Block] = []
    if shown:
        rows = zip(shown, _labels(shown), strict=True)
        pictures = tuple(_picture(each, label) for each, label in rows)
        # Of many slices, the green of one that stayed is said by silence.
        stayed = {at for at, each in enumerate(shown) if each.verdict is MetricVerdict.WITHIN_MARGIN}
        quiet = (replace(row, tone=Tone.NEUTRAL) if at in stayed else row for at, row in enumerate(pictures))
        blocks.append(Intervals(rows=tuple(quiet)))
    if untold := [each for each in slices if each not in told]:
        few = f"{count(len(untold), 'measure')} of slices with fewer than 30 rows of a kind"
        blocks.append(Paragraph(text=words(f"Not judged: {few}.")))
    if len(told) > len(shown):
        blocks.append(Paragraph(text=words(f"{len(told) - len(shown)} more stand in diff.json.")))
    names = {(each.model, each.subject) for each in slices}
    moved = [each for each in told if each.verdict in (MetricVerdict.IMPROVED, MetricVerdict.REGRESSED)]
    summary = f"{count(len(names), 'slice')}, {count(len(moved), 'measure')} moved"
    return Section(title="Slices", blocks=tuple(blocks), summary=words(summary), folded=True)


def _severity(metric: MetricDiff) -> tuple[int, float]:
    """The worst first: by verdict, then by how many times what is accepted the metric moved."""
    moved = abs(metric.difference or 0.0) / (metric.margin or 1.0)
    return _SLICE_ORDER.get(metric.verdict, len(_SLICE_ORDER)), -moved


def rest(diff: Diff) -> tuple[Section | None, ...]:
    """Return what explains: metrics, parameters, files, stages, notes."""
    return (
        _values("Metrics", diff.values, rounded=True),
        _values("Parameters", diff.params, rounded=False),
        _files(diff.files),
        _stages(diff),
        _notes(diff),
    )


def _values(title: str, values: Sequence[ValueDiff], *, rounded: bool) -> Section | None:
    """The values that moved; measured ones are `rounded`, what somebody wrote stands as it was written."""
    moved = [each for each in values if each.move is not Move.UNCHANGED]
    if not moved:
        return None
    columns = (
        Column(title="name"),
        Column(title="base", number=True),
        Column(title="this change", number=True),
        Column(title="difference", number=True),
    )
    shown = moved if len(moved) <= MOST_VALUES else sorted(moved, key=_weight)[:MOST_VALUES]
    shown = sorted(shown, key=lambda each: (not (rounded and _broke(each)), *_place(each)))
    rows = tuple(_value_row(each, rounded=rounded) for each in shown)
    blocks: list[Block] = [Table(columns=columns, rows=rows)]
    if len(shown) < len(moved):
        less = f"The {len(shown)} that changed most; {len(moved) - len(shown):,} more stand in diff.json."
        blocks.append(Paragraph(text=words(less)))
    broken = sum(map(_broke, moved)) if rounded else 0
    summary = f"{len(moved):,} changed" + (f", {broken:,} of them no number any more" if broken else "")
    return Section(title=title, blocks=tuple(blocks), summary=words(summary), folded=True)


def _broke(value: ValueDiff) -> bool:
    """Whether a number became something that is none."""
    return value.base.kind is Kind.NUMBER and value.head.kind not in (Kind.NUMBER, Kind.MISSING)


def _weight(value: ValueDiff) -> tuple[float, str, tuple[str, ...]]:
    """Order by change: first what came, went or is no number, then the largest share."""
    relative = value.relative
    return (float("-inf") if relative is None else -abs(relative), *_place(value))


def _place(value: ValueDiff) -> tuple[str, tuple[str, ...]]:
    return value.path, value.key


def _value_row(value: ValueDiff, *, rounded: bool) -> tuple[Cell, ...]:
    moved, base, head = value.difference, value.base.exact, value.head.exact
    known = [each for each in (base, head) if each is not None]
    decimals = decimals_between(known[0], known[-1]) if known else None
    change = (
        value.move.value
        if moved is None or value.move is Move.RENAMED
        else _change(moved, value.relative, decimals)
    )
    places = decimals if rounded else None
    name = code(f"{value.path}:{value.name}")
    return (
        Cell(text=(*name, *words(", was "), *code(value.was)) if value.was else name),
        _value_cell(value.base, places),
        _value_cell(value.head, places),
        Cell(text=words(change), tone=Tone.BAD if rounded and _broke(value) else Tone.NEUTRAL),
    )


def _value_cell(value: Value, decimals: int | None) -> Cell:
    if value.kind is Kind.MISSING:
        return Cell(text=words(NOTHING))
    if value.exact is not None and decimals is not None:
        return Cell(text=code(f"{value.exact:,.{decimals}f}".replace("-", MINUS)))
    if value.exact is not None and len(value.text) > LONGEST_NUMBER:
        return Cell(text=code(f"{value.number:.6g}".replace("-", MINUS)))
    return Cell(text=code(_KINDS.get(value.kind, value.text)))


def _change(moved: Decimal, relative: float | None, decimals: int | None) -> str:
    text = f"{moved.normalize():+.3g}" if decimals is None else f"{moved:+,.{decimals}f}"
    told = text.replace("-", MINUS)
    return told if relative is None or not isfinite(relative) else f"{told} ({share(relative)})"


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
