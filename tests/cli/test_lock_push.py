"""`mlci lock apply --push`: what a pull request's job made, committed to its branch on a real remote."""

import json
from pathlib import Path

import pytest

from tests.cli.test_lock_apply import FILES, LOCK, MADE, PIPELINE, artifact
from tests.support.program import Ended, run_here
from tests.support.repository import Link, Repository, repository


@pytest.fixture
def story(tmp_path: Path) -> Repository:
    """A pull request's head, checked out detached as a job does it."""
    work = repository(tmp_path / "work").with_dvc("storage").commit(FILES).remote()
    work.branch("faster").commit({"raw": "new"}).publish()
    return work.switch(work.head)


@pytest.fixture(autouse=True)
def job(story: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """GitLab's job for that merge request."""
    told = {
        "GITLAB_CI": "true",
        "CI_SERVER_URL": "http://127.0.0.1:1",
        "CI_MERGE_REQUEST_IID": "7",
        "CI_MERGE_REQUEST_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "faster",
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": story.head,
        "CI_JOB_URL": "http://127.0.0.1:1/jobs/9",
        "MLCI_GITLAB_TOKEN": "glpat-0123456789abcdef",
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)


def push(story: Repository, place: Path, *options: str) -> Ended:
    return run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place), "--push", *options)


def there(story: Repository, branch: str = "faster") -> str:
    return story.bare().sha(f"refs/heads/{branch}")


def test_the_lock_becomes_the_branchs_next_commit_and_nothing_here_changes(story: Repository) -> None:
    place = artifact(story, {"dvc.lock": MADE, "metrics.json": '{"auc": 1}', "train.py": "evil()"})
    ended = push(story, place, "--json")
    assert ended.code == 0, ended.stderr
    told, origin = json.loads(ended.stdout), story.bare()
    assert (told["branch"], told["pushed"]) == ("faster", there(story))
    assert origin.git("rev-list", "--count", f"{story.head}..faster") == "1"
    assert origin.git("diff", "--name-only", story.head, "faster").split() == ["dvc.lock", "metrics.json"]
    assert origin.git("show", "faster:dvc.lock") == MADE.rstrip("\n")
    assert origin.git("log", "-1", "--format=%B", "faster").rstrip() == (
        f"Bring dvc.lock up to date\n\nLock-Made-For: {story.head}\nRun: http://127.0.0.1:1/jobs/9"
    )
    assert story.git("status", "--porcelain") == ""


def test_what_a_directory_lost_is_gone_in_the_commit(story: Repository) -> None:
    story.switch("faster").commit({
        "dvc.yaml": PIPELINE.replace("[model]", "[model, {plots: {cache: false}}]"),
        "plots/old.csv": "0",
    }).publish()  # fmt: skip
    assert push(story, artifact(story, {"dvc.lock": MADE, "plots/new.csv": "1"})).code == 0
    assert story.bare().git("ls-tree", "--name-only", "faster", "plots/") == "plots/new.csv"


def test_a_file_stays_executable(story: Repository) -> None:
    (story.switch("faster").path / "metrics.json").chmod(0o755)
    story.commit().publish()
    assert push(story, artifact(story, {"dvc.lock": MADE, "metrics.json": "[1]"})).code == 0
    modes = {path: mode for mode, _, _, path in map(str.split, _listed(story))}
    assert (modes["metrics.json"], modes["dvc.lock"]) == ("100755", "100644")


def _listed(story: Repository) -> list[str]:
    return story.bare().git("ls-tree", "faster", "metrics.json", "dvc.lock").splitlines()


@pytest.mark.parametrize("options", [("--push",), ()])
@pytest.mark.parametrize(
    ("out", "there_before", "way"),
    [
        ("out/workflows/x.yml", {"out": Link(".github"), ".github/workflows/x.yml": "a"}, "out"),
        ("out/x", {"out": Link("raw")}, "out"),
        ("out/x", {"out": "a file"}, "out"),
        ("out", {"out": Link("raw")}, "out"),
        ("out/deep", {"out/deep": Link("../raw")}, "out/deep"),
    ],
)
def test_nothing_goes_through_a_link_or_takes_its_place(
    story: Repository,
    out: str,
    there_before: dict[str, str | Link],
    way: str,
    options: tuple[str, ...],
) -> None:
    declared = PIPELINE.replace("[model]", f"[model, {{{out}: {{cache: false}}}}]")
    story.switch("faster").commit({"dvc.yaml": declared, **there_before}).publish()
    place = artifact(story, {"dvc.lock": MADE, out: "evil"})
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place), *options)
    assert (ended.code, "[path-refused]" in ended.stderr) == (3, True), ended.stderr
    assert f"in the commit '{way}' is a" in ended.stderr
    assert (there(story), story.git("status", "--porcelain")) == (story.head, "")


