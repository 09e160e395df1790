import html
import re
from time import perf_counter

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mlci.core.report import (
    Block,
    Cell,
    Column,
    Graph,
    IntervalRow,
    Intervals,
    Item,
    Items,
    Node,
    Paragraph,
    Report,
    Section,
    Table,
    code,
    words,
)
from mlci.render.markdown import LIMIT, Elsewhere, inert, inert_code, render
from tests.support.reports import bad

HOSTILE = [
    "@everyone | <img src=x onerror=alert(1)>",
    "`</code><script>`",
    "a\nb\r\n# heading",
    "\u202ereversed\u2066",
    "https://evil.example/x and www.evil.example",
    "user@example.org #12 GH-7 org/repo#3 :tada:",
    "![](x) [a](javascript:b) **bold** ~~s~~ <!-- c -->",
    "- item",
    "1. item",
    "---",
    "--- ---",
    "&#64;octocat &lt;b&gt;",
    "deadbeefdeadbeef",
    "%v1.0 %12 100%x",
    "abc1234...def5678 abc1234..HEAD",
    "feedface-deadbeef x-deadbee",
    "1.deadbee 0.12345678",
    "(www.evil.example) and (GH-7), 1-www.evil.example",
]


def as_html(markdown: str) -> str:
    return cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)


