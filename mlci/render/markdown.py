"""A report as Markdown for a comment: inert, within a byte budget, readable on a phone."""

import re
import sys
from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from mlci.core.finding import Verdict
from mlci.core.printable import clean
from mlci.core.report import (
    Block,
    Cell,
    Graph,
    IntervalRow,
    Intervals,
    Item,
    Items,
    Page,
    Paragraph,
    Report,
    Section,
    Span,
    Table,
    Text,
    Tone,
)
from mlci.core.report.picture import bar, legend, mermaid, scales
from mlci.core.wording import count

LIMIT = 60_000
SIGNS = {Tone.GOOD: "🟢", Tone.NEUTRAL: "⚪", Tone.MUTED: "⚪", Tone.WARN: "🟡", Tone.BAD: "🔴"}
HEADS = {Verdict.PASSED: "✅", Verdict.WARNED: "⚠️", Verdict.FAILED: "❌"}
# How many rows of a table or items of a list are shown, tried in turn until the whole fits.
CAPS = (1000, 200, 60, 20, 8, 3)
# Of an open list these are read; of more, nobody reads what comes after it.
MOST_OPEN = 10
MOST_SECTIONS = 64
LONGEST = 500

# What may stand as bare prose: no character that starts markup, a mention, a link or a shortcode.
_HARMLESS = re.compile(r"(?:(?!(?i:www\.|gh-))[A-Za-z0-9.,;%()'±−≥≤…×≈→†+–—-])*:?\Z")
# What stands around a word is prose also where the word itself is not.
_AROUND = re.compile(r"(\(?)(.*?)(\)?[.,;:]?)\Z", re.DOTALL)
# Forges make links of commits, also as parts of words and of ranges; figures behind a point are none.
_COMMIT = re.compile(r"(?<![A-Za-z0-9])[0-9a-f]{7,40}(?![A-Za-z0-9])")
_FRACTION = re.compile(r"(?<=[0-9])\.[0-9]+")
# GitLab takes what stands behind it for a milestone.
_MILESTONE = re.compile(r"%[^\s).,;:]")
# GFM links these even inside `<code>`; a break opportunity in the middle keeps them text.
_AUTOLINK = re.compile(
    r"(?=@)|(?<=www)(?=\.)|(?:(?<=http)|(?<=https)|(?<=ftp)|(?<=mailto)|(?<=xmpp))(?=:)", re.IGNORECASE
)
# A harmless word that would still begin a list, or rule a line, when it stands first in its line.
_LIST_MARK = re.compile(r"(?:\d+[.)]|[+-]+):?\Z")
# Punctuation that means nothing inside a word of code: a dot, a comma, a dash, one inner underscore.
_LIVE = re.compile(r"(?!(?<=[A-Za-z0-9])_(?=[A-Za-z0-9]))[!-+/:-@\[-`{-~]")
T = TypeVar("T")


class Elsewhere(Struct, frozen=True, kw_only=True):
    """Where a reader finds what was left out: said once in full, else in short."""

    brief: str = "the full report"
    full: str = "the full report (job summary and artifact)"

    @classmethod
    def command(cls, line: str) -> "Elsewhere":
        """In what a command prints."""
        return cls(brief=inert_code(line), full=inert_code(line))


class _Cap(Struct, frozen=True, kw_only=True):
    """How many rows or items of each block are shown, of an open list, and where the others are."""

    most: int
    open: int
    elsewhere: Elsewhere


def render(report: Report, *, limit: int | None = LIMIT, elsewhere: Elsewhere | None = None) -> str:
    """Return the report in at most `limit` bytes, its verdict first, which is there in any case.

    What does not fit is counted, and is to be read `elsewhere`. Without a limit everything is there.
    """
    elsewhere = elsewhere or Elsewhere()
    head = _head(report)
    if limit is None:
        whole = _Cap(most=sys.maxsize, open=sys.maxsize, elsewhere=elsewhere)
        return head + "".join(_part(section, whole) for section in report.sections)
    kept = _weightiest(report.sections, MOST_SECTIONS)
    room = limit - len(head.encode()) - len(_left_out(len(report.sections), elsewhere).encode())
    caps = [_Cap(most=most, open=min(most, MOST_OPEN), elsewhere=elsewhere) for most in CAPS]
    for cap in caps:
        parts = _fitting(report, kept, cap, room)
        if len(parts) == len(kept):
            break
    else:
        parts = _best(report, kept, caps[-1], room)
    return head + "".join(parts) + _left_out(len(report.sections) - len(parts), elsewhere)


def _head(report: Report) -> str:
    sign = HEADS[report.verdict] if report.judged else SIGNS[Tone.NEUTRAL]
    return f"## {sign} {_text(_cut(report.headline, LONGEST))}\n\n{_text(_cut(report.facts, LONGEST))}\n"


def _weightiest(sections: Sequence[Section], most: int) -> list[int]:
    """The places of the sections that are told: of too many, first those that stand open."""
    order = sorted(range(len(sections)), key=lambda at: sections[at].folded)
    return sorted(order[:most])


def _fitting(report: Report, places: Sequence[int], cap: _Cap, room: int) -> list[str]:
    """The sections as far as there is room for them."""
    parts: list[str] = []
    for at in places:
        part = _part(report.sections[at], cap)
        room -= len(part.encode())
        if room < 0:
            break
        parts.append(part)
    return parts


def _best(report: Report, places: Sequence[int], cap: _Cap, room: int) -> list[str]:
    """The sections that there is room for, the folded ones and the last going first."""
    parts = {at: _part(report.sections[at], cap) for at in places}
    size = sum(len(part.encode()) for part in parts.values())
    for at in sorted(places, key=lambda at: (not report.sections[at].folded, -at)):
        if size <= room:
            break
        size -= len(parts.pop(at).encode())
    return list(parts.values())


