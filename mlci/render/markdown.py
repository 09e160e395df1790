"""A report as Markdown for a comment: inert, within a byte budget, readable on a phone."""

import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from mlci.core.finding import Verdict
from mlci.core.picture import LEGEND, bar, mermaid
from mlci.core.printable import clean
from mlci.core.report import (
    Block,
    Cell,
    Graph,
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

LIMIT = 60_000
SIGNS = {Tone.GOOD: "🟢", Tone.NEUTRAL: "⚪", Tone.MUTED: "⚪", Tone.WARN: "🟡", Tone.BAD: "🔴"}
HEADS = {Verdict.PASSED: "✅", Verdict.WARNED: "⚠️", Verdict.FAILED: "❌"}
# How many rows of a table or items of a list are shown, tried in turn until the whole fits.
CAPS = (1000, 200, 60, 20, 8, 3)

# What may stand as bare prose: no character that starts markup, a mention, a link or a shortcode.
_HARMLESS = re.compile(r"(?:(?!(?i:www\.|gh-))[A-Za-z0-9.,;%()'±−≥≤…×≈→+–—-]+)?:?\Z")
# What stands around a word is prose also where the word itself is not.
_AROUND = re.compile(r"(\(?)(.*?)(\)?[.,;:]?)\Z", re.DOTALL)
_COMMIT = re.compile(r"\(?[0-9a-f]{7,40}[).,;:]*\Z")
# GFM links these even inside `<code>`; a break opportunity in the middle keeps them text.
_AUTOLINK = re.compile(
    r"(?=@)|(?<=www)(?=\.)|(?:(?<=http)|(?<=https)|(?<=ftp)|(?<=mailto)|(?<=xmpp))(?=:)", re.IGNORECASE
)
# A harmless word that would still begin a list when it stands first in its line.
_LIST_MARK = re.compile(r"(?:\d+[.)]|[+-]):?\Z")
# Punctuation that means nothing inside a word of code: a dot, a comma, a dash, one inner underscore.
_LIVE = re.compile(r"(?!(?<=[A-Za-z0-9])_(?=[A-Za-z0-9]))[!-+/:-@\[-`{-~]")
T = TypeVar("T")


def render(report: Report, *, limit: int = LIMIT) -> str:
    """Return the report in at most `limit` bytes; the verdict always comes first and is never cut."""
    for cap in CAPS:
        text = _document(report, report.sections, cap)
        if len(text.encode()) <= limit:
            return text
    kept = list(report.sections)
    while kept:
        kept.pop(next((i for i in reversed(range(len(kept))) if kept[i].folded), len(kept) - 1))
        text = _document(report, tuple(kept), CAPS[-1])
        if len(text.encode()) <= limit:
            return text
    return _document(report, (), CAPS[-1])


def page(page: Page) -> str:
    """Return a page without a verdict, whole: it is a document of its own, not a comment."""
    lines = [f"# {_text(page.title)}", "", _text(page.facts), ""]
    for section in page.sections:
        lines += _section(section, CAPS[0])
    return "\n".join(lines).rstrip() + "\n"


def inert(text: str) -> str:
    """Return text that no Markdown renderer takes for markup, a mention, a link or a reference."""
    return "".join(_words(clean(text)))


def inert_code(text: str) -> str:
    """Return text as code, likewise inert."""
    parts = (_entities(part) for part in _AUTOLINK.split(clean(text)))
    return f"<code>{'<wbr>'.join(parts) or '&#32;'}</code>"


def _document(report: Report, sections: Sequence[Section], cap: int) -> str:
    sign = HEADS[report.verdict] if report.judged else SIGNS[Tone.NEUTRAL]
    lines = [f"## {sign} {_text(report.headline)}", "", _text(report.facts), ""]
    for section in sections:
        lines += _section(section, cap)
    left_out = len(report.sections) - len(sections)
    if left_out:
        lines += [f"_{left_out} more sections stand in the full report (job summary and artifact)._", ""]
    return "\n".join(lines).rstrip() + "\n"


def _section(section: Section, cap: int) -> list[str]:
    summary = f" {_text(section.summary)}" if section.summary else ""
    body: list[str] = []
    for block in section.blocks:
        body += _block(block, cap)
        if isinstance(block, Intervals) and not section.folded:
            body += [f"_{LEGEND}_", ""]
    if section.folded:
        head = ["<details>", f"<summary><b>{inert(section.title)}</b>{summary}</summary>", ""]
        return [*head, *body, "</details>", ""]
    head = [f"### {inert(section.title)}", ""]
    return [*head, *([summary.strip(), ""] if summary else []), *body]


def _block(block: Block, cap: int) -> list[str]:
    match block:
        case Paragraph(text=text):
            return [_text(text), ""]
        case Items(items=items):
            return [*_capped(items, cap, _item), ""]
        case Table():
            return _table(block, cap)
        case Intervals(rows=rows):
            scale = max((max(abs(row.low), abs(row.high)) for row in rows), default=1.0)
            pictures = [f"{SIGNS[row.tone]} `{bar(row, scale)}` {_text(row.label)}<br>" for row in rows[:cap]]
            return [*pictures, ""]
        case Graph(nodes=nodes):
            # A part of a graph would be a wrong graph.
            return ["```mermaid", *mermaid(block), "```", ""] if len(nodes) <= cap else []


def _item(item: Item) -> str:
    then = f"<br>→ {_text(item.then)}" if item.then else ""
    return f"- {SIGNS[item.tone]} {_text(item.text)}{then}"


def _table(table: Table, cap: int) -> list[str]:
    titles = " | ".join(inert(column.title) for column in table.columns)
    rule = " | ".join("--:" if column.number else "---" for column in table.columns)
    rows = _capped(table.rows, cap, _row)
    return [f"| {titles} |", f"| {rule} |", *rows, ""]


def _row(cells: tuple[Cell, ...]) -> str:
    return "| " + " | ".join(_cell(cell) for cell in cells) + " |"


def _cell(cell: Cell) -> str:
    sign = "" if cell.tone in (Tone.NEUTRAL, Tone.MUTED) else f"{SIGNS[cell.tone]} "
    return sign + (_text(cell.text) or " ")


def _capped(things: Sequence[T], cap: int, show: Callable[[T], str]) -> list[str]:
    shown = [show(each) for each in things[:cap]]
    rest = len(things) - cap
    return [*shown, f"\n_… and {rest} more in the full report._"] if rest > 0 else shown


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
    if _HARMLESS.match(word) and not _COMMIT.match(word):
        return word
    return _AROUND.sub(lambda found: f"{found[1]}{inert_code(found[2])}{found[3]}", word, count=1)


def _entities(text: str) -> str:
    return _LIVE.sub(lambda match: f"&#{ord(match[0])};", text)
