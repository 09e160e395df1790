"""A report as plain lines for a terminal of 80 columns."""

import textwrap
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from mlci.core.finding import Verdict
from mlci.core.picture import bar
from mlci.core.printable import printable
from mlci.core.report import (
    Block,
    Cell,
    Intervals,
    Item,
    Items,
    Page,
    Paragraph,
    Report,
    Section,
    Table,
    Tone,
    plain,
)

WIDTH = 80
WORDS = {Verdict.PASSED: "PASSED", Verdict.WARNED: "WARNED", Verdict.FAILED: "FAILED"}
# Holds a sign to its word while a cell is wrapped; it is a blank again when that is done.
GLUE = "\N{NO-BREAK SPACE}"
SIGNS = {Tone.GOOD: "+", Tone.NEUTRAL: " ", Tone.MUTED: " ", Tone.WARN: "!", Tone.BAD: "x"}


def render(report: Report, *, width: int = WIDTH, brief: bool = False) -> str:
    """Return the report as lines, every character printable; `brief` leaves folded sections folded."""
    return _lines(report, f"{WORDS[report.verdict]}: {plain(report.headline)}", width, brief=brief)


def page(page: Page, *, width: int = WIDTH, brief: bool = False) -> str:
    """Return a page without a verdict, likewise printable."""
    return _lines(page, plain(page.title), width, brief=brief)


def _lines(report: Report | Page, title: str, width: int, *, brief: bool) -> str:
    lines = _wrapped(title, width)
    lines += _wrapped(plain(report.facts), width)
    before_folded = False
    for section in report.sections:
        folded = brief and section.folded
        lines += [] if folded and before_folded else [""]
        lines += _title(section, width) if folded else _section(section, width)
        before_folded = folded
    # Wrapped or in a cell, a stranger's words may come to stand where CI looks for commands.
    return "\n".join(printable(line.rstrip()) for line in lines) + "\n"


def _section(section: Section, width: int) -> list[str]:
    return [*_title(section, width), *(line for block in section.blocks for line in _block(block, width))]


def _title(section: Section, width: int) -> list[str]:
    summary = f" ({plain(section.summary)})" if section.summary else ""
    return _wrapped(section.title + summary, width)


def _block(block: Block, width: int) -> list[str]:
    match block:
        case Paragraph(text=text):
            return _wrapped(plain(text), width, indent="  ")
        case Items(items=items):
            return [line for item in items for line in _item(item, width)]
        case Table():
            return _table(block, width)
        case Intervals(rows=rows):
            scale = max((max(abs(row.low), abs(row.high)) for row in rows), default=1.0)
            return [_cut(f"  {bar(row, scale)}  {_clean(plain(row.label))}", width) for row in rows]


def _item(item: Item, width: int) -> list[str]:
    lines = _wrapped(plain(item.text), width, indent=f"  {SIGNS[item.tone]} ", hang="    ")
    return lines + (_wrapped(plain(item.then), width, indent="    -> ", hang="       ") if item.then else [])


def _table(table: Table, width: int) -> list[str]:
    room = width - 2
    cells = [[_cell(cell) for cell in row] for row in table.rows] or [[""] * len(table.columns)]
    columns = [
        _Column(title=_clean(column.title), cells=texts, number=column.number, spare=column.spare)
        for column, texts in zip(table.columns, zip(*cells, strict=True), strict=True)
    ]
    while sum(each.least for each in columns) + 2 * (len(columns) - 1) > room:
        spare = [each for each in columns if each.spare]
        if not spare:
            break
        columns.remove(spare[-1])
    widths = _widths(columns, room)
    numbers = [column.number for column in columns]
    rows = zip(*(column.cells for column in columns), strict=True)
    rule = ["-" * each for each in widths]
    titles = [column.title for column in columns]
    return [line for row in (titles, rule, *rows) for line in _row(row, widths, numbers)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column as it is laid out; `cells` of no row are none."""

    title: str
    cells: tuple[str, ...]
    number: bool
    spare: bool

    @property
    def natural(self) -> int:
        """The width at which nothing is wrapped."""
        return max(map(_columns, (self.title, *self.cells)))

    @property
    def whole(self) -> int:
        """The width at which no cell is wrapped, though the title may be."""
        return max(self.least, *map(_columns, self.cells))

    @property
    def least(self) -> int:
        """The width at which no word is broken, and no number wrapped."""
        words = [word for text in (self.title, *self.cells) for word in text.split(" ")]
        whole = [*words, *self.cells] if self.number else words
        return max(map(_columns, whole), default=1)


def _cell(cell: Cell) -> str:
    sign = SIGNS[cell.tone].strip()
    text = _clean(plain(cell.text))
    return f"{sign}{GLUE}{text}" if sign else text


def _widths(columns: Sequence[_Column], room: int) -> list[int]:
    """Natural widths, the widest column giving way until the row fits.

    Titles wrap first, then cells; words break only at last.
    """
    widths = [each.natural for each in columns]
    room -= 2 * (len(columns) - 1)
    steps = ([each.whole for each in columns], [each.least for each in columns], [8] * len(columns))
    for least in steps:
        while sum(widths) > room:
            wide = [at for at, width in enumerate(widths) if width > least[at]]
            if not wide:
                break
            widths[max(wide, key=lambda at: widths[at])] -= 1
    return widths


def _row(cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> list[str]:
    wrapped = [
        [line.replace(GLUE, " ") for line in textwrap.wrap(cell, width, break_on_hyphens=False)] or [""]
        for cell, width in zip(cells, widths, strict=True)
    ]
    height = max(len(lines) for lines in wrapped)
    padded = [lines + [""] * (height - len(lines)) for lines in wrapped]
    return [
        "  "
        + "  ".join(
            _pad(lines[index], width, right=number)
            for lines, width, number in zip(padded, widths, numbers, strict=True)
        )
        for index in range(height)
    ]


def _pad(text: str, width: int, *, right: bool) -> str:
    space = " " * max(0, width - _columns(text))
    return space + text if right else text + space


def _wrapped(text: str, width: int, *, indent: str = "", hang: str | None = None) -> list[str]:
    return textwrap.wrap(
        _clean(text),
        width,
        initial_indent=indent,
        subsequent_indent=indent if hang is None else hang,
        break_on_hyphens=False,
    ) or [indent.rstrip()]


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _columns(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _clean(text: str) -> str:
    flat = " ".join(text.split())
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in flat)
