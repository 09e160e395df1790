import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.worktree import LinkedTree
from mlci.app.reproduce import LOCK, PUSHED, REMOTE, REPRODUCED, reproduce
from mlci.app.stages.durations import read_durations, write_durations
from mlci.app.stages.ground import Ground
from mlci.app.stages.hashing import read_memory, write_memory
from mlci.app.stages.publish import PUBLISHED
from mlci.app.stages.rest import REPEATABLE
from mlci.core.config import Ci, Config, LockAuthor, Model, Remotes, ReportSettings, Rows, Task
from mlci.core.context import RunContext, Trigger
from mlci.core.evidence import Evidence
from mlci.core.finding import Status, Verdict
from mlci.errors import WorldError
from mlci.ports.process import Finished
from tests.support.fakes import FakeClock, FakeDvc, FakeProgress

HEAD = "a" * 40
MD5_OF_CHANGED = "8977dfac2f8e04cb96e66882235f5aba"
SAYS = ("Stage 'prepare' didn't change, skipping", "Running stage 'train':", "> python train.py", "epoch 1")
PIPELINE = "stages: {prepare: {cmd: x, deps: [a.txt]}, train: {cmd: y, deps: [b.txt]}}"
LOCKED = """
schema: '2.0'
stages:
  prepare: {cmd: x, deps: [{path: a.txt, hash: md5, md5: d41d8cd98f00b204e9800998ecf8427e}]}
  train: {cmd: y, deps: [{path: b.txt, hash: md5, md5: d41d8cd98f00b204e9800998ecf8427e}]}
"""


def new_lock() -> str:
    """The lock after `b.txt` was changed to hold just that word."""
    head, _, tail = LOCKED.rpartition("d41d8cd98f00b204e9800998ecf8427e")
    return head + MD5_OF_CHANGED + tail


def run(
    directory: Path,
    dvc: FakeDvc,
    trigger: Trigger,
    lock: LockAuthor = LockAuthor.AUTHOR,
    progress: FakeProgress | None = None,
    **parts: Any,
) -> Evidence:
    files = FileTree(directory)
    provider = parts.pop("provider", None if trigger is Trigger.LOCAL else "github")
    occasion = parts.pop("occasion", {})
    return reproduce(
        config=Config(project="credit", ci=Ci(lock=lock), **parts),
        context=RunContext(trigger=trigger, provider=provider, **occasion),
        commit=HEAD,
        ground=Ground(
            root=files,
            project=files,
            tree=LinkedTree(directory),
            dvc=dvc,
            clock=FakeClock(),
            progress=progress or FakeProgress(),
        ),
    )


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "dvc.yaml").write_text(PIPELINE)
    (tmp_path / "dvc.lock").write_text(LOCKED)
    (tmp_path / "a.txt").touch()
    (tmp_path / "b.txt").touch()
    return tmp_path


def statuses(evidence: Evidence) -> dict[str, Status]:
    return {each.check: each.status for each in evidence.findings}


def test_says_which_stages_ran(project: Path) -> None:
    evidence = run(project, FakeDvc(says=SAYS), Trigger.PULL_REQUEST)
    assert statuses(evidence) == {REPRODUCED: Status.PASS, LOCK: Status.PASS}
    assert evidence.figures["ran"] == {"train": 0.0}
    assert evidence.figures["unchanged"] == ["prepare"]


@pytest.mark.parametrize(
    ("trigger", "lock", "status"),
    [
        (Trigger.PULL_REQUEST, LockAuthor.AUTHOR, Status.FAIL),
        (Trigger.MAIN, LockAuthor.AUTHOR, Status.FAIL),
        (Trigger.PULL_REQUEST, LockAuthor.CI, Status.WARN),
        (Trigger.MAIN, LockAuthor.CI, Status.FAIL),
        (Trigger.LOCAL, LockAuthor.AUTHOR, Status.PASS),
    ],
)
def test_a_stale_lock_is_red_where_the_author_should_have_reproduced(
    project: Path, trigger: Trigger, lock: LockAuthor, status: Status
) -> None:
    (project / "b.txt").write_text("changed")
    dvc = FakeDvc(says=SAYS, effect=lambda: (project / "dvc.lock").write_text(new_lock()))
    found = run(project, dvc, trigger, lock)
    assert statuses(found)[LOCK] is status
    in_time = trigger is not Trigger.LOCAL and lock is LockAuthor.AUTHOR
    assert bool(dvc.asked) is not in_time
    assert not in_time or "train: b.txt changed" in found.findings[0].message


class Pushing(FakeDvc):
    """Remembers where it was asked to push."""

    pushed: tuple[str | None, ...] = ()

    def push(
        self, targets: Sequence[str] = (), *, remote: str | None = None, run_cache: bool = False
    ) -> Finished:
        self.pushed = (*self.pushed, remote)
        return super().push(targets, remote=remote, run_cache=run_cache)


