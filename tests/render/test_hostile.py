"""A whole report in which every text is a stranger's: inert in every face."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from xml.etree import ElementTree as ET

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlci.core.config import Direction
from mlci.core.diff import (
    Artifact,
    Diff,
    FileDiff,
    FileState,
    MetricDiff,
    MetricVerdict,
    Move,
    Occasion,
    StageDiff,
)
from mlci.core.evidence import Evidence, Input
from mlci.core.finding import Finding, Interval, Status, Waived
from mlci.core.report import Report
from mlci.core.report.compose import compose
from mlci.render import html, junit, markdown, terminal
from tests.render.test_markdown import HOSTILE, as_html, assert_inert

TAGS = {
    *("h2", "h3", "p", "ul", "li", "table", "thead", "tbody", "tr", "th", "td"),
    *("details", "summary", "code", "b", "br", "wbr", "em", "pre"),
}
CELLS = {"true_positive": 3, "false_negative": 1, "false_positive": 5, "true_negative": 5}
PAGE = {
    *("html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "ul", "li", "div", "span", "code"),
    *("strong", "details", "summary", "table", "thead", "tbody", "tr", "th", "td", "figure", "figcaption"),
    *("svg", "line"),
}


def metric(text: str) -> MetricDiff:
    return MetricDiff(
        metric=text,
        model=text,
        subject=text,
        direction=Direction.HIGHER,
        base=0.8,
        head=0.7,
        difference=-0.1,
        interval=Interval(low=-0.2, high=-0.05),
        margin=0.01,
        verdict=MetricVerdict.REGRESSED,
        note=text,
        gated=True,
        noticeable=0.01,
    )


def gate(text: str) -> Evidence:
    """Evidence of a stranger's job."""
    accepted, ended = (Waived(owner=text, reason=text, until=text, expired=each) for each in (False, True))
    findings = tuple(
        Finding(check=text, subject=text, status=status, message=text, help=text, waived=waived, n=3)
        for status in (Status.FAIL, Status.WARN, Status.PASS)
        for waived in (None, accepted, ended)
    )
    return Evidence(
        gate=text,
        commit=text,
        findings=findings,
        inputs=(Input(path=text, hash=text),),
        seeds={text: 1},
        tools={text: text},
        figures={text: {text: {text: CELLS}}},  # type: ignore[dict-item]
    )


def pipeline(text: str) -> Evidence:
    """A stranger's reproduction of two stages."""
    stages = [
        {
            "name": text,
            "standing": "stale",
            "reasons": [{"cause": "command", "subject": text}],
            "upstream": [],
        },
        {"name": f"{text}2", "standing": "follows", "reasons": [], "upstream": [text]},
    ]
    figures = {"plan": {"stages": stages}, "ran": {text: 1.0}, "expected": {text: 9.0}}
    return Evidence(gate="pipeline", commit=text, findings=(), figures=figures)  # type: ignore[arg-type]


def everywhere(text: str) -> Report:
    """A report in which this text stands wherever a repository or a stranger's job could put one."""
    diff = Diff(
        base="b" * 40,
        head="a" * 40,
        base_name=text,
        head_name=text,
        metrics=(metric(text),),
        files=(FileDiff(path=text, artifact=Artifact.DATA, base=None, head=FileState(hash=text)),),
        stages=(StageDiff(name=text, move=Move.CHANGED, because=(text,)),),
        problems=(text,),
        notes=(text,),
    )
    return compose(
        project=text,
        evidence=[gate(text), pipeline(text)],
        diff=diff,
        occasion=Occasion.PULL_REQUEST,
        against={text: diff},
    )


class Tags(HTMLParser):
    """The tags and attributes of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


TEXTS = st.text(alphabet=st.sampled_from("@#<>|`*_[]()!&;:/\\~-=+ \n\t.1aGHw\u202eé\"'"), max_size=20)


@settings(max_examples=150, deadline=None)
@given(TEXTS)
@example("</summary></details><script>")
@example("```\n# x")
@example("`a` `b` @all")
def test_any_text_anywhere_is_inert_in_a_comment(text: str) -> None:
    told = markdown.render(everywhere(text))
    rendered = as_html(told)
    assert_inert(rendered, TAGS)
    assert rendered.count("<details>") == rendered.count("</details>") == told.count("\n<details>\n")


@pytest.mark.parametrize("text", [*HOSTILE, "</style><script>alert(1)</script>", "\" onload='x' a=\""])
def test_any_text_anywhere_is_inert_in_the_page(text: str) -> None:
    page = Tags()
    page.feed(html.render(everywhere(text)))
    assert page.tags <= PAGE
    assert not [name for name in page.attributes if name.startswith("on") or name in ("src", "href", "style")]


FACES: dict[str, Callable[[str], str]] = {
    "terminal": lambda text: terminal.render(everywhere(text)),
    "html": lambda text: html.render(everywhere(text)),
    "markdown": lambda text: markdown.render(everywhere(text)),
    "junit": lambda text: junit.render([gate(text), pipeline(text)]),
}
STEERING = ["\x1b[31m\x07", "a\u202eb\u2066c", "\x85\x9b1m", "\ufffe\uffff\ud800", "a\x00b\u200bc\u2028d"]
COMMANDS = [
    *HOSTILE,
    *STEERING,
    "::add-mask::x",
    "##[error]x",
    "\x1b[31m\r::set-env::",
    "a\n::stop-commands::x",
]


@pytest.mark.parametrize("text", COMMANDS)
@pytest.mark.parametrize("face", FACES)
def test_no_line_of_any_face_is_a_command_to_ci(text: str, face: str) -> None:
    told = FACES[face](text)
    assert not [line for line in re.split(r"[\r\n]", told) if re.match(r"\s*::", line) or "##[" in line]


@pytest.mark.parametrize("text", COMMANDS)
@pytest.mark.parametrize("face", FACES)
def test_every_face_shows_nothing_that_steers_a_screen(text: str, face: str) -> None:
    told = FACES[face](text)
    assert all(line.isprintable() for line in told.split("\n"))
    told.encode()


@pytest.mark.parametrize("text", COMMANDS)
def test_junit_is_xml_whatever_stands_in_it(text: str) -> None:
    ET.fromstring(FACES["junit"](text).encode())
