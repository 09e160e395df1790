"""Text in the columns of a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.columns import columns, cut, filled, narrowed, wrapped

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


def narrowed_by_ones(widths: list[int], room: int, least: list[int]) -> list[int]:
    """Take one from the widest, the first of several, until all fit."""
    found = list(widths)
    while sum(found) > room and (wide := [at for at, width in enumerate(found) if width > least[at]]):
        found[max(wide, key=lambda at: found[at])] -= 1
    return found


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20)), min_size=1, max_size=6), st.integers(-5, 150)
)
def test_the_widest_gives_way_first_and_none_below_its_least(
    columns: list[tuple[int, int]], room: int
) -> None:
    widths, least = [[each[at] for each in columns] for at in (0, 1)]
    assert narrowed(widths, room, least) == narrowed_by_ones(widths, room, least)


def test_a_column_of_a_billion_gives_way_at_once() -> None:
    assert narrowed([10**9, 5], 80, [1, 1]) == [75, 5]


def test_what_fits_or_has_no_width_is_not_cut() -> None:
    assert (cut("指標", 4), cut("指標", 3), cut("指標", 2), cut("指標" * 9, None)) == (
        "指標",
        "指…",
        "…",
        "指標" * 9,
    )