def test_a_right_lock_is_not_committed_and_needs_no_token(
    story: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLCI_GITLAB_TOKEN")
    for files in ({}, {"dvc.lock": LOCK}):
        ended = push(story, artifact(story, files))
        assert (ended.code, "nothing to commit" in ended.stderr) == (0, True), ended.stderr
    assert there(story) == story.head


def test_a_dry_run_pushes_nothing(story: Repository) -> None:
    ended = push(story, artifact(story, {"dvc.lock": MADE}), "--dry-run")
    assert (ended.code, "update" in ended.stdout) == (0, True)
    assert there(story) == story.head


def test_who_pushed_meanwhile_is_not_overwritten(story: Repository, tmp_path: Path) -> None:
    place = artifact(story, {"dvc.lock": MADE})
    other = story.bare().clone(tmp_path / "other").switch("faster").commit({"train.py": "mine"}).publish()
    ended = push(story, place)
    assert (ended.code, "[branch-moved]" in ended.stderr) == (7, True), ended.stderr
    assert there(story) == other.head


def test_a_branch_that_was_rewound_meanwhile_is_left_there(story: Repository) -> None:
    """A push without a lease would go forward from there, and bring back what somebody took away."""
    place, before = artifact(story, {"dvc.lock": MADE}), story.sha("main")
    story.bare().git("update-ref", "refs/heads/faster", before)
    ended = push(story, place)
    assert (ended.code, "[branch-moved]" in ended.stderr) == (7, True), ended.stderr
    assert there(story) == before


@pytest.mark.parametrize("branch", ["$(touch${IFS}evil)", "-x;y"])
def test_a_branchs_name_is_one_word_of_what_is_to_be_typed(
    story: Repository, monkeypatch: pytest.MonkeyPatch, branch: str
) -> None:
    monkeypatch.setenv("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME", branch)
    story.bare().git("update-ref", f"refs/heads/{branch}", story.sha("main"))
    ended = push(story, artifact(story, {"dvc.lock": MADE}))
    assert "[branch-moved]" in ended.stderr, ended.stderr
    assert f"git pull origin 'refs/heads/{branch}'" in ended.stderr


def test_a_second_lock_for_the_same_inputs_ends_the_circle(story: Repository) -> None:
    assert push(story, artifact(story, {"dvc.lock": MADE})).code == 0
    story.git("fetch", "--quiet", "origin")
    story.switch("origin/faster")
    first = story.head
    ended = push(story, artifact(story, {"dvc.lock": MADE.replace("9001", "9002")}))
    assert (ended.code, "[lock-restless]" in ended.stderr) == (7, True), ended.stderr
    assert there(story) == first
    # A person's own commit on top has other inputs.
    story.switch("faster").git("merge", "--quiet", "--ff-only", "origin/faster")
    story.commit({"raw": "newer"}).publish()
    assert push(story, artifact(story, {"dvc.lock": MADE.replace("9001", "9002")})).code == 0


@pytest.mark.parametrize(
    ("told", "code", "word"),
    [
        ({"CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "2"}, 7, "fork-not-written"),
        ({"CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "main"}, 7, "lock-not-for-main"),
        ({"CI_MERGE_REQUEST_IID": ""}, 2, "branch-unknown"),
        ({"MLCI_GITLAB_TOKEN": ""}, 2, "forge-token-missing"),
    ],
)
def test_where_a_job_may_not_write_it_says_so(
    story: Repository, monkeypatch: pytest.MonkeyPatch, told: dict[str, str], code: int, word: str
) -> None:
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    ended = push(story, artifact(story, {"dvc.lock": MADE}))
    assert (ended.code, f"[{word}]" in ended.stderr) == (code, True), ended.stderr
    assert "help: " in ended.stderr
    assert (there(story), there(story, "main")) == (story.head, story.sha("main"))


def test_a_missing_token_is_called_by_its_name(story: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLCI_GITLAB_TOKEN")
    assert "MLCI_GITLAB_TOKEN" in push(story, artifact(story, {"dvc.lock": MADE})).stderr


def test_a_server_that_refuses_is_quoted_with_the_right_that_is_missing(story: Repository) -> None:
    hook = story.bare().path / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\necho 'protected branch hook declined' >&2\nexit 1\n")
    hook.chmod(0o755)
    ended = push(story, artifact(story, {"dvc.lock": MADE}))
    assert (ended.code, "[push-refused]" in ended.stderr) == (4, True), ended.stderr
    assert "MLCI_GITLAB_TOKEN" in ended.stderr


@pytest.mark.parametrize(("own", "waits"), [("", True), ("ghp_0123456789abcdef", False)])
def test_on_github_it_is_said_which_token_starts_a_run(
    story: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, own: str, waits: bool
) -> None:
    monkeypatch.delenv("GITLAB_CI")
    head = {"sha": story.head, "ref": "faster", "repo": {"full_name": "acme/credit"}}
    event = {"pull_request": {"number": 7, "head": head, "base": {"sha": story.sha("main")}}}
    (tmp_path / "event.json").write_text(json.dumps(event))
    told = {
        "GITHUB_ACTIONS": "true",
        "GITHUB_EVENT_NAME": "pull_request",
        "GITHUB_EVENT_PATH": str(tmp_path / "event.json"),
        "GITHUB_REPOSITORY": "acme/credit",
        "GITHUB_TOKEN": "ghs_0123456789abcdef",
        "MLCI_GITHUB_TOKEN": own,
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    ended = push(story, artifact(story, {"dvc.lock": MADE}))
    assert (ended.code, "starts no run" in ended.stderr) == (0, waits), ended.stderr
    assert there(story) != story.head


def test_at_a_desk_it_goes_to_the_branch_that_is_checked_out(
    story: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITLAB_CI")
    place = artifact(story, {"dvc.lock": MADE})
    assert "[branch-unknown]" in push(story, place).stderr
    story.switch("faster")
    assert push(story, place).code == 0
    assert there(story) != story.head
    story.git("pull", "--quiet", "--ff-only", "origin", "faster")
    assert (story.path / "dvc.lock").read_text() == MADE
