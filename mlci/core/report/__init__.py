"""A report as a value: sections, tables and words, and no markup of any format.

Text that comes from a repository (names, messages, titles) is untrusted. It enters a report as a
`Span` like any other; making it inert is each renderer's duty, for every span, without exception.
"""

from enum import StrEnum

from msgspec import Struct

from mlci.core.finding import Verdict


class Tone(StrEnum):
    """How a reader should take something."""

    GOOD = "good"
    NEUTRAL = "neutral"
    MUTED = "muted"
    WARN = "warn"
    BAD = "bad"


class Span(Struct, frozen=True):
    """A run of text in one style; `quoted` code is shown in backticks where there is no other style."""

    text: str
    code: bool = False
    strong: bool = False
    quoted: bool = False


Text = tuple[Span, ...]


def words(text: str) -> Text:
    """Return ordinary prose."""
    return (Span(text),)


def prose(text: str) -> Text:
    """Return a sentence in which `so quoted` words are code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:
        return words(text)
    odd = ((part, index % 2 == 1) for index, part in enumerate(parts) if part)
    return tuple(Span(part, code=inside, quoted=inside) for part, inside in odd)


def code(text: str) -> Text:
    """Return a name, a value or a command."""
    return (Span(text, code=True),)


def strong(text: str) -> Text:
    """Return prose with weight."""
    return (Span(text, strong=True),)


def plain(text: Text) -> str:
    """Return the text alone."""
    return "".join(f"`{span.text}`" if span.quoted else span.text for span in text)


class Paragraph(Struct, frozen=True, kw_only=True):
    """A line of prose."""

    text: Text


class Item(Struct, frozen=True, kw_only=True):
    """One line of a list; `then` is what to do about it."""

    text: Text
    tone: Tone = Tone.NEUTRAL
    then: Text = ()


class Items(Struct, frozen=True, kw_only=True):
    """A list."""

    items: tuple[Item, ...]


class Column(Struct, frozen=True, kw_only=True):
    """A column's title, whether its cells are numbers, and when it may go where room is short.

    One that is not `spare` stays; of the others the highest goes first.
    """

    title: str
    number: bool = False
    spare: int = 0


class Cell(Struct, frozen=True, kw_only=True):
    """One cell of a table."""

    text: Text
    tone: Tone = Tone.NEUTRAL


class Table(Struct, frozen=True, kw_only=True):
    """Rows under titled columns, most important first: short of room, what is most spare is dropped."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]


class IntervalRow(Struct, frozen=True, kw_only=True):
    """One interval on the scale of its `group`; `margin` is how far below zero is still accepted.

    `said` stands beside the picture, so that no colour has to be seen; `told` are the numbers in full.
    """

    label: Text
    low: float
    point: float
    high: float
    margin: float | None = None
    tone: Tone = Tone.NEUTRAL
    group: str = ""
    said: str = ""
    told: str = ""


class Intervals(Struct, frozen=True, kw_only=True):
    """Differences with their intervals around zero, for a picture, and how that is read.

    `ends` say what lies left and right of `zero`. What is measured in other units is of another group.
    """

    rows: tuple[IntervalRow, ...]
    legend: str = "Right is better"
    point: str = "difference"
    zero: str = "no change"
    ends: tuple[str, str] = ("worse", "better")


class Node(Struct, frozen=True, kw_only=True):
    """One box of a graph: a name, a word on its state, and the earlier nodes that it comes after."""

    name: str
    state: str
    tone: Tone = Tone.NEUTRAL
    after: tuple[int, ...] = ()


class Graph(Struct, frozen=True, kw_only=True):
    """What comes after what, for a picture. Every node stands behind those that it comes after."""

    nodes: tuple[Node, ...]


Block = Paragraph | Items | Table | Intervals | Graph


class Section(Struct, frozen=True, kw_only=True):
    """A titled part; a folded one shows its title and `summary` until somebody opens it."""

    title: str
    blocks: tuple[Block, ...]
    summary: Text = ()
    folded: bool = False


class Report(Struct, frozen=True, kw_only=True):
    """What a reviewer reads. `headline` answers "may I merge?", `facts` says what was compared.

    Where nothing was `judged` the verdict is no praise, and no face shows it as one.
    """

    key: str
    verdict: Verdict
    headline: Text
    facts: Text
    sections: tuple[Section, ...]
    judged: bool = True


class Page(Struct, frozen=True, kw_only=True):
    """Something to read that answers no question: a trail, a model card."""

    title: Text
    facts: Text
    sections: tuple[Section, ...]
