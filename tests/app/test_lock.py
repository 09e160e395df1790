"""A conflict in `dvc.lock` between branches that changed different stages."""

from pathlib import Path

import pytest

from mlci.core.dvc.lockmerge import Side, joined, sides_of, split_conflict
from tests.support.program import run_mlci
from tests.support.repository import Repository, repository

LOCK = b"""schema: '2.0'
stages:
  a:
    cmd: x
    params:
      params.yaml:
        answer: NO
  b:
    cmd: y
"""


def test_a_stage_keeps_its_own_lines() -> None:
    theirs = LOCK.replace(b"cmd: y", b"cmd: z") + b"  c:\n    cmd: w\n"
    sides = sides_of(LOCK, theirs, LOCK)
    chosen = {name: sides.settled(name) for name in sides.names}
    assert chosen == {"a": Side.EITHER, "b": Side.THEIRS, "c": Side.THEIRS}
    assert joined(sides, {name: side for name, side in chosen.items() if side}, sides.names) == theirs


def test_markers_hold_both_versions() -> None:
    text = b"a\n<<<<<<< HEAD\nb\n||||||| base\no\n=======\nc\n>>>>>>> topic\nd\n"
    assert split_conflict(text) == (b"a\nb\nd\n", b"a\nc\nd\n")
    assert split_conflict(b"a\n") is None
    assert split_conflict(b"<<<<<<< HEAD\na\n") is None


def test_what_both_changed_is_left_open() -> None:
    sides = sides_of(LOCK.replace(b"cmd: y", b"cmd: o"), LOCK.replace(b"cmd: y", b"cmd: t"), LOCK)
    assert sides.settled("b") is None


PIPELINE = """
stages:
  one: {cmd: "cat one.txt > one.out", deps: [one.txt], outs: [one.out]}
  two: {cmd: "cat two.txt > two.out", deps: [two.txt], outs: [two.out]}
  both: {cmd: "cat one.out two.out > both.out", deps: [one.out, two.out], outs: [both.out]}
"""


@pytest.fixture
def conflict(tmp_path: Path) -> Repository:
    """Two branches changed one source each, reproduced, and were merged."""
    story = repository(tmp_path / "work").with_dvc()
    story.commit({
        "mlci.yaml": "version: 1\nproject: credit\n", ".gitignore": ".mlci/\n", "dvc.yaml": PIPELINE,
        "one.txt": "1", "two.txt": "2",
    }).reproduce()  # fmt: skip
    story.branch("topic").commit({"two.txt": "two"}).reproduce()
    story.switch("main").write({"one.txt": "one"}).reproduce()
    with pytest.raises(AssertionError, match="CONFLICT"):
        story.merge("topic")
    return story


@pytest.mark.slow
@pytest.mark.parametrize("indexed", [True, False])
def test_both_sides_are_taken_and_the_rest_reproduced(conflict: Repository, indexed: bool) -> None:
    if not indexed:
        conflict.git("add", "dvc.lock")
    before = (conflict.path / "dvc.lock").read_bytes()
    told = run_mlci("lock", "resolve", "--dry-run", cwd=conflict.path)
    assert told.code == 6, told.stderr
    taken = {line.split()[0]: line.split()[1:] for line in told.stdout.splitlines()[1:]}
    # The file alone holds what Git joined line by line: of `both` a record that nobody ever made.
    one, two, both = ("ours", "theirs", "ours") if indexed else ("either", "either", "neither")
    assert taken == {"one": [one], "two": [two], "both": [both, "to", "run"]}
    assert (conflict.path / "dvc.lock").read_bytes() == before
    done = run_mlci("lock", "resolve", cwd=conflict.path)
    assert done.code == 0, done.stderr
    assert (conflict.path / "both.out").read_text() == "onetwo"
    assert run_mlci("plan", "--check", cwd=conflict.path).code == 0
    assert "up to date" in conflict.dvc("status")
    again = run_mlci("lock", "resolve", cwd=conflict.path)
    conflict.git("add", "dvc.lock")
    settled = run_mlci("lock", "resolve", cwd=conflict.path)
    assert (again.code, settled.code) == ((0, 2) if indexed else (2, 2))


@pytest.mark.slow
def test_the_end_names_what_ran_and_every_path_that_git_calls_unmerged(conflict: Repository) -> None:
    conflict.git("merge", "--abort")
    conflict.commit({"notes on data.txt": "ours"}).switch("topic").commit({"notes on data.txt": "theirs"})
    with pytest.raises(AssertionError, match="CONFLICT"):
        conflict.switch("main").merge("topic")
    told = run_mlci("lock", "resolve", "--dry-run", cwd=conflict.path)
    assert told.stderr == "then: mlci lock resolve\n"
    done = run_mlci("lock", "resolve", cwd=conflict.path)
    assert done.code == 0, done.stderr
    assert ["both", "ours", "ran"] in [line.split() for line in done.stdout.splitlines()]
    assert done.stderr.endswith("then: git add dvc.lock 'notes on data.txt'\n")


@pytest.mark.slow
def test_without_reproducing_a_valid_lock_is_left(conflict: Repository) -> None:
    done = run_mlci("lock", "resolve", "--no-repro", cwd=conflict.path)
    assert done.code == 6
    conflict.dvc("checkout", "--quiet", "--force")
    planned = run_mlci("plan", cwd=conflict.path).stdout
    assert planned.startswith("3 stages: 2 current, 1 stale\n")
