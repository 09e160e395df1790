"""Reproducing with real DVC: what finished stays finished, and what is planted is not believed."""

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.support.program import child_environment, run_mlci
from tests.support.repository import Repository, repository

pytestmark = pytest.mark.slow

PIPELINE = """
stages:
  one: {cmd: "echo one >> log && cat raw.txt > one.txt", deps: [raw.txt], outs: [one.txt]}
  two:
    cmd: "echo two >> log && touch begun && sh two.sh && cat one.txt > two.txt"
    deps: [one.txt]
    outs: [two.txt]
  three: {cmd: "echo three >> log && cat two.txt > three.txt", deps: [two.txt], outs: [three.txt]}
"""
FILES = {
    "mlci.yaml": "version: 1\nproject: credit\n",
    ".gitignore": ".mlci/\nlog\nbegun\n",
    "raw.txt": "raw\n",
    "two.sh": "echo no such column; exit 3\n",
    "dvc.yaml": PIPELINE,
}


@pytest.fixture
def story(tmp_path: Path) -> Repository:
    return repository(tmp_path / "work").with_dvc().commit(FILES)


def log(story: Repository) -> list[str]:
    return (story.path / "log").read_text().split()


def pipeline_evidence(story: Repository) -> dict:
    return json.loads((story.path / ".mlci/evidence/pipeline.json").read_text())


def test_after_a_failure_only_what_is_left_runs(story: Repository) -> None:
    failed = run_mlci("run", "--stage", "three", cwd=story.path)
    assert failed.code == 10, failed.stderr
    (finding,) = pipeline_evidence(story)["findings"]
    assert finding["message"].startswith("the stage two failed with exit code 3")
    assert "1 stage finished and will not run again" in finding["message"]
    assert "no such column" not in finding["message"]
    assert "no such column" in (story.path / ".mlci/report/pipeline.log").read_text()
    story.write({"two.sh": "true\n"})
    mended = run_mlci("run", "--stage", "three", cwd=story.path)
    assert mended.code == 0, mended.stdout + mended.stderr
    assert log(story) == ["one", "two", "two", "three"]
    assert set(pipeline_evidence(story)["figures"]["ran"]) == {"two", "three"}


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_after_an_interruption_only_what_is_left_runs(story: Repository) -> None:
    story.write({"two.sh": "sleep 60\n"})
    argv = [sys.executable, "-m", "mlci", "run", "--stage", "three"]
    with subprocess.Popen(argv, cwd=story.path, env=child_environment(), stderr=subprocess.PIPE) as child:
        deadline = time.monotonic() + 60
        while not (story.path / "begun").exists() and time.monotonic() < deadline:
            time.sleep(0.1)
        child.send_signal(signal.SIGINT)
        child.communicate(timeout=30)
    assert child.returncode == 130
    story.write({"two.sh": "true\n"})
    again = run_mlci("run", "--stage", "three", cwd=story.path)
    assert again.code == 0, again.stdout + again.stderr
    assert log(story) == ["one", "two", "two", "three"]


def test_a_removed_input_is_red(tmp_path: Path) -> None:
    made = {"dvc.yaml": "stages: {one: {cmd: cat raw.txt > one.txt, deps: [raw.txt], outs: [one.txt]}}"}
    story = repository(tmp_path / "work").with_dvc("storage").commit({**FILES, **made}).reproduce(push=True)
    clone = story.clone(tmp_path / "clone")
    clone.commit({"raw.txt": None})
    assert "up to date" in clone.dvc("repro", "--pull"), "DVC has learned: ARCHITECTURE.md says otherwise"
    ended = run_mlci("run", cwd=clone.path)
    assert ended.code == 10, ended.stdout
    assert "raw.txt" in ended.stdout


