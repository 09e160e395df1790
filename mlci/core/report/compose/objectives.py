"""The parts of a report that decide: how objectives stand to the base and to production, and the slices."""

from collections.abc import Sequence

from msgspec.structs import replace

from mlci.core.config import Direction
from mlci.core.diff import LIKELY_WORSE, SETTLED, Diff, FloorStatus, MetricDiff, MetricVerdict, Pairing
from mlci.core.diff.findings import subject
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
    plain,
    prose,
    words,
)
from mlci.core.report.compose.extent import Extent
from mlci.core.report.compose.headline import base_title
from mlci.core.report.compose.marks import explained, mark_of
from mlci.core.wording import NOTHING, count, decimals_beside, decimals_of, difference, number

# A longer note stands with what failed or with what to look at, not in the narrow cell of a table.
LONGEST_NOTE = 24
_SLICE_ORDER = ("regressed", LIKELY_WORSE, "improved", "inconclusive")
_MOVED = _SLICE_ORDER[:3]
_LIMITS = {FloorStatus.MISSED: "misses", FloorStatus.STRADDLED: "narrowly meets", FloorStatus.MET: "meets"}
VERDICT_TONES = {
    MetricVerdict.IMPROVED: Tone.GOOD,
    MetricVerdict.WITHIN_MARGIN: Tone.GOOD,
    MetricVerdict.REGRESSED: Tone.BAD,
    MetricVerdict.INCONCLUSIVE: Tone.WARN,
    MetricVerdict.NOT_COMPARABLE: Tone.WARN,
    MetricVerdict.INSUFFICIENT: Tone.WARN,
}


def first(diff: Diff, extent: Extent) -> tuple[Section | None, ...]:
    """Return what decides: the objectives, and the slices that moved."""
    whole = sorted((each for each in diff.metrics if each.subject is None or each.gated), key=_importance)
    return (_objectives(whole, diff) if whole else None, _slices(diff, extent))


def _objectives(metrics: Sequence[MetricDiff], diff: Diff) -> Section:
    labels = _labels(metrics)
    columns = (
        Column(title="objective"),
        Column(title="verdict"),
        # What a change may do says more than the base's value, which difference and value give.
        Column(title=base_title(diff), number=True, spare=3),
        Column(title="this change", number=True, spare=2),
        _difference_column(metrics),
        Column(title="may drop", number=True, spare=1),
    )
    rows = tuple(_metric_row(each, label, diff) for each, label in zip(metrics, labels, strict=True))
    table = _saying(Table(columns=columns, rows=rows))
    blocks: list[Block] = [table, *explained(metrics, diff, base_title(diff))]
    picture = tuple(
        _picture(each, label) for each, label in zip(metrics, labels, strict=True) if _is_drawn(each)
    )
    if picture:
        blocks.append(Intervals(rows=picture))
    counted = [each for each in diff.pairings if each.comparable and each.rows and each.labelled]
    blocks += [Paragraph(text=_flipped(each)) for each in counted]
    noticed = [
        f"{label} {number(each.noticeable)}"
        for each, label in zip(metrics, labels, strict=True)
        # What too few rows would notice is as little known as what they say.
        if each.noticeable is not None and each.verdict is not MetricVerdict.INSUFFICIENT
    ]
    if noticed:
        often = "4 times out of 5 this test set would notice a true change for the worse by"
        blocks.append(Paragraph(text=words(f"{often}: {', '.join(noticed)}.")))
    return Section(title="Objectives", blocks=tuple(blocks))


def _saying(table: Table) -> Table:
    """A table without the columns of which no row has anything, such as a base's where there is none."""
    kept = [
        at
        for at, column in enumerate(table.columns)
        if not column.number or any(plain(row[at].text) != NOTHING for row in table.rows)
    ]
    return Table(
        columns=tuple(table.columns[at] for at in kept),
        rows=tuple(tuple(row[at] for at in kept) for row in table.rows),
    )


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
        Column(title=name, number=True, spare=2),
        Column(title="this change", number=True, spare=1),
        _difference_column(judged),
    )
    labels = zip(judged, _labels(judged), strict=True)
    rows = tuple(_metric_row(each, label, diff)[:-1] for each, label in labels)
    lost = any(each.verdict is MetricVerdict.REGRESSED for each in judged)
    return Section(
        title=title,
        blocks=(Table(columns=columns, rows=rows), *explained(judged, diff, name), *_noted(diff)),
        summary=base + words(": " + _tally([each.verdict for each in judged if each.verdict])),
        folded=not lost,
    )


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


