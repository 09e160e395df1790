"""`mlci demo`, played whole: what a newcomer sees first."""

import re
from pathlib import Path

import pytest

from tests.support.program import run_mlci

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    place = tmp_path_factory.mktemp("demo")
    ended = run_mlci("demo", "--keep", str(place / "kept"), cwd=place, timeout=600)
    assert ended.code == 0, ended.stderr[-3000:]
    assert (place / "kept" / "credit" / ".mlci" / "report" / "report.html").is_file()
    return ended.stdout


def answers(said: str) -> list[str]:
    return re.findall(r"^  (?:PASSED|WARNED|FAILED): (.*)$", said, re.MULTILINE)


def test_each_pull_request_gets_its_answer(said: str) -> None:
    first, better, merged, seed, worse = answers(said)
    assert first.startswith("Ready to be registered")
    assert better.startswith("You may merge: roc_auc")
    assert better.endswith("improved")
    assert merged.startswith("Ready to be registered")
    assert seed == "You may merge: nothing got worse beyond its margin"
    assert worse.startswith("Do not merge: roc_auc regressed")


def test_versions_and_environments_are_tags(said: str) -> None:
    tags = re.findall(r"^  (income[@#]\S+)  ", said, re.MULTILINE)
    assert tags == [
        "income@v0.1.0",
        "income#staging#1",
        "income#prod#2",
        "income@v0.2.0",
        "income#staging#3",
        "income#prod#4",
        "income#prod#5",
    ]


def test_a_directory_that_stands_is_left_alone(tmp_path: Path) -> None:
    ended = run_mlci("demo", "--keep", str(tmp_path), cwd=tmp_path)
    assert ended.code == 2
    assert "[demo-directory]" in ended.stderr