def test_a_planted_run_cache_entry_is_not_believed_on_main(story: Repository) -> None:
    """A run-cache entry says what a command gave; nothing in it proves that the command ever ran."""
    story.write({"two.sh": "true\n", "mlci.yaml": "version: 1\nproject: credit\nci: {lock: ci}\n"})
    assert run_mlci("run", "--stage", "three", cwd=story.path).code == 0
    _plant(story.path / ".dvc/cache", b"evil\n")
    for each in ("dvc.lock", "one.txt", "two.txt", "three.txt"):
        (story.path / each).unlink()
    story.commit({})
    story.branch("feature")
    feature = run_mlci("run", "--stage", "three", cwd=story.path)
    assert (story.path / "one.txt").read_text() == "evil\n", "DVC has learned: this test proves nothing now"
    assert feature.code == 0
    story.git("clean", "--quiet", "-fdx", "--exclude=.dvc/cache")
    story.git("checkout", "--quiet", "--force", "main")
    ci = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
    run_mlci("run", "--stage", "three", cwd=story.path, environment={**ci, "GITHUB_SHA": story.head})
    assert (story.path / "one.txt").read_text() == "raw\n"


CI_ON_MAIN = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}


@pytest.mark.parametrize("lock", ["author", "ci"])
def test_main_publishes_what_its_lock_names(tmp_path: Path, lock: str) -> None:
    """In a clean clone, with a stage that is current and so is not needed there."""
    config = f"version: 1\nproject: credit\nremotes: {{read: storage, write: public}}\nci: {{lock: {lock}}}\n"
    files = {**FILES, "two.sh": "true\n", "mlci.yaml": config}
    story = (
        repository(tmp_path / "work")
        .with_dvc("storage", "public")
        .commit(files)
        .reproduce(push=True)
        .remote()
    )
    clone = story.clone(tmp_path / "clone")
    ended = run_mlci("run", cwd=clone.path, environment={**CI_ON_MAIN, "GITHUB_SHA": clone.head})
    assert ended.code == 0, ended.stdout + ended.stderr
    found = {each["check"]: each["status"] for each in pipeline_evidence(clone)["findings"]}
    assert found["pipeline.published"] == "pass"
    lying = (tmp_path / "work-public/files/md5").glob("*/*")
    assert {each.read_text() for each in lying} == {"raw\n"}


def test_the_lock_of_a_pull_request_is_committed_once_and_then_nothing_runs(tmp_path: Path) -> None:
    """The run after the commit takes what the first one made from the pull requests' remote."""
    remotes = "remotes: {read: storage, pull_request: prs}\nci: {lock: ci}\n"
    files = {**FILES, "two.sh": "true\n", "mlci.yaml": f"version: 1\nproject: credit\n{remotes}"}
    story = repository(tmp_path / "work").with_dvc("storage", "prs").commit(files).reproduce(push=True)
    story.remote().branch("faster").commit({"raw.txt": "new\n"}).publish()

    def job(name: str) -> Repository:
        """The two jobs of the branch's newest commit, on the same machine."""
        clone = story.bare().clone(tmp_path / name).switch("origin/faster")
        told = {
            "GITLAB_CI": "true",
            "CI_MERGE_REQUEST_IID": "7",
            "CI_MERGE_REQUEST_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "faster",
            "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": clone.head,
            "CI_MERGE_REQUEST_DIFF_BASE_SHA": story.sha("main"),
        }
        ran = run_mlci("run", cwd=clone.path, environment=told)
        assert ran.code == 0, ran.stdout + ran.stderr
        token = {**told, "MLCI_GITLAB_TOKEN": "glpat-0123456789abcdef"}
        # Another job has another clone, into which the first one's artifact is put.
        other = story.bare().clone(tmp_path / f"{name}-lock").switch(clone.head)
        shutil.copytree(clone.path / ".mlci", other.path / ".mlci", dirs_exist_ok=True)
        done = run_mlci(
            "lock", "apply", "--from-artifact", ".mlci", "--push", cwd=other.path, environment=token
        )
        assert done.code == 0, done.stderr
        return clone

    first = job("first")
    assert set(pipeline_evidence(first)["figures"]["ran"]) == {"one", "two", "three"}
    (told,) = (each for each in pipeline_evidence(first)["findings"] if each["check"] == "pipeline.lock")
    assert (told["status"], "the workflow's job `lock` commits it" in told["message"]) == ("warn", True)
    second = job("second")
    assert second.git("rev-parse", "HEAD~1") == first.head
    assert pipeline_evidence(second)["figures"]["ran"] == {}
    found = {each["check"]: each["status"] for each in pipeline_evidence(second)["findings"]}
    assert found == {"pipeline.reproduced": "pass", "pipeline.lock": "pass"}
    assert story.bare().sha("faster") == second.head