@pytest.mark.parametrize(
    ("trigger", "lock", "pushed"),
    [
        (Trigger.PULL_REQUEST, LockAuthor.CI, ("storage-pr",)),
        (Trigger.MAIN, LockAuthor.CI, ("public",)),
        (Trigger.PULL_REQUEST, LockAuthor.AUTHOR, ()),
        (Trigger.MAIN, LockAuthor.AUTHOR, ()),
        (Trigger.LOCAL, LockAuthor.CI, ()),
    ],
)
def test_the_bytes_of_a_lock_that_ci_made_go_with_it(
    project: Path, trigger: Trigger, lock: LockAuthor, pushed: tuple[str, ...]
) -> None:
    dvc = Pushing(says=SAYS, effect=lambda: (project / "dvc.lock").write_text(LOCKED + "# new"))
    found = run(project, dvc, trigger, lock, remotes=Remotes(write="public", pull_request="storage-pr"))
    assert dvc.pushed == pushed
    assert statuses(found).get(PUBLISHED) is (Status.PASS if pushed else None)


@pytest.mark.parametrize(("branch", "same", "told"), [
    ("faster", True, "the workflow's job `lock` commits it"),
    ("faster", False, "commit it before you merge, for no job may push to a fork's branch"),
    (None, True, "or to a merge queue's"),
])  # fmt: skip
def test_who_commits_the_lock_is_told_to_a_fork_too(
    project: Path, branch: str | None, same: bool, told: str
) -> None:
    (project / "b.txt").write_text("changed")
    dvc = FakeDvc(says=SAYS, effect=lambda: (project / "dvc.lock").write_text(new_lock()))
    number = 7 if branch else None
    occasion = {"branch": branch, "same_repository": same, "pull_request": number}
    found = run(project, dvc, Trigger.PULL_REQUEST, LockAuthor.CI, occasion=occasion)
    (lock,) = (each for each in found.findings if each.check == LOCK)
    assert told in lock.message
    assert "mlci lock apply --from-artifact DIR" in lock.message


class Kept(FakeDvc):
    """A remote for pull requests that gives these bytes for `made.txt`."""

    gives: str = ""
    project: Path = Path()

    def pull(self, targets: Sequence[str] = (), *, remote: str | None = None) -> Finished:
        assert (targets, remote) == (["made.txt"], "prs")
        (self.project / "made.txt").write_text(self.gives)
        return super().pull(targets, remote=remote)


@pytest.mark.parametrize(("gives", "believed"), [("made\n", True), ("evil\n", False)])
def test_what_pull_requests_left_is_hashed_before_it_is_believed(
    tmp_path: Path, gives: str, believed: bool
) -> None:
    md5 = hashlib.md5(b"made\n").hexdigest()
    (tmp_path / "dvc.yaml").write_text("stages: {make: {cmd: x, outs: [made.txt]}}")
    recorded = f"{{path: made.txt, hash: md5, md5: {md5}}}"
    (tmp_path / "dvc.lock").write_text(f"{{schema: '2.0', stages: {{make: {{cmd: x, outs: [{recorded}]}}}}}}")
    dvc = Kept(missing=["made.txt"])
    dvc.gives, dvc.project = gives, tmp_path
    found = run(tmp_path, dvc, Trigger.PULL_REQUEST, LockAuthor.CI, remotes=Remotes(pull_request="prs"))
    if believed:
        assert statuses(found)[LOCK] is Status.PASS
        assert found.figures["plan"]["stages"][0]["standing"] == "current"
    else:
        assert statuses(found) == {REMOTE: Status.FAIL}
        assert dvc.asked == []


def test_other_bytes_from_the_same_inputs_are_red_in_ci(project: Path) -> None:
    dvc = FakeDvc(says=SAYS, effect=lambda: (project / "dvc.lock").write_text(LOCKED + "# new"))
    assert statuses(run(project, dvc, Trigger.MAIN))[LOCK] is Status.FAIL


def test_ci_believes_no_remembered_hash(project: Path) -> None:
    assert statuses(run(project, FakeDvc(), Trigger.LOCAL))[LOCK] is Status.PASS
    memory = read_memory(FileTree(project))
    (project / "b.txt").write_text("changed")
    entry = LinkedTree(project).entry("b.txt")
    assert entry is not None
    memory.learn(entry, "d41d8cd98f00b204e9800998ecf8427e", legacy=False, now=entry.changed + 10**11)
    write_memory(FileTree(project), memory)
    told = FakeProgress()
    run(project, FakeDvc(), Trigger.LOCAL, progress=told)
    assert "0 of 2 stages to run" in told.lines
    assert statuses(run(project, FakeDvc(), Trigger.PULL_REQUEST))[LOCK] is Status.FAIL


