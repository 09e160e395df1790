"""Text in the columns of a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.columns import columns, cut, filled, wrapped

TEXT = st.text(alphabet="ab 指標e\u0301-,")


@pytest.mark.parametrize(("text", "size"), [("", 0), ("auc", 3), ("指標", 4), ("e\u0301", 1)])
def test_wide_letters_take_two_columns_and_marks_none(text: str, size: int) -> None:
    assert columns(text) == size
    assert columns(filled(text, 5)) == 5


@given(TEXT, st.integers(2, 12))
def test_nothing_is_wider_than_it_may_be(text: str, width: int) -> None:
    assert columns(cut(text, width)) <= width
    lines = wrapped(text, width)
    assert all(columns(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize(
    ("text", "width", "lines"),
    [
        ("one two three", 7, ["one two", "three"]),
        ("a well-known name", 9, ["a", "well-known"[:9], "n name"]),
        ("", 3, [""]),
    ],
)
def test_a_word_breaks_only_where_it_fits_on_no_line(text: str, width: int, lines: list[str]) -> None:
    assert wrapped(text, width) == lines


def test_what_fits_or_has_no_width_is_not_cut() -> None:
    assert (cut("指標", 4), cut("指標", 3), cut("指標", 2), cut("指標" * 9, None)) == (
        "指標",
        "指…",
        "…",
        "指標" * 9,
    )
