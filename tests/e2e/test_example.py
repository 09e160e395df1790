"""One whole life of the example's model, in its own generated CI, on both providers."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.story import push
from tests.support.actions import Actions
from tests.support.forge import serving
from tests.support.gitlab_local import GitLab
from tests.support.repository import Repository, repository
from tests.support.tools import BIN

pytestmark = [pytest.mark.e2e, pytest.mark.slow]
EXAMPLE = Path(__file__).parents[2] / "examples" / "credit"


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The example, reproduced once, with its outputs on a remote that is a directory."""
    place = tmp_path_factory.mktemp("example")
    work = repository(place / "work")
    shutil.copytree(EXAMPLE, work.path, dirs_exist_ok=True)
    rewrite(work.path / ".dvc" / "config", "url = storage", f"url = {place / 'storage'}")
    rewrite(work.path / "mlci.yaml", "duration: 6s", "duration: 2s")
    reproduce(work)
    return work.commit(message="Begin")


@pytest.fixture(params=[Actions, GitLab], ids=["github", "gitlab"])
def runner(request, prepared, tmp_path):
    # Actions' checkout leaves no credentials: whoever needs the remote must have been given a token.
    with serving(tmp_path / "forge", private=request.param is Actions) as forge:
        project = forge.create("acme/credit")
        push(prepared, project, "main:refs/heads/main")
        yield request.param(forge=forge, project=project, place=tmp_path / "runner")


def test_a_model_is_registered_judged_and_promoted(runner, prepared):
    project = runner.project
    first = merged(runner)
    assert first.green, first.output
    assert project.tags() == ["income#staging#1", "income@v0.1.0"]

    worse = change(prepared, runner, "worse", {"params.yaml": ("max_iter: 60", "max_iter: 2")}, stages=True)
    run = opened(runner, worse)
    assert (run.jobs["run"], run.jobs["comment"]) == ("failure", "success"), run.output
    assert run.jobs.get("mlci", "failure") == "failure", run.output
    (comment,) = worse.comments
    assert "regressed" in comment.body

    promotion = change(prepared, runner, "promote", {"environments/prod.yaml": (None, "income: v0.1.0\n")})
    run = opened(runner, promotion)
    assert run.green, run.output
    project.merge(promotion)
    run = merged(runner)
    assert run.green, run.output
    assert "income#prod#2" in project.tags()

    again = merged(runner)
    assert again.green, again.output
    assert project.tags() == ["income#prod#2", "income#staging#1", "income@v0.1.0"]


def opened(runner, pull):
    """The run that a pull request starts, whatever the provider calls it."""
    if isinstance(runner, Actions):
        return runner.pull_request(pull)["credit-pull-request"]
    return runner.merge_request(pull)


def merged(runner):
    """The run that a push to main starts."""
    return runner.push("main")["credit-main"] if isinstance(runner, Actions) else runner.push("main")


def change(work, runner, branch, edits, *, stages=False):
    """Open a pull request that puts new words for old ones, or whole files for None."""
    work.git("checkout", "--quiet", "-B", f"{branch}-{runner.project.id}", "main")
    for name, (old, new) in edits.items():
        file = work.path / name
        if old is None:
            file.write_text(new, encoding="utf-8")
        else:
            rewrite(file, old, new)
    if stages:
        reproduce(work)
    work.commit()
    push(work, runner.project, f"HEAD:refs/heads/{branch}")
    work.git("checkout", "--quiet", "main")
    return runner.project.open(branch, f"Try {branch}")


def reproduce(work: Repository) -> None:
    """Do what an author does before pushing."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    for words in (["dvc", "checkout", "--quiet"], ["dvc", "repro", "--quiet"], ["dvc", "push", "--quiet"]):
        if words[1] != "checkout" or (work.path / "dvc.lock").exists():
            subprocess.run(words, cwd=work.path, env=environment, check=True, capture_output=True)


def rewrite(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")