def test_what_dvc_advises_at_its_end_is_left_out(project: Path) -> None:
    (project / "b.txt").write_text("changed")
    advice = (
        "To track the changes with git, run:",
        "\tgit add dvc.lock",
        "Use `dvc push` to send your updates",
    )
    says = (*SAYS, *advice[:2], f"{advice[2]} to remote storage.", "bye")
    told = FakeProgress()
    run(project, FakeDvc(says=says), Trigger.LOCAL, progress=told)
    assert "bye" in told.lines
    assert not [each for each in told.lines if each.startswith(advice)]


def test_who_waits_is_told_how_far_and_how_long(project: Path) -> None:
    write_durations(FileTree(project), {"train": 200.0})
    (project / "b.txt").write_text("changed")
    told = FakeProgress()
    run(project, FakeDvc(says=SAYS), Trigger.LOCAL, progress=told)
    assert [each for each in told.lines if "will run" in each] == ["will run: train: b.txt changed"]
    assert "stage train (1 of 1, about 3 min)" in told.lines
    assert read_durations(FileTree(project)) == {"train": 0.0}


def test_every_pipeline_file_of_the_project_is_reproduced(project: Path) -> None:
    (project / "sub").mkdir()
    (project / "sub/dvc.yaml").write_text("stages: {more: {cmd: z}}")
    dvc = FakeDvc()
    run(project, dvc, Trigger.LOCAL)
    assert dvc.asked[0]["targets"] == ("dvc.yaml", "sub/dvc.yaml")


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


def test_what_dvc_passed_over_while_it_pulled_is_run_without_pulling(project: Path) -> None:
    """With --pull, DVC takes a removed input for one that is yet to be pulled."""
    (project / "b.txt").unlink()
    passed_over = FakeDvc(says=["Stage 'train' didn't change, skipping"], remote="storage")
    run(project, passed_over, Trigger.LOCAL)
    assert [each["pull"] for each in passed_over.asked] == [True, False]
    ran = FakeDvc(says=["Running stage 'train':"], remote="storage")
    run(project, ran, Trigger.LOCAL)
    assert [each["pull"] for each in ran.asked] == [True]


FAILS = (
    *SAYS,
    "row 7: anna, 1970",
    "Traceback (most recent call last):",
    '  File "/elsewhere/secret.py", line 2, in <module>',
    '  File "train.py", line 12, in fit',
    "    raise ValueError(rows)",
    "ValueError: anna, 1970",
)
DVC_SAYS = "ERROR: failed to reproduce 'train': failed to run: y, exited with 3"


def failed(project: Path, rows: Rows) -> str:
    (project / "train.py").touch()
    dvc = FakeDvc(says=FAILS, code=255, complains=DVC_SAYS)
    evidence = run(project, dvc, Trigger.LOCAL, report=ReportSettings(rows=rows))
    assert evidence.verdict is Verdict.FAILED
    return evidence.findings[0].message


def test_a_failing_stage_is_named_and_its_data_is_not(project: Path) -> None:
    """What it said last may hold cells of a table: the report says where it broke, the file has all."""
    said = failed(project, Rows.COUNTS)
    assert said == (
        "the stage train failed with exit code 3; what it said last stands in the job's log and in"
        " .mlci/report/pipeline.log\nValueError at train.py:12 in fit"
    )
    kept = (project / ".mlci/report/pipeline.log").read_text()
    assert kept == "".join(f"{each}\n" for each in FAILS[2:])


def test_with_samples_a_failing_stage_tells_its_last_lines(project: Path) -> None:
    said = failed(project, Rows.SAMPLES)
    assert said.startswith("the stage train failed with exit code 3; ")
    assert said.endswith("\n".join(["", *FAILS[2:]]))


def test_where_no_stage_ran_dvc_speaks_for_itself(project: Path) -> None:
    evidence = run(project, FakeDvc(code=255, complains="ERROR: no such remote"), Trigger.LOCAL)
    assert evidence.findings[0].message == "dvc repro failed: ERROR: no such remote"


def test_a_repository_without_a_pipeline_is_not_an_error(tmp_path: Path) -> None:
    evidence = run(tmp_path, FakeDvc(), Trigger.LOCAL)
    assert statuses(evidence) == {REPRODUCED: Status.SKIP}


def test_models_that_no_stage_makes_are_red_although_they_lie_here(tmp_path: Path) -> None:
    (tmp_path / "model.skops").touch()
    models = {"income": Model(name="income", path="model.skops", task=Task.BINARY, test="t", predictions="p")}
    evidence = run(tmp_path, FakeDvc(), Trigger.LOCAL, models=models)
    assert statuses(evidence) == {REPRODUCED: Status.ERROR}
    assert "income" in evidence.findings[0].message


