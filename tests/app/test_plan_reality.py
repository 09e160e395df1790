"""The plan of random pipelines, held against what `dvc repro --pull` really executes in a clean clone.

`MLCI_PLAN_CASES=300` tries as many; without it a few.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

FEW = 24
WORKERS = 2

# DVC keeps what was changed by hand and ends with a word about `--force`; the plan names what would run.
KEPT_BY_DVC = {"output by hand", "tracked data"}
# A frozen stage is not pulled once its command or its record changed: DVC then ends with "missing data
# 'source'" instead of leaving it as it is. The same words for a locked import: treeverse/dvc#2423.


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory, wanted: int) -> list[dict]:
    each, rest = divmod(wanted, WORKERS)
    shares = [each + (number < rest) for number in range(WORKERS)]
    starts = [sum(shares[:number]) for number in range(WORKERS)]
    children = [
        _child(tmp_path_factory.mktemp("reality"), first, count)
        for first, count in zip(starts, shares, strict=True)
    ]
    return [case for child in children for case in _answers(child)]


@pytest.fixture(scope="module")
def wanted() -> int:
    return CASES


CASES = int(os.environ.get("MLCI_PLAN_CASES", FEW))


def _child(directory: Path, first: int, count: int) -> subprocess.Popen:
    argv = [sys.executable, "-m", "tests.app.reality", str(directory), str(first), str(count)]
    with (directory / "errors").open("wb") as errors:
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=errors, text=True)


def _answers(child: subprocess.Popen) -> Iterator[dict]:
    with child:
        out, _ = child.communicate()
    assert child.returncode == 0, out
    yield from map(json.loads, out.splitlines())


def test_what_is_planned_is_what_dvc_executes(cases: list[dict], wanted: int) -> None:
    assert len(cases) == wanted
    wrong = [case for case in cases if not _agrees(case)]
    assert not wrong, json.dumps(wrong, indent=1)


def test_the_cases_are_worth_trying(cases: list[dict]) -> None:
    """Some run nothing, some everything, and hardly any is decided by doubt alone."""
    assert any(case["ran"] for case in cases)
    assert any(not case["ran"] for case in cases)
    doubtful = [case for case in cases if any("undecided" in why for why in chain(*case["why"].values()))]
    assert len(doubtful) <= len(cases) // 20, doubtful


def _agrees(case: dict) -> bool:
    """Every stage that is surely stale ran, and nothing ran that was not planned."""
    stale, ran, runs = (set(case[key]) for key in ("stale", "ran", "runs"))
    if not ran <= runs:
        return False
    return stale <= ran if not case["problem"] else _is_dvcs_own(case)


def _is_dvcs_own(case: dict) -> bool:
    if case["change"] in KEPT_BY_DVC:
        return True
    failed = re.findall(r"'([^']+)'", case["problem"])
    return {each.rpartition(":")[2] for each in failed} <= set(case["frozen"])
