"""A report as plain lines for a terminal of 80 columns, or of as many as there are."""

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct
from msgspec.structs import replace

from mlci.core.columns import columns, cut, filled, fitted, narrowed, wrapped
from mlci.core.finding import Verdict
from mlci.core.printable import clean, disarmed, printable
from mlci.core.report import (
    Block,
    Cell,
    Column,
    Graph,
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
from mlci.core.report.picture import WIDTH as WIDTH_OF_BAR
from mlci.core.report.picture import bar, branches, legend, scales, twig

WIDTH = 80
WORDS = {Verdict.PASSED: "PASSED", Verdict.WARNED: "WARNED", Verdict.FAILED: "FAILED"}
# Holds a sign to its word while a cell is wrapped; it is a blank again when that is done.
GLUE = "\N{NO-BREAK SPACE}"
# Where a name of several parts may go on in the next line.
GAP = "\ue004"
# Where a tone begins and ends, until a line is known to hold nothing that must be made printable. Nobody
# else's text holds them: they are no printable characters.
BEGINS = {Tone.GOOD: "\ue000", Tone.WARN: "\ue001", Tone.BAD: "\ue002"}
ENDS = "\ue003"
_TONED = re.compile("([\ue000-\ue002])([^\ue003]*)\ue003")
_TONE_OF = {mark: tone for tone, mark in BEGINS.items()}
VERDICTS = {Verdict.PASSED: Tone.GOOD, Verdict.WARNED: Tone.WARN, Verdict.FAILED: Tone.BAD}
_ALARMING = (Tone.WARN, Tone.BAD)
_QUIET = (Tone.NEUTRAL, Tone.MUTED)
# A cell of so many columns stays whole: what does not fit beside it goes below. Only a longer word breaks.
_WHOLE, _WORD = 24, 8
# A row of a picture: two blanks, its sign, a blank, the bar and two blanks before the name.
_BEFORE_NAME = WIDTH_OF_BAR + 6
_NAME_LINES = 3
SIGNS = {Tone.GOOD: "+", Tone.NEUTRAL: " ", Tone.MUTED: " ", Tone.WARN: "!", Tone.BAD: "x"}


Paint = Callable[[str, Tone], str]


class Fold(Struct, frozen=True, kw_only=True):
    """How many rows are shown where more would bury what matters, and what shows the others."""

    most: int
    more: str


def render(
    report: Report,
    *,
    width: int = WIDTH,
    brief: bool = False,
    fold: Fold | None = None,
    paint: Paint | None = None,
) -> str:
    """Return the report as lines, every character printable; `brief` leaves folded sections folded.

    With `fold` long tables end with a count of what they leave out, never of anything red or yellow in an
    open section. `paint` gives words their tone, on a terminal that shows it.
    """
    verdict = WORDS[report.verdict] if report.judged else ""
    title = ": ".join(filter(None, (verdict, plain(report.headline))))
    first, *below = _lines(report, title, width, brief=brief, fold=fold)
    lines = [_toned(verdict, VERDICTS[report.verdict]) + first[len(verdict) :], *below]
    return "".join(f"{_finished(line, paint)}\n" for line in lines)


def page(page: Page, *, width: int = WIDTH, brief: bool = False) -> str:
    """Return a page without a verdict, likewise printable."""
    lines = _lines(page, plain(page.title), width, brief=brief)
    return "".join(f"{_finished(line, None)}\n" for line in lines)


def _lines(
    report: Report | Page, title: str, width: int, *, brief: bool, fold: Fold | None = None
) -> list[str]:
    lines = _wrapped(title, width)
    lines += _wrapped(plain(report.facts), width)
    before_folded = False
    for section in report.sections:
        folded = brief and section.folded
        lines += [] if folded and before_folded else [""]
        lines += _title(section, width) if folded else _section(section, width, fold)
        before_folded = folded
    return lines


def _toned(text: str, tone: Tone) -> str:
    return f"{BEGINS[tone]}{text}{ENDS}" if text and tone in BEGINS else text


def _finished(line: str, paint: Paint | None) -> str:
    """The line as it is printed; one that holds anything to be made printable stays without colour."""
    bare = _TONED.sub(r"\2", line).rstrip()
    # Wrapped or in a cell, a stranger's words may come to stand where CI looks for commands.
    safe = printable(bare)
    if paint is None or safe != bare:
        return safe
    return _TONED.sub(lambda found: paint(found[2], _TONE_OF[found[1]]), line).rstrip()


def _section(section: Section, width: int, fold: Fold | None) -> list[str]:
    lines = _title(section, width)
    for block in section.blocks:
        kept, left = (block, 0) if fold is None else _shortened(block, fold.most, folded=section.folded)
        lines += _block(kept, width)
        if fold is not None and left:
            told = f"… and {left:,} more" if _shown(kept) else f"none of {left:,} moved"
            lines += _wrapped(f"{told}: {fold.more}", width, indent="  ")
    return lines


def _shortened(block: Block, most: int, *, folded: bool) -> tuple[Block, int]:
    """A block without its less important rows, which stand last, and how many those are."""
    match block:
        case Table(rows=rows):
            important = 0 if folded else sum(any(cell.tone in _ALARMING for cell in row) for row in rows)
            return replace(block, rows=rows[: max(most, important)]), max(0, len(rows) - max(most, important))
        case Intervals(rows=rows) if folded:
            moved = tuple(row for row in rows if row.tone not in _QUIET)[:most]
            return replace(block, rows=moved), len(rows) - len(moved)
        case Intervals(rows=rows):
            kept = max(most, sum(row.tone in _ALARMING for row in rows))
            return replace(block, rows=rows[:kept]), max(0, len(rows) - kept)
        case Items(items=items) if folded:
            return replace(block, items=items[:most]), max(0, len(items) - most)
    return block, 0


def _shown(block: Block) -> bool:
    return not isinstance(block, Intervals) or bool(block.rows)


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
        case Intervals():
            return _pictures(block, width)
        case Graph():
            return ["", *_graph(block, width)]


def _pictures(block: Intervals, width: int) -> list[str]:
    """A sign, a picture and a name a row, and behind it what is said: a long name goes on below."""
    if not block.rows:
        return []
    reach = scales(block)
    bars = [f"  {_toned(SIGNS[row.tone], row.tone)} {bar(row, reach[row.group])}" for row in block.rows]
    names, said = (
        [_legible(plain(row.label)) for row in block.rows],
        [_legible(row.said) for row in block.rows],
    )
    room = max(_WORD, min(max(map(columns, names)), width - _BEFORE_NAME - _longest(said)))
    lines: list[str] = []
    for picture, name, word in zip(bars, names, said, strict=True):
        first, *more = _shortened_name(name, room)
        lines.append("  ".join((picture, filled(first, room), word)).rstrip())
        lines += [" " * _BEFORE_NAME + each for each in more]
    return [*lines, *_wrapped(legend(block), width, indent="  ")]


def _shortened_name(name: str, room: int) -> list[str]:
    """A name in a few lines. Of one that is longer its end is shown, which tells one slice from another."""
    if columns(name) <= room:
        return [name]
    # A mark behind each comma lets a line end there; nobody's text holds it.
    parts = [each.replace(f"{GAP} ", "").rstrip(GAP) for each in wrapped(name.replace(",", f",{GAP} "), room)]
    if len(parts) <= _NAME_LINES:
        return parts
    return [*parts[: _NAME_LINES - 1], "…" + cut(name[::-1], room)[-2::-1]]


def _longest(said: Sequence[str]) -> int:
    """The columns of what is said behind names, with the gap before it."""
    return 2 + max(map(columns, said)) if any(said) else 0


def _graph(graph: Graph, width: int) -> Iterator[str]:
    for number, depth in branches([each.after for each in graph.nodes]):
        node = graph.nodes[number]
        yield cut(f"  {twig(depth)}{_legible(node.name)} ({_legible(node.state)})", width)


def _item(item: Item, width: int) -> list[str]:
    first, *more = _wrapped(plain(item.text), width, indent=f"  {SIGNS[item.tone]} ", hang="    ")
    lines = [f"  {_toned(first[2:3], item.tone)}{first[3:]}", *more]
    return lines + (_wrapped(plain(item.then), width, indent="    -> ", hang="       ") if item.then else [])


def _table(table: Table, width: int) -> list[str]:
    room = width - 2
    columns = [
        _laid(column, [_cell(row[at]) for row in table.rows], [row[at].tone for row in table.rows])
        for at, column in enumerate(table.columns)
    ]
    while sum(each.least for each in columns) + 2 * (len(columns) - 1) > room:
        spare = [each for each in columns if each.column.spare]
        if not spare:
            break
        columns.remove(max(reversed(spare), key=lambda each: each.column.spare))
    return [line for part in _parts(columns, room) for line in _laid_out(part, len(table.rows), room)]


def _parts(columns: "Sequence[_Column]", room: int) -> "Iterator[list[_Column]]":
    """Columns that fit beside one another; those that do not stand below, each time after the first one."""
    part = list(columns[:1])
    for each in columns[1:]:
        together = sum(min(one.least, _WHOLE) for one in (*part, each))
        if len(part) > 1 and together + 2 * len(part) > room:
            yield part
            part = list(columns[:1])
        part.append(each)
    yield part


def _laid_out(columns: "Sequence[_Column]", rows: int, room: int) -> list[str]:
    widths = _widths(columns, room)
    numbers = [each.column.number for each in columns]
    lines = _row([each.title for each in columns], widths, numbers)
    lines += _row(["-" * each for each in widths], widths, numbers)
    for at in range(rows):
        texts, tones = [each.texts[at] for each in columns], [each.tones[at] for each in columns]
        lines += _row(texts, widths, numbers, tones)
    return lines


class _Column(Struct, frozen=True, kw_only=True):
    """A column as it is laid out, measured once.

    `natural` is the width at which nothing is wrapped, `whole` that at which no cell is, though the title
    may be, and `least` that at which no word is broken and no number wrapped.
    """

    column: Column
    title: str
    texts: Sequence[str]
    tones: Sequence[Tone]
    natural: int
    whole: int
    least: int

    @property
    def floor(self) -> int:
        """The width that it keeps where room is short."""
        return min(self.least, _WHOLE if self.column.number else _WORD)


def _laid(column: Column, texts: Sequence[str], tones: Sequence[Tone]) -> _Column:
    title = _legible(column.title)
    longest = max(map(columns, texts), default=0)
    words = [word for text in (title, *(() if column.number else texts)) for word in text.split(" ")]
    least = max([*map(columns, words), longest if column.number else 0])
    return _Column(
        column=column,
        title=title,
        texts=texts,
        tones=tones,
        natural=max(columns(title), longest),
        whole=max(least, longest),
        least=least,
    )


def _cell(cell: Cell) -> str:
    sign = SIGNS[cell.tone].strip()
    text = _legible(plain(cell.text))
    return f"{sign}{GLUE}{text}" if sign else text


def _widths(columns: Sequence[_Column], room: int) -> list[int]:
    """Natural widths, the widest column giving way until the row fits.

    Titles wrap first, then cells; words break only at last.
    """
    widths = [each.natural for each in columns]
    room -= 2 * (len(columns) - 1)
    steps = (
        [each.whole for each in columns],
        [each.least for each in columns],
        [each.floor for each in columns],
    )
    for least in steps:
        widths = narrowed(widths, room, least)
    return widths


def _row(
    cells: Sequence[str], widths: Sequence[int], numbers: Sequence[bool], tones: Sequence[Tone] = ()
) -> list[str]:
    tones = tones or [Tone.NEUTRAL] * len(cells)
    cut_up = [
        [line.replace(GLUE, " ") for line in wrapped(cell, width)]
        for cell, width in zip(cells, widths, strict=True)
    ]
    height = max(len(lines) for lines in cut_up)
    padded = [lines + [""] * (height - len(lines)) for lines in cut_up]
    return [
        "  "
        + "  ".join(
            _pad(lines[index], width, right=number, tone=tone)
            for lines, width, number, tone in zip(padded, widths, numbers, tones, strict=True)
        )
        for index in range(height)
    ]


def _pad(text: str, width: int, *, right: bool, tone: Tone) -> str:
    space = " " * max(0, width - columns(text))
    return space + _toned(text, tone) if right else _toned(text, tone) + space


def _legible(text: str) -> str:
    return disarmed(clean(text))


def _wrapped(text: str, width: int, *, indent: str = "", hang: str | None = None) -> list[str]:
    """Lines, the first behind `indent` and the others behind `hang`, which is as wide."""
    # A line that is indented holds the place for the mark of one that would be a command.
    lay = wrapped if indent else fitted
    first, *more = lay(_legible(text), width - len(indent))
    return [f"{indent}{first}".rstrip(), *(f"{indent if hang is None else hang}{each}" for each in more)]
