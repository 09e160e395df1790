"""What a plan says of a real repository, here and in a clean clone."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from mlci.adapters.clock import SystemClock
from tests.support.program import Ended, run_here, run_mlci
from tests.support.repository import Repository, repository

pytestmark = pytest.mark.slow

PIPELINE = """
stages:
  prep: {cmd: "mkdir -p data && cp raw.txt data/a && cp raw.txt data/b", deps: [raw.txt], outs: [data]}
  train:
    foreach: ${items}
    do:
      cmd: "cat data/${item} > m_${item}; echo ${lr} >> m_${item}"
      deps: ["data/${item}"]
      params: [lr]
      outs: ["m_${item}"]
  eval: {cmd: "cat m_a m_b > ev.json", deps: [m_a, m_b], metrics: [{ev.json: {cache: false}}]}
"""
FILES = {
    "mlci.yaml": "version: 1\nproject: credit\n",
    ".gitignore": ".mlci/\n",
    "params.yaml": "lr: 0.1\nitems: [a, b]\n",
    "raw.txt": "raw\n",
    "dvc.yaml": PIPELINE,
}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    made = repository(tmp_path_factory.mktemp("plan") / "work").with_dvc("storage")
    return made.commit(FILES).reproduce(push=True)


def planned(root: Path, *options: str) -> Ended:
    return run_mlci("plan", *options, cwd=root)


def test_here_all_is_current_and_the_second_plan_writes_nothing(
    story: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = SystemClock().now() + timedelta(seconds=3)  # what is younger is not remembered
    monkeypatch.setattr(SystemClock, "now", lambda _: later)
    first = run_here("-C", str(story.path), "plan", "--check")
    assert first.code == 0, first.stderr
    assert first.stdout.startswith("4 stages: 4 current\n")
    before = (story.path / ".mlci/cache/hashes.json").read_bytes()
    assert planned(story.path, "--check").stdout == first.stdout
    assert (story.path / ".mlci/cache/hashes.json").read_bytes() == before
    assert story.git("status", "--porcelain") == ""


def test_a_clean_clone_is_judged_without_pulling_data(story: Repository, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone")
    ended = planned(clone.path, "--check")
    assert ended.code == 0, ended.stdout
    assert "  data (on the remote)\n" in ended.stdout
    assert not (clone.path / "data").exists()
    assert not (clone.path / ".dvc/cache").exists()
    clone.write({"params.yaml": "lr: 0.2\nitems: [a, b]\n"})
    stale = planned(clone.path, "--check")
    assert stale.code == 6
    assert "* `- train@a                    stale: its command changed" in stale.stdout
    assert ">   `- eval                     follows: after train@a, after train@b" in stale.stdout
    # A pipe gets whole lines; a terminal of 80 columns gets them cut.
    assert "…" not in stale.stdout


def test_without_asking_what_needs_a_manifest_is_unknown(story: Repository, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone")
    ended = planned(clone.path, "--check", "--offline")
    assert ended.code == 6
    assert "unknown: data/a cannot be compared" in ended.stdout


def test_a_lock_that_fits_is_not_green_while_nobody_asked_for_the_outputs(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").with_dvc("storage").commit({
        "mlci.yaml": "version: 1\nproject: credit\n",
        "dvc.yaml": "stages: {one: {cmd: 'echo 1 > one.out', outs: [one.out]}}\n",
    })  # fmt: skip
    clone = story.reproduce(push=True).clone(tmp_path / "clone")
    ended = planned(clone.path, "--check", "--offline")
    assert ended.code == 6
    assert ended.stdout.startswith("1 stage: 1 current by the lock; not known whether 1 output can be had\n")
    told = json.loads(planned(clone.path, "--json", "--offline").stdout)
    assert (told["settled"], told["stale"]) == (False, False)
    asked = planned(clone.path, "--check", "--json")
    assert (asked.code, json.loads(asked.stdout)["settled"]) == (0, True)


def test_a_forgotten_push_makes_a_stage_run(story: Repository, tmp_path: Path) -> None:
    clone = story.clone(tmp_path / "clone")
    for each in (story.path.parent / "work-storage/files/md5").rglob("*"):
        if each.is_file():
            each.rename(each.with_name(each.name + ".hidden"))
    try:
        ended = planned(clone.path, "prep")
    finally:
        for each in (story.path.parent / "work-storage/files/md5").rglob("*.hidden"):
            each.rename(each.with_name(each.name.removesuffix(".hidden")))
    assert "stale: its output data is nowhere" in ended.stdout