def _metric_row(metric: MetricDiff, label: str, diff: Diff) -> tuple[Cell, ...]:
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
        Cell(text=words(f"{moved}{mark_of(metric, diff)}")),
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
    unmet = [floor for floor in metric.floors if floor.status is not FloorStatus.MET]
    # What is settled without an interval was compared exactly: the difference shows it by having none.
    exact = metric.interval is None and metric.verdict in SETTLED
    note = f" ({metric.note})" if 0 < len(metric.note) <= LONGEST_NOTE and not exact else ""
    said = [f"{_LIMITS[floor.status]} {floor.expected}" for floor in unmet]
    tones = [Tone.BAD if floor.status is FloorStatus.MISSED else Tone.WARN for floor in unmet]
    if metric.verdict is not None:
        said.insert(0, _verdict(metric) + note)
        tones.append(VERDICT_TONES[metric.verdict])
    elif not unmet and metric.floors:
        said = [f"{_LIMITS[floor.status]} {floor.expected}" for floor in metric.floors]
        tones = [Tone.GOOD]
    elif not unmet:
        said = ["new" if metric.base is None else f"shown{note if metric.likely_worse else ''}"]
    worst = max(tones, key=list(Tone).index, default=Tone.NEUTRAL)
    return Cell(text=words("; ".join(said)), tone=worst)


def _verdict(metric: MetricDiff) -> str:
    return metric.verdict.value.replace("_", " ") if metric.verdict else ""


def _said(metric: MetricDiff) -> str:
    """What a picture says of itself: its verdict, or what is noted of a loss without a margin."""
    return LIKELY_WORSE if metric.verdict is None and metric.note == LIKELY_WORSE else _verdict(metric)


def _no_value(problem: str) -> str:
    """What is wrong with a value, in a cell; its whole sentence stands with what failed."""
    if " has no value: " in problem:
        return "has no value"
    said = problem.partition(", and ")[0].rpartition(" is ")[2]
    return said if len(said) <= LONGEST_NOTE else "cannot be judged"


def _is_drawn(metric: MetricDiff) -> bool:
    """Whether there is a difference to draw: beside a value that is none a picture would show one."""
    return metric.interval is not None and metric.difference is not None and not metric.problem


def _picture(metric: MetricDiff, label: str) -> IntervalRow:
    turn = 1 if metric.direction is Direction.HIGHER else -1
    interval = metric.interval
    limits = sorted((turn * interval.low, turn * interval.high)) if interval else [0.0, 0.0]
    moved = difference(metric.difference or 0.0, interval, margin=metric.margin)
    return IntervalRow(
        label=code(label),
        group=metric.metric,
        low=limits[0],
        point=turn * (metric.difference or 0.0),
        high=limits[1],
        margin=metric.margin,
        tone=VERDICT_TONES[metric.verdict] if metric.verdict else Tone.NEUTRAL,
        said=_said(metric),
        told=moved,
    )


def _slices(diff: Diff, extent: Extent) -> Section | None:
    """The slices that say something, worst first; the rest is counted."""
    slices = [
        each for each in diff.metrics if each.subject and not each.gated and each.difference is not None
    ]
    told = [each for each in slices if _is_drawn(each) and each.verdict is not MetricVerdict.INSUFFICIENT]
    if not slices:
        return None
    shown = sorted(told, key=_severity)[: extent.slices]
    blocks: list[Block] = []
    if shown:
        rows = zip(shown, _labels(shown), strict=True)
        pictures = tuple(_slice(each, label) for each, label in rows)
        # Of many slices, the green of one that stayed is said by silence.
        stayed = {at for at, each in enumerate(shown) if each.verdict is MetricVerdict.WITHIN_MARGIN}
        quiet = (replace(row, tone=Tone.NEUTRAL) if at in stayed else row for at, row in enumerate(pictures))
        blocks.append(Intervals(rows=tuple(quiet)))
    if untold := [each for each in slices if each not in told]:
        few = f"{count(len(untold), 'measure')} of slices with fewer than 30 rows of a kind"
        blocks.append(Paragraph(text=words(f"Not judged: {few}.")))
    if len(told) > len(shown):
        most = f"These {len(shown):,} moved most, what got worse first."
        blocks.append(Paragraph(text=prose(f"{most} {len(told) - len(shown):,} more: `{extent.others}`")))
    names = {(each.model, each.subject) for each in slices}
    moved = [each for each in told if _said(each) in _MOVED]
    summary = f"{count(len(names), 'slice')}, {count(len(moved), 'measure')} moved"
    return Section(title="Slices", blocks=tuple(blocks), summary=words(summary), folded=True)


def _slice(metric: MetricDiff, label: str) -> IntervalRow:
    """A slice's picture, which stands alone: no table beside it has its numbers."""
    row = _picture(metric, label)
    moved = difference(metric.difference or 0.0, None, margin=metric.margin)
    tone = Tone.WARN if row.said == LIKELY_WORSE else row.tone
    return replace(row, said=f"{moved} {row.said}".rstrip(), tone=tone)


def _severity(metric: MetricDiff) -> tuple[int, float]:
    """The worst first: by verdict, then by how many times what is accepted the metric moved."""
    moved, said = abs(metric.difference or 0.0) / (metric.margin or 1.0), _said(metric)
    return _SLICE_ORDER.index(said) if said in _SLICE_ORDER else len(_SLICE_ORDER), -moved
