"""Rows that come in pieces are the rows of the whole, wherever the pieces are cut."""

from datetime import UTC, datetime

import pytest

from mlci.adapters.git_parse import commit, moment, rows, rows_as_they_come

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


@pytest.mark.parametrize(
    "encoding", ["UTF-8", "ISO-8859-15", "latin1", "CP1252", "windows-1252", "ISO8859-1", "iso_8859_1"]
)
def test_a_message_is_read_in_the_encoding_that_its_author_names(encoding: str) -> None:
    raw = f"encoding {encoding}\n\n".encode() + "Größe".encode(encoding)
    assert commit("0" * 40, raw).message == "Größe"


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ("euc-jp", "日本"),
        ("Shift_JIS", "日本"),
        ("GB18030", "中文"),
        ("big5", "中文"),
        ("euc-kr", "한국"),
        ("KOI8-R", "да"),
    ],
)
def test_other_scripts_are_read_as_well(encoding: str, message: str) -> None:
    assert commit("0" * 40, f"encoding {encoding}\n\n".encode() + message.encode(encoding)).message == message


@pytest.mark.parametrize(
    "encoding",
    [
        "punycode",
        "unicode_escape",
        "raw_unicode_escape",
        "utf-7",
        "idna",
        "rot13",
        "hex",
        "mbcs",
        "nobody's",
        "",
    ],
)
def test_an_encoding_that_is_no_encoding_of_texts_is_not_followed(encoding: str) -> None:
    body = b"\\ud800 +2AA- 6869-\xff"
    raw = f"encoding {encoding}\n\n".encode() + body
    assert commit("0" * 40, raw).message.encode("utf-8", "surrogateescape") == body
