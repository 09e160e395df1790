"""Every state a repository can be in, and what to type."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.adapters.worktree import LinkedTree
from mlci.app.doctor import doctor
from mlci.app.patient import Patient
from mlci.app.stages.ground import Ground
from mlci.core.config import (
    Ci,
    CommentBy,
    Config,
    Environment,
    LockAuthor,
    Model,
    Objective,
    Remotes,
    ReportSettings,
    Task,
)
from mlci.core.context import RunContext, Trigger
from mlci.core.finding import Finding, Status
from mlci.errors import ConfigError, MlciError, UsageError, WorldError
from mlci.ports.process import Command
from tests.support.fakes import FakeClock, FakeDvc, FakeProgress
from tests.support.registry import begun
from tests.support.repository import repository


def raising(error: MlciError):
    def ask():
        raise error

    return ask


def ground(directory: Path) -> Ground:
    files = FileTree(directory)
    return Ground(
        root=files,
        project=files,
        tree=LinkedTree(directory),
        dvc=FakeDvc(),
        clock=FakeClock(),
        progress=FakeProgress(),
    )


def patient(directory: Path, **parts) -> Patient:
    process = ProcessRunner(os.environ)
    python = SimpleNamespace(executable=Path("python"), probe=lambda: {"python": "3.12.1"})
    known = {
        "process": process,
        "context": RunContext,
        "repository": lambda: GitCli(process, directory, os.environ),
        "project": lambda: SimpleNamespace(config=Config(project="credit"), prefix=""),
        "files": lambda: FileTree(directory),
        "ground": lambda: ground(directory),
        "dvc": lambda: FakeDvc(remote="storage"),
        "user_python": lambda: python,
        "after_push": str,
        "command": lambda *argv: Command(argv=argv, cwd=directory, timeout=30.0),
    }
    return Patient(**{**known, **parts})


def found(directory: Path, **parts) -> Mapping[str, Finding]:
    return {each.subject: each for each in doctor(patient(directory, **parts))}


@pytest.fixture
def cloned(tmp_path: Path):
    repository(tmp_path / "origin").commit({"a.txt": "1"}).commit({"a.txt": "2"})
    clone = repository(tmp_path / "home")
    clone.git("clone", "--quiet", "--depth", "1", (tmp_path / "origin").as_uri(), str(tmp_path / "shallow"))
    clone.git("clone", "--quiet", str(tmp_path / "origin"), str(tmp_path / "clone"))
    return tmp_path


def test_a_healthy_clone_is_all_green(cloned: Path) -> None:
    assert {
        each.subject: each.help for each in found(cloned / "clone").values() if each.status is Status.FAIL
    } == {}
    assert [each.subject for each in found(cloned / "clone").values() if each.status is Status.WARN] == []


@pytest.mark.parametrize(
    ("remote", "after_push", "status", "said"),
    [
        ("prs", str, Status.PASS, "on GitLab the variable MLCI_GITLAB_TOKEN"),
        (None, str, Status.WARN, "the next run trains again"),
        ("prs", raising(UsageError("this step has no X", id="forge-token-missing")), Status.WARN, "no X"),
    ],
)
def test_a_lock_that_ci_commits_needs_a_token_and_a_place_for_its_data(
    cloned: Path, remote: str | None, after_push: Callable[[], str], status: Status, said: str
) -> None:
    config = Config(project="credit", ci=Ci(lock=LockAuthor.CI), remotes=Remotes(pull_request=remote))
    project = SimpleNamespace(config=config, prefix="")
    told = found(cloned / "clone", project=lambda: project, after_push=after_push)["lock"]
    assert (told.status, said in told.message) == (status, True), told.message
    assert "lock" not in found(cloned / "clone")


def test_outside_of_any_repository(tmp_path: Path) -> None:
    assert found(tmp_path)["repository"].status is Status.FAIL
    assert found(tmp_path)["repository"].help


def test_no_commits_yet(tmp_path: Path) -> None:
    repository(tmp_path / "new")

    assert "no commits" in found(tmp_path / "new")["repository"].message


def test_bare(cloned: Path) -> None:
    repository(cloned / "tool").git(
        "clone", "--quiet", "--bare", str(cloned / "origin"), str(cloned / "bare.git")
    )

    finding = found(cloned / "bare.git")["repository"]
    assert finding.status is Status.FAIL
    assert "bare" in finding.message


def test_shallow(cloned: Path) -> None:
    finding = found(cloned / "shallow")["history"]

    assert finding.status is Status.WARN
    assert finding.help == "git fetch --unshallow --tags"


def test_detached_matters_at_a_desk_and_not_in_ci(tmp_path: Path) -> None:
    repository(tmp_path / "work").commit({"a.txt": "1"}).git("switch", "--quiet", "--detach")

    assert found(tmp_path / "work")["branch"].status is Status.WARN
    in_ci = RunContext(trigger=Trigger.PULL_REQUEST)
    assert found(tmp_path / "work", context=lambda: in_ci)["branch"].status is Status.PASS


def test_lightweight_tags_that_look_like_versions(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"a.txt": "1"})
    story.git("tag", "income@v1.0.0")
    story.git("tag", "release-1")

    finding = found(tmp_path / "work")["tags"]
    assert finding.message.startswith("1 lightweight")
    assert finding.help == "git tag --delete 'income@v1.0.0', then mlci register"


@pytest.mark.parametrize("annotated", [False, True])
def test_a_lightweight_tag_is_never_annotated_by_hand(tmp_path: Path, annotated: bool) -> None:
    story = repository(tmp_path / "work").commit({"a.txt": "1"})
    story.git("tag", *(["-a", "-m", "x"] if annotated else []), "income@v1.0.0")
    story.remote().git("tag", "--force", "income@v1.0.0", "HEAD")

    advice = str(found(tmp_path / "work")["tags"].help)

    assert (advice == "git fetch --tags --force origin") is annotated
    assert ("git push origin ':refs/tags/income@v1.0.0'" in advice) is not annotated


def test_what_a_killed_write_left_is_named_with_its_remedy(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"a": "1"})
    assert "leftovers" not in found(story.path)
    story.write({"environments/.mlci-0123456789abcdef.tmp": "half", "notes.tmp": "mine"})
    left = found(story.path)["leftovers"]
    assert (left.status, left.help) == (Status.WARN, "rm environments/.mlci-0123456789abcdef.tmp")


def test_no_remote(tmp_path: Path) -> None:
    repository(tmp_path / "work").commit({"a.txt": "1"})

    assert found(tmp_path / "work")["remote"].help == "git remote add origin URL"


def test_a_remote_that_is_gone_and_a_main_that_was_never_fetched(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"a.txt": "1"})
    story.git("remote", "add", "origin", str(tmp_path / "gone"))

    all_found = found(tmp_path / "work")
    assert all_found["remote"].status is Status.WARN
    assert all_found["main"].help == "git fetch origin +refs/heads/main:refs/remotes/origin/main"


def test_a_branch_that_is_nowhere_would_start_no_ci(tmp_path: Path) -> None:
    repository(tmp_path / "origin", branch="master").commit({"a.txt": "1"}).clone(tmp_path / "work")

    main = found(tmp_path / "work")["main"]
    assert main.status is Status.WARN
    assert "main, for which CI runs, was found neither here nor on origin" in main.message
    assert "`branch: master`" in (main.help or "")


def test_a_wrong_configuration_is_counted_and_does_not_stop_the_rest(cloned: Path) -> None:
    wrong = ConfigError("2 problems", id="configuration-invalid", problems=("a", "b"))

    all_found = found(cloned / "clone", project=raising(wrong))

    assert all_found["configuration"].status is Status.FAIL
    assert all_found["configuration"].message.startswith("2 problems")
    assert all_found["main"].status is Status.PASS
    assert all_found["user-python"].status is Status.PASS


def test_a_broken_environment_of_the_user(cloned: Path) -> None:
    wrong = WorldError("there is no .venv/bin/python", id="x", help="python3 -m venv .venv")

    finding = found(cloned / "clone", user_python=raising(wrong))["user-python"]

    assert (finding.status, finding.help) == (Status.FAIL, "python3 -m venv .venv")


def test_without_a_dvc_remote_nothing_can_be_registered(cloned: Path) -> None:
    finding = found(cloned / "clone", dvc=lambda: SimpleNamespace(remotes=list))["data"]

    assert (finding.status, finding.help) == (Status.WARN, "dvc remote add --default storage URL")


def test_a_remote_that_the_configuration_names_must_be_there(cloned: Path) -> None:
    config = Config(project="credit", remotes=Remotes(read="storage", pull_request="storage-pr"))

    finding = found(cloned / "clone", project=lambda: SimpleNamespace(config=config, prefix=""))["data"]

    assert (finding.status, finding.help) == (Status.FAIL, "dvc remote add storage-pr URL")


def test_cml_is_looked_for_only_where_it_is_asked_for(cloned: Path) -> None:
    config = Config(project="credit", report=ReportSettings(comment=CommentBy.CML))

    assert "cml" not in found(cloned / "clone")
    assert (
        found(cloned / "clone", project=lambda: SimpleNamespace(config=config, prefix=""))["cml"].status
        is Status.FAIL
    )


def test_a_silent_remote_is_told_from_a_forgotten_push(cloned: Path) -> None:
    silent = FakeDvc(missing=["model.skops"], silent="PermissionError: Forbidden")
    forgotten = FakeDvc(missing=["model.skops"])
    said = [found(cloned / "clone", dvc=lambda dvc=dvc: dvc)["data"].message for dvc in (silent, forgotten)]
    assert said == [
        "the remote storage cannot be read: PermissionError: Forbidden",
        "the remote storage does not hold model.skops",
    ]


@pytest.mark.parametrize(
    ("file", "content", "status", "said"),
    [
        ("prod.yaml", "income: v0.1.0\n", Status.PASS, "prod, in this order"),
        ("prod.yaml", "incme: v0.1.0\n", Status.FAIL, "environments/prod.yaml:1:1: "),
        ("prod.yaml", "income: latest\n", Status.FAIL, "environments/prod.yaml:1:9: "),
        ("prd.yaml", "income: v0.1.0\n", Status.WARN, "environments/prd.yaml belongs to no environment"),
    ],
)
def test_a_broken_or_misnamed_environment_file_is_told(
    tmp_path: Path, file: str, content: str, status: Status, said: str
) -> None:
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / file).write_text(content)
    income = Model(name="income", path="m", task=Task.BINARY)
    environments = {"prod": Environment(name="prod")}
    config = Config(project="credit", models={"income": income}, environments=environments)
    finding = found(tmp_path, project=lambda: SimpleNamespace(config=config, prefix=""))["environments"]
    assert (finding.status, said in finding.message) == (status, True), finding.message


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("income: v9.0.0\n", "environments/prod.yaml asks for income v9.0.0, which was never registered"),
        ("", "environments/prod.yaml is empty, yet prod runs income"),
        (None, "environments/prod.yaml does not exist, yet prod runs income"),
        ("income: v0.1.0\n", ""),
    ],
)
def test_what_reconcile_would_refuse_is_told(tmp_path: Path, content: str | None, said: str) -> None:
    desk = begun(repository(tmp_path / "work")).merge(b"one")
    desk.register()
    desk.merge(staging="income: v0.1.0\n").reconcile()
    desk.merge(prod="income: v0.1.0\n").reconcile()
    desk.story.write({"environments/prod.yaml": content})
    told = found(desk.directory, project=lambda: SimpleNamespace(config=desk.config, prefix=""))
    finding = told["environments"]
    assert (finding.status is Status.WARN, said in finding.message) == (bool(said), True), finding.message
    desk.merge(prod="" if content is None else content)
    assert [each.message for each in desk.reconcile(write=False).refusals] == (
        [said.replace("does not exist", "is empty")] if said else []
    )


@pytest.mark.parametrize(
    ("pipeline", "status", "said"),
    [
        ("stages: {a: {cmd: x, deps: [b.txt], outs: [a.txt]}, b: {cmd: x, deps: [a.txt], outs: [b.txt]}}",
         Status.FAIL, "in a circle: 'a' -> 'b' -> 'a'"),
        ("stages: {a: {cmd: x, deps: [a.txt], outs: [a.txt]}}", Status.FAIL, "which it makes itself"),
        ("stages: {a: {cmd: x, outs: [c]}, b: {cmd: x, outs: [c]}}", Status.FAIL, "'c' is an output of both"),
        ("stages: {a: {cmd: x, outs: [c]}, b: {cmd: x, deps: [c]}}", Status.PASS, "2 stages"),
        ("stages: {}", Status.PASS, "no stages"),
    ],
)  # fmt: skip
def test_a_pipeline_that_no_plan_could_be_made_of_is_told(
    tmp_path: Path, pipeline: str, status: Status, said: str
) -> None:
    repository(tmp_path).commit({"dvc.yaml": pipeline})
    finding = found(tmp_path)["pipeline"]
    assert (finding.status, said in finding.message) == (status, True), finding.message


@pytest.mark.parametrize(
    ("objective", "status", "said"),
    [
        (Objective(metric="f1"), Status.PASS, "1 objective that can be measured"),
        (Objective(metric="f2", where="mlci.yaml:9:5"), Status.FAIL, "mlci.yaml:9:5: 'f2' is not a metric"),
        (Objective(metric="rmse", where="mlci.yaml:9:5"), Status.FAIL, "is not for binary models"),
        (Objective(metric="p95", source="m.json#/serve/p95"), Status.PASS, "1 objective"),
        (Objective(metric="p95", source="m.json#/p95"), Status.FAIL, "m.json#/p95 stands nowhere"),
        (Objective(metric="p95", source="load.json#/p95"), Status.WARN, "load.json is not here"),
    ],
)
def test_objectives_that_cannot_be_measured(tmp_path: Path, objective, status, said) -> None:
    (tmp_path / "m.json").write_text('{"serve": {"p95": 3}}')
    income = Model(name="income", path="model.bin", task=Task.BINARY)
    config = Config(project="credit", models={"income": income}, objectives=(objective,))
    finding = found(tmp_path, project=lambda: SimpleNamespace(config=config, prefix=""))["objectives"]
    assert finding.status is status
    assert said in finding.message
    assert (finding.help is None) is (status is Status.PASS)


@pytest.mark.parametrize(
    ("others", "current", "advised"),
    [
        (["master", "develop"], "feat", "master"),
        (["develop", "trunk", "x"], "feat", "trunk"),
        (["x", "develop"], "feat", "develop"),
        (["stable"], "feat", "stable"),
        ([], "feat", "feat"),
        (["feat-2", "feat-3"], "feat", "BRANCH"),
        (["x"], "master", "master"),
        (["x"], None, "x"),
    ],
)
def test_the_branch_that_is_advised_is_no_feature_of_somebody(
    tmp_path: Path, others: list[str], current: str | None, advised: str
) -> None:
    story = repository(tmp_path / "work", branch=current or "gone").commit({"a.txt": "1"})
    for each in others:
        story.git("branch", each)
    if current is None:
        story.git("switch", "--quiet", "--detach")
        story.git("branch", "--delete", "--force", "gone")

    assert f"`branch: {advised}`" in (found(story.path)["main"].help or "")


def test_what_origin_calls_its_head_is_advised_before_all_others(tmp_path: Path) -> None:
    story = repository(tmp_path / "origin", branch="stable").commit({"a.txt": "1"})
    story.git("branch", "master")
    story.clone(tmp_path / "work").git("switch", "--quiet", "--create", "feat")

    assert "`branch: stable`" in (found(tmp_path / "work")["main"].help or "")
