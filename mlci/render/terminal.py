"""A report as plain lines for a terminal of 80 columns."""

import textwrap
import unicodedata
from collections.abc import Sequence

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
    rows = [[_cell(cell) for cell in row] for row in table.rows]
    titles = [_clean(column.title) for column in table.columns]
    widths = _widths([titles, *rows], width - 2)
    numbers = [column.number for column in table.columns]
    rule = ["-" * each for each in widths]
    return [line for row in (titles, rule, *rows) for line in _row(row, widths, numbers)]


def _cell(cell: Cell) -> str:
    sign = SIGNS[cell.tone].strip()
    text = _clean(plain(cell.text))
    return f"{sign} {text}" if sign else text


def _widths(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Natural widths, the widest column giving way until the row fits."""
    widths = [max(_columns(cell) for cell in column) for column in zip(*rows, strict=True)]
    while sum(widths) + 2 * (len(widths) - 1) > room and max(widths) > 8:
        widths[widths.index(max(widths))] -= 1
    return widths


def _row(cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool]) -> list[str]:
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
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