def test_a_poisoned_directory_is_told_when_something_else_is_missing(tmp_path: Path) -> None:
    """DVC believes an object that it finds read-only, and lays it out though the whole pull failed."""
    made = "mkdir -p parts && echo a > parts/a.txt && echo b > parts/b.txt && echo other > other.txt"
    remotes = "remotes: {read: storage, pull_request: prs}\nci: {lock: ci}\n"
    files = {
        "mlci.yaml": f"version: 1\nproject: credit\n{remotes}",
        ".gitignore": ".mlci/\n",
        "dvc.yaml": f'stages: {{make: {{cmd: "{made}", outs: [parts, other.txt]}}}}\n',
    }
    story = repository(tmp_path / "work").with_dvc("storage", "prs").commit(files).reproduce()
    story.dvc("push", "--quiet", "--remote", "prs")

    def kept(content: bytes) -> Path:
        name = hashlib.md5(content).hexdigest()
        return tmp_path / "work-prs/files/md5" / name[:2] / name[2:]

    kept(b"a\n").chmod(0o644)
    kept(b"a\n").write_text("evil\n")
    kept(b"a\n").chmod(0o444)
    kept(b"other\n").unlink()
    clone = story.clone(tmp_path / "clone")
    ci = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_IID": "7"}
    ended = run_mlci(
        "run", cwd=clone.path, environment={**ci, "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": clone.head}
    )
    found = {each["check"]: each["status"] for each in pipeline_evidence(clone)["findings"]}
    assert (ended.code, found) == (10, {"pipeline.remote": "fail"}), ended.stdout
    assert "parts/a.txt" in ended.stdout


def test_a_lock_that_ci_made_is_taken_committed_and_then_right(tmp_path: Path) -> None:
    """A stale main is red, hands over what it made, and is green and published once that is committed."""
    files = {**FILES, "two.sh": "true\n", "mlci.yaml": "version: 1\nproject: credit\nci: {lock: ci}\n"}
    story = repository(tmp_path / "work").with_dvc("storage").commit(files).reproduce(push=True)
    story.commit({"raw.txt": "new\n"}).remote()

    def job(name: str) -> tuple[Repository, int]:
        clone = story.clone(tmp_path / name)
        ended = run_mlci("run", cwd=clone.path, environment={**CI_ON_MAIN, "GITHUB_SHA": clone.head})
        return clone, ended.code

    red, code = job("red")
    assert code == 10
    taken = run_mlci("lock", "apply", "--from-artifact", str(red.path / ".mlci"), cwd=story.path)
    assert taken.code == 0
    after = "git add dvc.lock && git commit; its data: dvc pull --remote storage"
    assert taken.stderr == f"look at it first: git diff; then: {after}\n"
    assert story.git("status", "--porcelain") == " M dvc.lock"
    story.commit().publish()
    green, code = job("green")
    assert code == 0
    assert {each["check"]: each["status"] for each in pipeline_evidence(green)["findings"]} == {
        "pipeline.reproduced": "pass",
        "pipeline.lock": "pass",
        "pipeline.published": "pass",
    }
    name = hashlib.md5(b"new\n").hexdigest()
    assert (tmp_path / "work-storage/files/md5" / name[:2] / name[2:]).exists()


def _plant(cache: Path, content: bytes) -> None:
    """Make the run cache say that the first stage gave other bytes."""
    name = hashlib.md5(content).hexdigest()
    place = cache / "files/md5" / name[:2] / name[2:]
    place.parent.mkdir(exist_ok=True)
    place.write_bytes(content)
    for entry in (cache / "runs").rglob("*"):
        if entry.is_file():
            document = yaml.safe_load(entry.read_text())
            if document["outs"][0]["path"] == "one.txt":
                document["outs"][0].update(md5=name, size=len(content))
                entry.chmod(0o644)
                entry.write_text(yaml.safe_dump(document))
