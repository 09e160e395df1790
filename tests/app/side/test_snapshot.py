"""Which recorded outputs a template of `dvc.yaml` may stand for, however it is written."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.app.side.snapshot import fits

PLACE = "${a}"


@pytest.mark.parametrize(
    ("template", "path", "expected"),
    [
        ("m/${item}.json", "m/one.json", True),
        ("m/${item}.json", "m/.json", False),
        ("${a}${b}", "x", False),
        ("${a}${b}", "xy", True),
        ("m/${a", "m/${a", True),
        ("m/${a", "m/x", False),
    ],
)
def test_something_stands_in_each_place(template: str, path: str, expected: bool) -> None:
    assert fits(template, path) is expected


@given(parts=st.lists(st.text("ab/", max_size=3), min_size=2, max_size=4), path=st.text("ab/", max_size=10))
def test_it_is_what_trying_all_ways_would_say(parts: list[str], path: str) -> None:
    tried = re.fullmatch(".+".join(map(re.escape, parts)), path) is not None
    assert fits(PLACE.join(parts), path) is tried


@pytest.mark.parametrize("template", ["a".join([PLACE] * 40) + "!", "${" * 200_000, PLACE * 50_000 + "!"])
def test_no_template_makes_anybody_wait(template: str) -> None:
    began = time.process_time()
    assert not fits(template, "a" * 5_000)
    assert time.process_time() - began < 1