def _part(section: Section, cap: _Cap) -> str:
    return "\n" + "\n".join(_section(section, cap)).rstrip() + "\n"


def _left_out(amount: int, elsewhere: Elsewhere) -> str:
    if not amount:
        return ""
    stand = "stands" if amount == 1 else "stand"
    return f"\n_{count(amount, 'more section')} {stand} in {elsewhere.full}._\n"


def _cut(text: Text, most: int) -> Text:
    """A text of at most so many letters, for a line that is never left out."""
    spans: list[Span] = []
    for span in text:
        if most < len(span.text):
            return (*spans, replace(span, text=f"{span.text[: max(0, most)]}…"))
        most -= len(span.text)
        spans.append(span)
    return tuple(spans)


def page(page: Page) -> str:
    """Return a page without a verdict, whole: it is a document of its own, not a comment."""
    lines = [f"# {_text(page.title)}", "", _text(page.facts), ""]
    for section in page.sections:
        lines += _section(section, _Cap(most=CAPS[0], open=MOST_OPEN, elsewhere=Elsewhere()))
    return "\n".join(lines).rstrip() + "\n"


def inert(text: str) -> str:
    """Return text that no Markdown renderer takes for markup, a mention, a link or a reference."""
    return "".join(_words(clean(text)))


def inert_code(text: str) -> str:
    """Return text as code, likewise inert."""
    parts = (_entities(part) for part in _AUTOLINK.split(clean(text)))
    return f"<code>{'<wbr>'.join(parts) or '&#32;'}</code>"


def _section(section: Section, cap: _Cap) -> list[str]:
    summary = f" {_text(section.summary)}" if section.summary else ""
    body: list[str] = []
    for block in section.blocks:
        is_open = isinstance(block, Items) and not section.folded
        body += _block(block, replace(cap, most=cap.open) if is_open else cap)
    if not any(body):
        return [f"<b>{inert(section.title)}</b>{summary}", ""]
    if section.folded:
        head = ["<details>", f"<summary><b>{inert(section.title)}</b>{summary}</summary>", ""]
        return [*head, *body, "</details>", ""]
    head = [f"### {inert(section.title)}", ""]
    return [*head, *([summary.strip(), ""] if summary else []), *body]


def _block(block: Block, cap: _Cap) -> list[str]:
    match block:
        case Paragraph(text=text):
            return [_text(text), ""]
        case Items(items=items):
            return [*_capped(items, cap, _item), ""]
        case Table():
            return _table(block, cap)
        case Intervals():
            return _pictures(block, cap)
        case Graph(nodes=nodes):
            # A part of a graph would be a wrong graph.
            if len(nodes) > cap.most:
                return [f"_A graph of {len(nodes):,} stages stands in {cap.elsewhere.brief}._", ""]
            return ["```mermaid", *mermaid(block), "```", ""]


def _pictures(block: Intervals, cap: _Cap) -> list[str]:
    """In one line, since a forge breaks lines at line ends also where they are broken already."""
    reach = scales(block)
    drawn = [_picture(row, reach[row.group]) for row in block.rows[: cap.most]]
    return ["<br>".join(drawn), *_more(len(block.rows), cap), "", f"_{legend(block)}_", ""]


def _picture(row: IntervalRow, scale: float) -> str:
    said = f" {inert(row.said)}" if row.said else ""
    return f"{SIGNS[row.tone]} `{bar(row, scale)}` {_text(row.label)}{said}"


def _item(item: Item) -> str:
    then = f"<br>→ {_text(item.then)}" if item.then else ""
    return f"- {SIGNS[item.tone]} {_text(item.text)}{then}"


def _table(table: Table, cap: _Cap) -> list[str]:
    titles = " | ".join(inert(column.title) for column in table.columns)
    rule = " | ".join("--:" if column.number else "---" for column in table.columns)
    rows = _capped(table.rows, cap, _row)
    return [f"| {titles} |", f"| {rule} |", *rows, ""]


def _row(cells: tuple[Cell, ...]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(cell: Cell) -> str:
    sign = "" if cell.tone in (Tone.NEUTRAL, Tone.MUTED) else f"{SIGNS[cell.tone]} "
    return sign + (_text(cell.text) or " ")


def _capped(things: Sequence[T], cap: _Cap, show: Callable[[T], str]) -> list[str]:
    return [*(show(each) for each in things[: cap.most]), *_more(len(things), cap)]


def _more(amount: int, cap: _Cap) -> list[str]:
    rest = amount - cap.most
    return [f"\n_… and {rest:,} more in {cap.elsewhere.brief}._"] if rest > 0 else []


def _text(text: Text) -> str:
    return "".join(_span(span) for span in text)


def _span(span: Span) -> str:
    if span.code:
        return inert_code(span.text)
    return f"<b>{inert(span.text)}</b>" if span.strong else inert(span.text)


def _words(text: str) -> list[str]:
    """Harmless words stay prose; any other becomes code, where nothing is live."""
    parts = [part for part in re.split(r"(\s+)", text) if part]
    head = next((index for index, part in enumerate(parts) if not part.isspace()), 0)
    return [" " if part.isspace() else _word(part, first=index == head) for index, part in enumerate(parts)]


def _word(word: str, *, first: bool) -> str:
    if first and _LIST_MARK.match(word):
        return inert_code(word)
    if _HARMLESS.match(word) and not _MILESTONE.search(word) and not _COMMIT.search(_FRACTION.sub("", word)):
        return word
    return _AROUND.sub(lambda found: f"{found[1]}{inert_code(found[2])}{found[3]}", word, count=1)


def _entities(text: str) -> str:
    return _LIVE.sub(lambda match: f"&#{ord(match[0])};", text)