def test_a_remote_that_cannot_be_read_is_no_forgotten_push(project: Path) -> None:
    dvc = FakeDvc(missing=["models/income.skops"], silent="PermissionError: Forbidden")
    evidence = run(project, dvc, Trigger.PULL_REQUEST)
    assert statuses(evidence) == {REMOTE: Status.FAIL}
    assert "this job cannot read the remote storage" in evidence.findings[0].message
    assert "a maintainer must run this: mlci run" in evidence.findings[0].message


@pytest.mark.parametrize(
    ("trigger", "provider", "status"),
    [
        (Trigger.PULL_REQUEST, "github", Status.FAIL),
        (Trigger.MAIN, "github", Status.FAIL),
        (Trigger.MAIN, None, Status.FAIL),
        (Trigger.LOCAL, None, Status.WARN),
    ],
)
def test_a_frozen_stage_is_held_to_its_inputs(
    project: Path, trigger: Trigger, provider: str | None, status: Status
) -> None:
    (project / "dvc.yaml").write_text(PIPELINE.replace("cmd: y", "cmd: y, frozen: true"))
    assert run(project, FakeDvc(), trigger, provider=provider).verdict is Verdict.PASSED
    (project / "b.txt").write_text("changed")
    dvc = FakeDvc()
    found = run(project, dvc, trigger, provider=provider).findings[-1]
    assert (found.check, found.status) == (LOCK, status)
    assert "frozen, and its inputs changed (train: b.txt changed)" in found.message
    assert bool(dvc.asked) is (status is Status.WARN)


def test_the_remote_to_read_from_is_the_configured_one(project: Path) -> None:
    dvc = FakeDvc(remote=None)
    run(project, dvc, Trigger.LOCAL, remotes=Remotes(read="storage"))
    assert (dvc.asked[0]["pull"], dvc.asked[0]["remote"]) == (True, "storage")


def test_a_stage_cannot_say_that_another_ran(project: Path) -> None:
    forged = ("Running stage 'evil':", "Running stage 'train':", "> Running stage 'prepare':", "epoch 1")
    dvc = FakeDvc(says=("Running stage 'train':", *forged))
    assert run(project, dvc, Trigger.LOCAL).figures["ran"] == {"train": 0.0}


def test_a_step_that_failed_or_was_interrupted_is_not_done(project: Path) -> None:
    told = FakeProgress()
    run(project, FakeDvc(says=SAYS, code=255), Trigger.LOCAL, progress=told)
    assert told.lines[-1] == "failed"

    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(project, FakeDvc(says=SAYS, effect=interrupt), Trigger.LOCAL, progress=told)
    assert told.lines[-1] == "interrupted"


@pytest.mark.parametrize(
    "said", ["Unable to acquire lock. Most likely another", "'b' is busy, it is being blocked by:"]
)
def test_two_runs_at_once_are_no_red_gate(project: Path, said: str) -> None:
    with pytest.raises(WorldError) as caught:
        run(project, FakeDvc(code=255, complains=said), Trigger.LOCAL)
    assert caught.value.id == "run-under-way"


@pytest.mark.parametrize("trigger", [Trigger.LOCAL, Trigger.MAIN])
def test_a_stage_that_changes_what_it_reads_is_named(project: Path, trigger: Trigger) -> None:
    """DVC records the bytes that it leaves behind, and finds nothing wrong."""

    def effect() -> None:
        (project / "b.txt").write_text("changed")
        (project / "dvc.lock").write_text(new_lock())

    found = run(project, FakeDvc(says=SAYS, effect=effect), trigger, LockAuthor.CI)
    assert statuses(found)[REPEATABLE] is Status.WARN
    said = next(each.message for each in found.findings if each.check == REPEATABLE)
    assert said.endswith(": b.txt, so another run may give another result")


def test_a_pipeline_that_is_stale_as_soon_as_it_ran_is_red(project: Path) -> None:
    """A stage wrote to what another one made, after that was recorded."""
    found = run(
        project, FakeDvc(says=SAYS, effect=lambda: (project / "a.txt").write_text("x")), Trigger.LOCAL
    )
    assert statuses(found)[REPEATABLE] is Status.FAIL
    assert "prepare: a.txt changed" in found.findings[-1].message


def test_a_file_that_was_only_linked_to_is_the_same(project: Path) -> None:
    found = run(
        project,
        FakeDvc(says=SAYS, effect=lambda: (project / "c").hardlink_to(project / "b.txt")),
        Trigger.LOCAL,
    )
    assert REPEATABLE not in statuses(found)
