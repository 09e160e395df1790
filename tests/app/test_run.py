"""The whole of `mlci run` on a real pipeline: what it leaves, of which commit it speaks, how it ends."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.support.program import Ended, child_environment, run_here
from tests.support.repository import Repository, repository

pytestmark = pytest.mark.slow

MAKE = """
import json, sys
from pathlib import Path
text = Path("raw.txt").read_text()
Path("rows.csv").write_text("id\\n" + text)
Path("metrics.json").write_text(json.dumps({"rows": len(text.split())}))
sys.exit("bad" in text)
"""
PIPELINE = f"""
stages:
  make:
    cmd: {sys.executable} make.py
    deps: [raw.txt, make.py]
    outs: [rows.csv]
    metrics: [{{metrics.json: {{cache: false}}}}]
"""
FILES = {
    "mlci.yaml": """
version: 1
project: credit
gates: {data: {datasets: {rows: {path: rows.csv, contract: contract.yaml}}}}
""",
    "contract.yaml": "columns: {id: {type: integer}}\nrows: {at_least: 2}\n",
    ".gitignore": ".mlci/\nrows.csv\n",
    "raw.txt": "1\n2\n3\n",
    "make.py": MAKE,
    "dvc.yaml": PIPELINE,
}


@pytest.fixture(autouse=True)
def _at_a_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ.keys() - child_environment().keys()):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def story(tmp_path: Path) -> Repository:
    return repository(tmp_path / "work").with_dvc("storage").commit(FILES)


def in_ci(monkeypatch: pytest.MonkeyPatch, story: Repository) -> None:
    ci = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
    for name, value in {**ci, "GITHUB_SHA": story.head}.items():
        monkeypatch.setenv(name, value)


def mlci_run(story: Repository, *arguments: str) -> Ended:
    return run_here("-C", str(story.path), "run", *arguments)


def evidence(story: Repository) -> dict[str, dict]:
    return {each.stem: json.loads(each.read_text()) for each in (story.path / ".mlci/evidence").iterdir()}


def commits(story: Repository) -> set[str]:
    return {each["commit"] for each in evidence(story).values()}


def statuses(story: Repository) -> dict[str, str]:
    return {each["check"]: each["status"] for each in evidence(story)["pipeline"]["findings"]}


def test_the_first_run_of_a_project_is_green_and_says_what_to_type_next(story: Repository) -> None:
    first = mlci_run(story)
    assert first.code == 0, first.stdout + first.stderr
    assert set(evidence(story)) == {"data", "diff", "pipeline"}
    assert commits(story) == {f"{story.head}+changes"}
    assert "next: git add dvc.lock metrics.json && git commit\nnext: dvc push\n" in first.stderr
    assert first.stdout.startswith("PASSED: Ready to be registered")

    story.commit()
    again = mlci_run(story)
    assert (again.code, commits(story)) == (0, {story.head})
    assert "next:" not in again.stderr
