"""Beginning a project: in any directory, again, and over what stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.process import ProcessRunner
from mlci.adapters.templates import TemplateFolders
from mlci.app.init import Hands, Wish, init, is_begun
from mlci.core.plan import Change
from mlci.errors import UsageError, WorldError
from mlci.scaffold.answers import Answers
from tests.support.repository import repository


@pytest.fixture
def hands() -> Hands:
    return Hands(templates=TemplateFolders(), process=ProcessRunner(dict(os.environ)), files_at=FileTree)


def wish(directory: Path, template: str = "minimal", **changed) -> Wish:
    answers = Answers(name="credit", model="income", branch="trunk")
    return Wish(directory=directory, template=template, answers=answers, version="1.2.3", **changed)


def tree(directory: Path) -> dict[str, bytes]:
    return {path: (directory / path).read_bytes() for path in FileTree(directory).list()}


@pytest.mark.parametrize("name", ["new", "deep/down/here", "with blank's", "ünï", "-dash"])
def test_a_new_directory_becomes_a_project_in_its_own_repository(tmp_path, hands, name):
    begun = init(wish(tmp_path / name), hands)
    assert begun.repository
    assert is_begun(tmp_path / name)
    assert (tmp_path / name / ".git/HEAD").read_text() == "ref: refs/heads/trunk\n"
    assert tree(tmp_path / name) == {each.path: each.content for each in begun.plan.files}


def test_the_same_wish_gives_the_same_bytes(tmp_path, hands):
    for name in "ab":
        init(wish(tmp_path / name, "tabular-classification"), hands)
    assert tree(tmp_path / "a") == tree(tmp_path / "b")


def test_a_dry_run_writes_nothing(tmp_path, hands):
    begun = init(wish(tmp_path / "new", dry_run=True), hands)
    assert begun.plan.pending
    assert not (tmp_path / "new").exists()


def test_a_directory_with_files_is_refused_and_left_alone(tmp_path, hands):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(UsageError) as refused:
        init(wish(tmp_path), hands)
    assert refused.value.id == "directory-not-empty"
    assert "thesis.tex" in refused.value.message
    assert FileTree(tmp_path).names() == ("thesis.tex",)


def test_an_empty_clone_is_no_obstacle(tmp_path, hands):
    repository(tmp_path)
    assert not init(wish(tmp_path), hands).repository


def test_adopting_touches_no_line_that_stands(tmp_path, hands):
    theirs = {"dvc.yaml": "stages: {a: {cmd: true}}\n", ".gitignore": "*.log", "train.py": "print()\n"}
    repository(tmp_path).commit(theirs)
    begun = init(wish(tmp_path, adopt=True), hands)
    assert begun.kept == ("dvc.yaml",)
    assert {each.path for each in begun.plan.files if each.change is Change.UPDATE} == {".gitignore"}
    for path, text in theirs.items():
        assert (tmp_path / path).read_text().startswith(text)
    assert "/.mlci/" in (tmp_path / ".gitignore").read_text().splitlines()


def test_a_project_inside_a_repository_stays_below_its_directory(tmp_path, hands):
    repository(tmp_path).commit({"README.md": "a monorepo"})
    begun = init(wish(tmp_path / "services/churn"), hands)
    assert not begun.repository
    outside = {each.path for each in begun.plan.files if not each.path.startswith("services/churn/")}
    assert all("mlci" in path or path == ".gitlab-ci.yml" for path in outside)
    assert not (tmp_path / "services/churn/.git").exists()


def test_what_an_interrupted_init_left_is_completed(tmp_path, hands):
    whole = init(wish(tmp_path / "whole"), hands)
    for count in range(len(whole.plan.files)):
        half = tmp_path / f"half{count}"
        for write in whole.plan.files[:count]:
            FileTree(half).write(write.path, write.content)
        assert not half.exists() or not is_begun(half)
        init(wish(half), hands)
        assert tree(half) == tree(tmp_path / "whole")


@pytest.mark.parametrize("path", ["file", "file/below"])
def test_a_file_is_no_directory(tmp_path, path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError) as refused:
        is_begun(tmp_path / path)
    assert refused.value.id == "not-a-directory"


def test_an_unknown_template_names_those_there_are(tmp_path, hands):
    with pytest.raises(UsageError) as refused:
        init(wish(tmp_path, "tabular"), hands)
    assert refused.value.help == "choose one of: tabular-classification, minimal"


def test_a_link_that_leads_out_is_not_followed(tmp_path, hands):
    outside = tmp_path / "outside"
    outside.mkdir()
    (tmp_path / "in").mkdir()
    (tmp_path / "in/environments").symlink_to(outside)
    with pytest.raises(WorldError):
        init(wish(tmp_path / "in", adopt=True), hands)
    assert FileTree(outside).names() == ()


def test_git_that_refuses_is_quoted_and_nothing_is_written(tmp_path, hands):
    class Refusing:
        def run(self, command, on_line=None):
            done = hands.process.run(command)
            return type(done)(argv=done.argv, code=128, stdout=b"", stderr=b"fatal: no room\n", seconds=0.0)

    with pytest.raises(WorldError, match="no room") as refused:
        init(wish(tmp_path / "new"), Hands(templates=hands.templates, process=Refusing(), files_at=FileTree))
    assert refused.value.id == "git-init-failed"
    assert tree(tmp_path / "new") == {}


@pytest.mark.slow
def test_the_pipeline_runs_and_a_second_time_does_nothing(tmp_path, hands):
    init(wish(tmp_path / "credit", "tabular-classification"), hands)
    story = repository(tmp_path / "credit").commit(message="Begin")
    assert "Running stage 'evaluate'" in story.dvc("repro", "--pull")
    made = tree(story.path)
    assert "Data and pipelines are up to date" in story.dvc("repro")
    assert without_locks(tree(story.path)) == without_locks(made)
    assert set(story.git("status", "--porcelain", "--untracked-files=all").split("\n")) == {
        "?? dvc.lock",
        "?? metrics.json",
    }
    _same_bytes_when_forced(story)
    subprocess.run(
        [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"],
        cwd=story.path,
        check=True,
    )


def without_locks(files: dict[str, bytes]) -> dict[str, bytes]:
    """DVC writes its process id there."""
    return {path: content for path, content in files.items() if not path.startswith(".dvc/tmp/")}


def _same_bytes_when_forced(story) -> None:
    before = (story.path / "dvc.lock").read_bytes()
    story.dvc("repro", "--force", "--no-run-cache")
    assert (story.path / "dvc.lock").read_bytes() == before
