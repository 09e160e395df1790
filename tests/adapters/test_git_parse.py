"""Rows that come in pieces are the rows of the whole, wherever the pieces are cut."""

from datetime import UTC, datetime

import pytest

from mlci.adapters.git_parse import moment, rows, rows_as_they_come

ROWS = "".join(f"\0name-{each}\0é\0\0first\nsecond {'x' * (each % 7)}\n" for each in range(50)).encode()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1_000, 100_000])
def test_where_a_text_is_cut_changes_nothing(size: int) -> None:
    pieces = [ROWS[start : start + size] for start in range(0, len(ROWS), size)]
    assert list(rows_as_they_come(pieces, 4)) == list(rows(ROWS, 4))


@pytest.mark.parametrize("pieces", [[], [b""], [b"", b""], [b"\0a\0b"]])
def test_what_holds_no_row_gives_none(pieces: list[bytes]) -> None:
    assert list(rows_as_they_come(pieces, 4)) == []


def test_rows_are_given_before_all_pieces_came() -> None:
    def pieces():
        yield ROWS
        raise AssertionError("nobody waits for the next piece")

    assert next(iter(rows_as_they_come(pieces(), 4)))[0] == "name-0"


@pytest.mark.parametrize(
    ("raw", "year"),
    [
        ("1760000000 +0200", 2025),
        ("1760000000", 2025),
        ("1760000000 +9999", 2025),
        ("1760000000 noon", 2025),
        ("99999999999999 +0000", 9999),
        ("-99999999999999 +0000", 1970),
        ("garbage +0000", 1970),
        ("", 1970),
    ],
)
def test_what_is_no_date_is_never_the_newest(raw: str, year: int) -> None:
    assert moment(raw).year == year
    assert moment(raw) >= datetime.fromtimestamp(0, UTC)
