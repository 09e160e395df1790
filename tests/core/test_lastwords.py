"""A traceback told without what it holds, and any output that only looks like one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.lastwords import broke_at, exit_code

FIT = '  File "/home/me/credit/train.py", line 12, in fit'
BEGUN = "Traceback (most recent call last):"
FITTED, LOADED = "train.py:12 in fit", "load.py:3 in <module>"
LOAD = '  File "load.py", line 3, in <module>'


def own(path: str) -> str | None:
    name = path.rpartition("/")[2]
    return name if name in ("train.py", "load.py") else None


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (
            [BEGUN, LOAD, "    fit()", FIT, "    x", "KeyError: 'anna'"],
            f"KeyError at {FITTED}, {LOADED}",
        ),
        (
            [BEGUN, FIT, "    x", "pandas.errors.ParserError: row 7"],
            f"pandas.errors.ParserError at {FITTED}",
        ),
        ([BEGUN, FIT, "    x", "    ^", "KeyboardInterrupt"], f"KeyboardInterrupt at {FITTED}"),
        ([BEGUN, '  File "/usr/lib/x.py", line 1, in f', "    x", "OSError: anna"], "OSError"),
        ([BEGUN, FIT, "    x", "mine.Diverged: anna"], f"an exception at {FITTED}"),
        ([BEGUN, FIT, "    x", "anna 1970"], ""),
        ([BEGUN, FIT, "    x", "Anna"], ""),
        ([BEGUN, LOAD, "    fit()", "Anna", FIT, "    x", "KeyError: 'anna'"], ""),
        ([BEGUN, LOAD, "    fit()", "anna: 1970", FIT, "    x"], f"an exception at {LOADED}"),
        ([LOAD, "    traceback.print_stack()", "Anna"], ""),
        ([LOAD, "    log.info(1, stack_info=True)", "ValueError: anna"], ""),
        (["ValueError: anna"], ""),
        (["anna,1970"], ""),
        (
            [
                BEGUN,
                FIT,
                "    x",
                "KeyError: a",
                "",
                "During handling:",
                "",
                BEGUN,
                LOAD,
                "    y",
                "TypeError: b",
            ],
            f"TypeError at {LOADED}",
        ),
        (
            [BEGUN, FIT, "    x", "KeyError: a", LOAD, "    traceback.print_stack()", "Anna"],
            f"KeyError at {FITTED}",
        ),
        ([BEGUN, FIT], ""),
        ([], ""),
    ],
)
def test_only_places_and_types_are_told(lines: list[str], told: str) -> None:
    assert broke_at(lines, own) == told


@given(
    st.lists(st.text() | st.sampled_from([BEGUN, FIT, LOAD, "    x", "KeyError: anna", "Anna: 1970", "Anna"]))
)
def test_nothing_of_a_message_is_told(lines: list[str]) -> None:
    told = broke_at(lines, own)
    assert "\n" not in told
    assert "anna" not in told.lower()


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("ERROR: failed to reproduce 'train': failed to run: python a.py, exited with 3", 3),
        ("ERROR: failed to run: x, exited with -9\n", -9),
        ("x, exited with 3 rows of anna", None),
        ("", None),
    ],
)
def test_the_exit_code_is_what_dvc_says_last(said: str, code: int | None) -> None:
    assert exit_code(said) == code
