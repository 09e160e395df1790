"""What people wrote in Markdown, as sections of a page: headings, paragraphs, lists, code; nothing live."""

import re
from collections.abc import Iterator

from mlci.core.report import Block, Item, Items, Paragraph, Section, Span, Text

_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_HEADING = re.compile(r"(#{1,6})\s+(.*?)\s*#*\s*")
_ITEM = re.compile(r"\s*(?:[-*+]|\d+[.)])\s+(.*)")


def sections_of(markdown: str) -> tuple[Section, ...]:
    """The sections below headings of the second level and deeper that say something."""
    found: list[tuple[str, list[str]]] = []
    for line in _COMMENT.sub("", markdown).splitlines():
        heading = _HEADING.fullmatch(line)
        if heading and len(heading[1]) > 1:
            found.append((heading[2], []))
        elif found and not heading:
            found[-1][1].append(line)
    made = (Section(title=title, blocks=tuple(_blocks(lines))) for title, lines in found)
    return tuple(each for each in made if each.blocks)


def _blocks(lines: list[str]) -> Iterator[Block]:
    for group in _groups(lines):
        first = _ITEM.fullmatch(group[0])
        if first is None:
            yield Paragraph(text=_spans(" ".join(line.strip() for line in group)))
        else:
            yield Items(items=tuple(Item(text=_spans(each)) for each in _items(group)))


def _groups(lines: list[str]) -> Iterator[list[str]]:
    group: list[str] = []
    for line in [*lines, ""]:
        if line.strip():
            group.append(line)
        elif group:
            yield group
            group = []


def _items(group: list[str]) -> Iterator[str]:
    item = ""
    for line in group:
        match = _ITEM.fullmatch(line)
        if match is None:
            item += f" {line.strip()}"
            continue
        if item:
            yield item
        item = match[1]
    yield item


def _spans(text: str) -> Text:
    """Between backticks is code."""
    parts = text.split("`")
    return tuple(Span(part, code=index % 2 == 1) for index, part in enumerate(parts) if part)
