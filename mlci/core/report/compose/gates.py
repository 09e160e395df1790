"""What gates found, as sections: a table of answers each, and what repeats itself as a table of its own."""

from collections.abc import Iterator, Mapping, Sequence

from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Status
from mlci.core.records import MOST
from mlci.core.report import Cell, Column, Section, Table, Tone, code, prose, words
from mlci.core.report.compose.calibration import calibrations
from mlci.core.strictjson import JsonValue
from mlci.core.wording import NOTHING, count, decimals_of, number

TONES = {
    Status.PASS: Tone.GOOD,
    Status.SKIP: Tone.MUTED,
    Status.WARN: Tone.WARN,
    Status.FAIL: Tone.BAD,
    Status.ERROR: Tone.BAD,
}
# A grid is read across, where three decimals tell enough.
MOST_DECIMALS = 3
# So many subjects of one check with several measures each are read as a grid, not as a list.
FEWEST_IN_GRID = 3

_ANSWERS = (Column(title="check"), Column(title="subject"), Column(title="answer"))
_WORDS = (
    (Status.PASS, "passed"),
    (Status.FAIL, "failed"),
    (Status.ERROR, "broken"),
    (Status.WARN, "warned"),
    (Status.SKIP, "skipped"),
)
_GROUPS = (
    Column(title="group"),
    Column(title="rows", number=True),
    Column(title="truly positive", number=True),
    Column(title="of these found", number=True),
    Column(title="false alarms", number=True),
    Column(title="labelled positive", number=True),
)
_CELLS = ("true_positive", "false_negative", "false_positive", "true_negative")


def sections(evidence: Evidence) -> Iterator[Section]:
    """Return a gate's section, folded, and tables of groups that it counted."""
    grids = {check: found for check, found in _by_check(evidence.findings).items() if _is_grid(found)}
    listed = [each for each in evidence.findings if each.check not in grids]
    order = list(Status)
    ranked = sorted(listed, key=lambda each: -order.index(each.status))
    table = Table(columns=_ANSWERS, rows=tuple(_row(each) for each in ranked))
    yield Section(
        title=f"Gate {evidence.gate}: {evidence.verdict.value}",
        blocks=((table,) if ranked or not grids else ()) + tuple(_grid(each) for each in grids.values()),
        summary=words(_tally(evidence.findings)),
        folded=True,
    )
    tones = {each.subject: tone_of(each) for each in ranked}
    yield from _groups(evidence.figures, tones)
    yield from calibrations(evidence)


def tone_of(finding: Finding) -> Tone:
    """How a finding is meant: what somebody accepted for now is not red."""
    return Tone.WARN if finding.waived and not finding.blocks else TONES[finding.status]


def _tally(findings: Sequence[Finding]) -> str:
    accepted = [each for each in findings if each.waived and not each.blocks]
    open_ = [each for each in findings if each not in accepted]
    counted = [(sum(each.status is status for each in open_), word) for status, word in _WORDS]
    counted.append((len(accepted), "accepted for now"))
    told = ", ".join(count(amount, word, word) for amount, word in counted if amount) or "nothing was asked"
    # What was not asked lets nothing fail: folded away it would be taken for an answer.
    skipped = sorted({each.check for each in open_ if each.status is Status.SKIP})
    return f"{told}: {', '.join(skipped)}" if skipped else told


def _row(finding: Finding) -> tuple[Cell, ...]:
    return (
        Cell(text=code(finding.check)),
        Cell(text=code(finding.subject)),
        Cell(text=prose(finding.message), tone=tone_of(finding)),
    )


