"""The calibration of models in a report: how far off each bin of probabilities is, with its interval."""

from collections.abc import Iterator, Sequence

from mlci.core.evidence import MODEL, Evidence
from mlci.core.finding import Interval
from mlci.core.measure.reliability import Bin, read_bin
from mlci.core.report import Cell, Column, IntervalRow, Intervals, Section, Table, Tone, words
from mlci.core.strictjson import JsonValue
from mlci.core.wording import count, difference, number

GATE, FIGURE = MODEL, "calibration"

_COLUMNS = (
    Column(title="probability said"),
    Column(title="rows", number=True),
    Column(title="on average", number=True),
    Column(title="came true (95 % interval)", number=True),
)
_READ = "Left too much was said, right too little"


def calibrations(evidence: Evidence) -> Iterator[Section]:
    """Return a folded picture and table of every model whose probabilities were binned."""
    figures = evidence.figures.get(FIGURE) if evidence.gate == GATE else None
    for model, raw in sorted(figures.items()) if isinstance(figures, dict) else ():
        if bins := _bins(raw):
            rows = sum(each.rows for each in bins)
            yield Section(
                title=f"Calibration of {model}",
                blocks=(
                    Intervals(
                        rows=tuple(_picture(each) for each in bins),
                        legend=_READ,
                        point="came true less said",
                        zero="as said",
                        ends=("too much was said", "too little"),
                    ),
                    Table(columns=_COLUMNS, rows=tuple(_row(each) for each in bins)),
                ),
                summary=words(f"{count(len(bins), 'bin')}, {count(rows, 'row')}"),
                folded=True,
            )


def _bins(raw: JsonValue) -> Sequence[Bin]:
    """The bins that can be read; of a list that holds anything else, none."""
    found = [read_bin(each) for each in raw] if isinstance(raw, list) else []
    return [each for each in found if each is not None] if None not in found else []


def _picture(one: Bin) -> IntervalRow:
    low, high = one.interval.low - one.said, one.interval.high - one.said
    off = "too much" if high < 0 else "too little" if low > 0 else ""
    return IntervalRow(
        label=words(_range(one)),
        low=low,
        point=one.happened - one.said,
        high=high,
        said=off,
        told=difference(one.happened - one.said, Interval(low=low, high=high)),
        tone=Tone.WARN if off else Tone.NEUTRAL,
    )


def _row(one: Bin) -> tuple[Cell, ...]:
    limits = f"{number(one.interval.low, decimals=3)} to {number(one.interval.high, decimals=3)}"
    return (
        Cell(text=words(_range(one))),
        Cell(text=words(f"{one.rows:,}")),
        Cell(text=words(number(one.said, decimals=3))),
        Cell(text=words(f"{number(one.happened, decimals=3)} ({limits})")),
    )


def _range(one: Bin) -> str:
    return f"{one.low:.1f} to {one.high:.1f}"
