"""Which recorded outputs a template of `dvc.yaml` may stand for, however it is written."""

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.side.parsing import parsing_of
from mlci.app.side.snapshot import Snapshot, declared, fits
from mlci.core.dvc.settings import Parsing
from tests.support.repository import repository

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


def test_what_templates_leave_open_is_what_their_own_stages_recorded(tmp_path) -> None:
    pipeline = """stages:
  train:
    foreach: ${models}
    do:
      cmd: x
      params: ["${item.file}:"]
      metrics:
      - m/${item}.json:
          cache: false
  other:
    cmd: y
    outs: [m/other.json]
"""
    lock = """schema: '2.0'
stages:
  train@a: {cmd: x, params: {a.yaml: {lr: 1}}, outs: [{path: m/a.json}, {path: weights}]}
  train@b: {cmd: x, outs: [{path: m/b.json}]}
  other: {cmd: y, params: {b.yaml: {lr: 1}}, outs: [{path: m/other.json}]}
"""
    story = repository(tmp_path).commit({"dvc.yaml": pipeline, "dvc.lock": lock})
    git = GitCli(ProcessRunner({}), story.path, {})
    told = declared(Snapshot(git=git, files=FileTree(story.path), prefix="", commit=story.head))
    assert told.metrics == ("m/a.json", "m/b.json")
    assert {path for path, out in told.outs.items() if out.in_git} == {"m/a.json", "m/b.json"}
    assert told.params == {"a.yaml": ["lr"], "params.yaml": []}


@pytest.mark.parametrize(
    ("at", "says_no"), [(".dvc", True), ("sub/.dvc", True), ("sub/p/.dvc", True), ("other/.dvc", False)]
)
@pytest.mark.parametrize("commit", [True, False])
def test_the_nearest_configuration_around_a_pipeline_counts(tmp_path, at, says_no, commit) -> None:
    text = "[parsing]\nbool = Boolean_Optional\n"
    story = repository(tmp_path).commit(
        {"sub/p/dvc.yaml": "stages:\n  s:\n    cmd: x ${o}\n", f"{at}/config": text}
    )
    git, files = GitCli(ProcessRunner({}), story.path, {}), FileTree(story.path / "sub")
    snapshot = Snapshot(git=git, files=files, prefix="sub", commit=story.head if commit else None)
    assert parsing_of(snapshot, "p") == Parsing(says_no=says_no)