def _by_check(findings: Sequence[Finding]) -> Mapping[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for each in findings:
        found.setdefault(each.check, []).append(each)
    return found


def _is_grid(findings: Sequence[Finding]) -> bool:
    """Whether findings are the same measures of many subjects: `income.region=north.f1`."""
    measured = [each.subject.rpartition(".") for each in findings if each.interval is not None]
    subjects, measures = {each[0] for each in measured}, {each[2] for each in measured}
    return len(subjects) >= FEWEST_IN_GRID and len(measured) == len(subjects) * len(measures)


def _grid(findings: Sequence[Finding]) -> Table:
    """One row a subject, one column a measure, in the order in which they were asked."""
    rows: dict[str, dict[str, Finding]] = {}
    for each in findings:
        subject, _, measure = each.subject.rpartition(".")
        if each.interval is None:
            subject, measure = each.subject, ""
        rows.setdefault(subject, {})[measure] = each
    measures = [each for each in dict.fromkeys(name for row in rows.values() for name in row) if each]
    columns = (Column(title="slice"), Column(title="rows", number=True))
    return Table(
        columns=(*columns, *(Column(title=each, number=True) for each in measures)),
        rows=tuple(_grid_row(subject, row, measures) for subject, row in rows.items()),
    )


def _grid_row(subject: str, row: Mapping[str, Finding], measures: Sequence[str]) -> tuple[Cell, ...]:
    some = next(iter(row.values()))
    cells = (_measured(row[each]) if each in row else Cell(text=words(NOTHING)) for each in measures)
    rows = words(NOTHING if some.n is None else f"{some.n:,}")
    return (Cell(text=code(subject)), Cell(text=rows, tone=Tone.MUTED), *cells)


def _measured(finding: Finding) -> Cell:
    """A value with half the width of its interval; green is said by silence, for there are many."""
    tone = Tone.NEUTRAL if finding.status is Status.PASS else tone_of(finding)
    value, interval = finding.observed, finding.interval
    if not isinstance(value, int | float) or interval is None:
        return Cell(text=words(str(value)), tone=tone)
    half = (interval.high - interval.low) / 2
    decimals = min(MOST_DECIMALS, decimals_of(value, None))
    return Cell(
        text=words(f"{number(value, decimals=decimals)} ± {number(half, decimals=decimals)}"), tone=tone
    )


def _groups(figures: Mapping[str, JsonValue], tones: Mapping[str, Tone]) -> Iterator[Section]:
    """The confusion counts of groups as rates, model by model."""
    for model, partitions in sorted(figures.items()):
        groups = partitions.values() if isinstance(partitions, dict) else ()
        counted = [
            (label, counts)
            for group in groups
            if isinstance(group, dict)
            for label, cells in group.items()
            if (counts := _counts(cells)) is not None
        ]
        rows = tuple(_group_row(model, label, counts, tones) for label, counts in counted)
        if rows:
            yield Section(
                title=f"Groups of {model}",
                blocks=(Table(columns=_GROUPS, rows=rows),),
                summary=words(count(len(rows), "group")),
                folded=True,
            )


def _counts(cells: JsonValue) -> tuple[int, int, int, int] | None:
    if not isinstance(cells, dict) or set(cells) != set(_CELLS):
        return None
    tp, fn, fp, tn = ((value if isinstance(value := cells[name], int) else -1) for name in _CELLS)
    return (tp, fn, fp, tn) if all(0 <= each < MOST for each in (tp, fn, fp, tn)) else None


def _group_row(
    model: str, label: str, counts: tuple[int, int, int, int], tones: Mapping[str, Tone]
) -> tuple[Cell, ...]:
    tp, fn, fp, tn = counts
    tone = tones.get(f"{model}.{label}", Tone.NEUTRAL)
    return (
        Cell(text=code(label), tone=Tone.NEUTRAL if tone is Tone.GOOD else tone),
        Cell(text=words(f"{sum(counts):,}")),
        Cell(text=words(f"{tp + fn:,}")),
        Cell(text=words(_share(tp, tp + fn))),
        Cell(text=words(_share(fp, fp + tn))),
        Cell(text=words(_share(tp + fp, sum(counts)))),
    )


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole > 0 else NOTHING
