"""Untrusted text in a terminal or a log."""

import json

from hypothesis import given
from hypothesis import strategies as st

from mlci.core.printable import clean, escaped, printable, printable_lines

PIECES = st.sampled_from(["::", "##[", "#", " ", "\t", "\n", "\r", "\x1b[2J", "error", "\u2028", "\u202e"])
HOSTILE = st.lists(PIECES | st.text(max_size=3), max_size=8).map("".join)


@given(HOSTILE)
def test_a_line_stays_one_line_and_is_never_a_workflow_command(text: str) -> None:
    shown = printable(text)

    assert len(shown.splitlines()) <= 1
    assert not shown.lstrip().startswith("::")
    assert "##[" not in shown
    assert "\x1b" not in shown


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters=":#")))
def test_plain_text_is_left_alone(text: str) -> None:
    assert printable(text) == text


def test_letters_of_any_script_stay_and_direction_marks_show() -> None:
    assert printable("größe 模型\u202e\udcff") == "größe 模型\\u202e\\udcff"


def test_an_indented_line_stays_as_wide_as_it_was() -> None:
    assert printable("    ::x") == "|   ::x"
    assert printable("\t::x") == "| \t::x"


def test_line_ends_of_any_kind_separate_lines() -> None:
    assert printable_lines("a\r\n::b\rc\nd") == "a\n| ::b\nc\nd"


def test_a_report_shows_one_line_and_nothing_that_steers_a_screen() -> None:
    assert clean("a\r\n b\u202ec\x1b\x9b\ud800\ufffe\xa0d") == "a b" + "\ufffdc" + "\ufffd" * 4 + " d"


def test_an_escaped_document_is_the_same_document() -> None:
    raw = {"größe": "\x1b\x9b\u202e\uffff\U000e0001 \U0001f389"}
    text = json.dumps(raw, ensure_ascii=False, indent=2)
    told = escaped(text)
    assert json.loads(told) == raw
    assert all(line.isprintable() for line in told.split("\n"))
    assert "größe" in told
    assert "\U0001f389" in told