def visible(rendered: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", rendered))


def live_text(rendered: str) -> str:
    """What a forge scans for mentions and references: the text outside code."""
    return html.unescape(re.sub(r"<[^>]+>", "\0", re.sub(r"(?s)<code>.*?</code>", "\0", rendered)))


def assert_inert(rendered: str, allowed: set[str]) -> None:
    assert {tag.lower() for tag in re.findall(r"</?([A-Za-z][A-Za-z0-9]*)", rendered)} <= allowed
    assert "<!--" not in rendered
    live = live_text(rendered)
    assert not re.search(r"@|#\d|https?:|www\.|GH-\d|:\w+:|%\w", live, re.IGNORECASE), live
    assert not re.search(r"\b[0-9a-f]{7,40}\b", re.sub(r"\d\.\d+", "", live)), live


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_prose_is_inert(text: str) -> None:
    assert_inert(as_html(inert(text)), {"p", "code", "wbr"})


@settings(max_examples=1000, deadline=None)
@given(
    st.lists(
        st.sampled_from(["www.", "GH-7", "evil.example", "http://", "(", ")", ",", "-", "1", "a", " ", "@"])
    )
)
def test_no_word_of_prose_becomes_a_link(parts: list[str]) -> None:
    assert "<a " not in as_html(inert("".join(parts)))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_names_read_as_they_are_written(text: str) -> None:
    rendered = as_html("x " + inert_code(text))
    assert_inert(rendered, {"p", "code", "wbr"})
    printable = "".join(c if c.isprintable() else "\ufffd" for c in re.sub(r"[\r\n]+", " ", text))
    assert visible(rendered) == f"x {printable}\n"


@settings(max_examples=1500, deadline=None)
@given(st.text(alphabet=st.sampled_from("@#<>|`*_[]()!&;:/\\~-=+ \n\t.1aGHw\u202eé"), max_size=24))
@example("a|b")
def test_any_name_stays_in_its_cell(name: str) -> None:
    cells = (Cell(text=code(name)), Cell(text=words(name)))
    table = Table(columns=(Column(title="one"), Column(title="two")), rows=(cells,))
    report = replace(bad(), sections=(Section(title="t", blocks=(table,)),))
    rendered = as_html(render(report))
    assert rendered.count("<td>") == 2
    assert_inert(rendered, {"h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "b", "wbr"})


@settings(max_examples=1000, deadline=None)
@given(st.text(max_size=60))
def test_any_headline_stays_one_heading(name: str) -> None:
    rendered = as_html(render(bad(name)))
    assert rendered.count("<h2") == 1
    assert rendered.count("<details>") == rendered.count("</details>") == 1


def test_the_verdict_stands_in_the_first_thousand_characters() -> None:
    assert "Do not merge" in visible(as_html(render(bad("x" * 200))[:1000]))


@pytest.mark.parametrize("rows", [10, 500, 5_000])
@pytest.mark.parametrize("letter", ["a", "@", "\N{PARTY POPPER}"])
def test_the_budget_holds_and_everything_opened_is_closed(rows: int, letter: str) -> None:
    table = Table(
        columns=(Column(title="n"),), rows=tuple((Cell(text=code(letter * 40)),) for _ in range(rows))
    )
    sections = tuple(Section(title=f"s{i}", blocks=(table,), folded=i > 0) for i in range(8))
    text = render(replace(bad(), sections=sections))
    assert len(text.encode()) <= LIMIT
    assert text.count("<details>") == text.count("</details>")
    assert text.count("<code>") == text.count("</code>")
    assert text.startswith("## ❌")


def several(amount: int, block: Block, *, folded: bool = True) -> Report:
    sections = tuple(Section(title=f"s{at}", blocks=(block,), folded=folded) for at in range(amount))
    return replace(bad(), sections=sections)


def test_many_sections_cost_no_more_than_those_that_are_told() -> None:
    rows = tuple((Cell(text=code("@" * 40)),) for _ in range(200))
    started = perf_counter()
    text = render(several(400, Table(columns=(Column(title="n"),), rows=rows)))
    assert perf_counter() - started < 5
    assert len(text.encode()) <= LIMIT
    assert re.search(r"\n_3\d\d more sections stand in the full report", text)


def test_of_many_sections_the_open_ones_are_told() -> None:
    told = several(100, Paragraph(text=words("x")))
    last = replace(told.sections[-1], title="open", folded=False)
    text = render(replace(told, sections=(*told.sections[:-1], last)))
    assert "### open" in text
    assert "_36 more sections stand" in text


@pytest.mark.parametrize("letter", ["a", "@", "\N{PARTY POPPER}"])
def test_the_budget_holds_whatever_the_first_lines_are(letter: str) -> None:
    long = (*words("Do not merge: "), *code(letter * 200_000), *words(letter * 200_000))
    text = render(replace(bad(), headline=long, facts=long * 3))
    assert text.startswith("## ❌ Do not merge: ")
    assert len(text.encode()) <= LIMIT


PICTURE = IntervalRow(label=words("auc"), low=-1, point=0, high=1)
GRAPH = Graph(nodes=tuple(Node(name=f"s{at}", state="ran") for at in range(1_200)))


@pytest.mark.parametrize(
    ("block", "said"),
    [
        (Intervals(rows=(PICTURE,) * 1_003), "_… and "),
        (GRAPH, "_A graph of 1,200 stages stands in the full report._"),
    ],
)
def test_what_is_not_drawn_is_counted(block: Block, said: str) -> None:
    assert said in render(several(1, block), limit=1_000_000)


def test_a_section_without_a_body_opens_nothing() -> None:
    empty = Section(title="Slices", blocks=(), summary=words("none"), folded=True)
    text = render(replace(bad(), sections=(empty,)))
    assert "details" not in text
    assert "<b>Slices</b> none" in text


def test_rows_of_a_picture_are_a_line_apart() -> None:
    rendered = cmarkgfm.github_flavored_markdown_to_html(
        render(several(1, Intervals(rows=(PICTURE,) * 3))),
        Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_HARDBREAKS,
    )
    assert rendered.count("<code>────────────●────────────</code> auc") == 3
    assert rendered.count("<br") == 2


def test_of_an_open_list_the_first_ten_are_shown_and_the_rest_is_counted() -> None:
    items = Items(items=tuple(Item(text=words(f"item{at}")) for at in range(33)))
    assert render(several(1, items, folded=False)).count("item") == 10
    assert "_… and 23 more in the full report._" in render(several(1, items, folded=False))
    assert render(several(1, items)).count("item") == 33


def test_what_was_left_out_is_said() -> None:
    huge = Table(columns=(Column(title="n"),), rows=tuple((Cell(text=code("@" * 4000)),) for _ in range(50)))
    text = render(replace(bad(), sections=(Section(title="s", blocks=(huge,), folded=True),)))
    assert "1 more section stands in the full report" in text


def test_what_was_left_out_is_where_the_reader_is_sent() -> None:
    items = Items(items=tuple(Item(text=words(f"item{at}")) for at in range(33)))
    sent = Elsewhere.command("mlci diff --json")
    open_list = render(several(1, items, folded=False), elsewhere=sent)
    assert "_… and 23 more in <code>mlci diff --json</code>._" in open_list
    assert "more sections stand in <code>mlci diff --json</code>._" in render(
        several(70, items), elsewhere=sent
    )


def test_without_a_limit_all_is_there() -> None:
    items = Items(items=tuple(Item(text=words(f"item{at}")) for at in range(1_033)))
    text = render(several(70, items, folded=False), limit=None)
    assert text.count("item") == 70 * 1_033
    assert "more" not in text
