from pathlib import Path

import pytest

from mlci.adapters.files import FileTree
from mlci.app.reproduce import LOCK, PUSHED, REPRODUCED, reproduce
from mlci.core.config import Ci, Config, LockAuthor
from mlci.core.context import RunContext, Trigger
from mlci.core.evidence import Evidence
from mlci.core.finding import Status, Verdict
from tests.support.fakes import FakeClock, FakeDvc, FakeProgress

HEAD = "a" * 40
SAYS = ("Stage 'prepare' didn't change, skipping", "Running stage 'train':", "> python train.py", "epoch 1")


def run(directory: Path, dvc: FakeDvc, trigger: Trigger, lock: LockAuthor = LockAuthor.AUTHOR) -> Evidence:
    return reproduce(
        config=Config(project="credit", ci=Ci(lock=lock)),
        context=RunContext(trigger=trigger),
        commit=HEAD,
        dvc=dvc,
        files=FileTree(directory),
        clock=FakeClock(),
        progress=FakeProgress(),
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dvc.yaml").write_text("stages: {}\n")
    (tmp_path / "dvc.lock").write_text("old")
    return tmp_path


def statuses(evidence: Evidence) -> dict[str, Status]:
    return {each.check: each.status for each in evidence.findings}


def test_says_which_stages_ran(project: Path) -> None:
    evidence = run(project, FakeDvc(says=SAYS), Trigger.PULL_REQUEST)
    assert statuses(evidence) == {REPRODUCED: Status.PASS, LOCK: Status.PASS}
    assert evidence.figures == {"ran": {"train": 0.0}, "unchanged": ["prepare"]}


@pytest.mark.parametrize(
    ("trigger", "lock", "status"),
    [
        (Trigger.PULL_REQUEST, LockAuthor.AUTHOR, Status.FAIL),
        (Trigger.MAIN, LockAuthor.AUTHOR, Status.FAIL),
        (Trigger.MAIN, LockAuthor.CI, Status.PASS),
        (Trigger.LOCAL, LockAuthor.AUTHOR, Status.PASS),
    ],
)
def test_a_stale_lock_is_red_where_the_author_should_have_reproduced(
    project: Path, trigger: Trigger, lock: LockAuthor, status: Status
) -> None:
    dvc = FakeDvc(says=SAYS, effect=lambda: (project / "dvc.lock").write_text("new"))
    assert statuses(run(project, dvc, trigger, lock))[LOCK] is status


def test_a_forgotten_push_is_told_before_anything_runs(project: Path) -> None:
    dvc = FakeDvc(missing=["models/income.skops"])
    evidence = run(project, dvc, Trigger.PULL_REQUEST)
    assert statuses(evidence) == {PUSHED: Status.FAIL}
    assert "models/income.skops" in evidence.findings[0].message
    assert dvc.asked == []


def test_a_planted_run_cache_is_not_believed_where_ci_writes_the_lock(project: Path) -> None:
    dvc = FakeDvc()
    run(project, dvc, Trigger.MAIN, LockAuthor.CI)
    run(project, dvc, Trigger.PULL_REQUEST, LockAuthor.CI)
    assert [each["run_cache"] for each in dvc.asked] == [False, True]


@pytest.mark.parametrize("remote", [None, "storage"])
def test_without_a_remote_nothing_is_pulled(project: Path, remote: str | None) -> None:
    dvc = FakeDvc(remote=remote)
    run(project, dvc, Trigger.LOCAL)
    assert dvc.asked[0]["pull"] is (remote is not None)


def test_a_failing_stage_is_red_with_its_last_lines(project: Path) -> None:
    evidence = run(project, FakeDvc(says=SAYS, code=255), Trigger.LOCAL)
    assert evidence.verdict is Verdict.FAILED
    assert "failed to reproduce 'train'" in evidence.findings[0].message


def test_a_repository_without_a_pipeline_is_not_an_error(tmp_path: Path) -> None:
    evidence = run(tmp_path, FakeDvc(), Trigger.LOCAL)
    assert statuses(evidence) == {REPRODUCED: Status.SKIP}
