"""A lock from a job's artifact: taken for the commit it was made from, and nothing else with it."""

import json
from pathlib import Path

import pytest

from mlci.adapters.files import FileTree
from mlci.app.handed import hand_over
from mlci.core import evidence
from mlci.core.evidence import Evidence
from mlci.core.strictjson import JsonValue
from tests.support.program import run_here
from tests.support.repository import Link, Repository, repository

PIPELINE = """\
stages:
  train: {cmd: x, deps: [raw], outs: [model], metrics: [{metrics.json: {cache: false}}]}
"""
LOCK = "schema: '2.0'\nstages:\n  train: {cmd: x}\n"
MADE = (
    "schema: '2.0'\nstages:\n  train: {cmd: x, outs: [{path: model, hash: md5,"
    " md5: 900150983cd24fb0d6963f7d28e17f72}]}\n"
)
FILES = {
    "mlci.yaml": "version: 1\nproject: credit\nci: {lock: ci}\n",
    "dvc.yaml": PIPELINE,
    "dvc.lock": LOCK,
    "metrics.json": "{}",
    "raw": "x",
    "train.py": "print()",
}


@pytest.fixture
def story(tmp_path: Path) -> Repository:
    return repository(tmp_path / "work").with_dvc("storage").commit(FILES)


def artifact(
    story: Repository,
    files: dict[str, str | Link],
    commit: str | None = None,
    published: str | None = None,
    emptied: tuple[JsonValue, ...] = (),
) -> Path:
    place = story.path.parent / "artifact"
    (place / ".mlci/evidence").mkdir(parents=True, exist_ok=True)
    figures: dict[str, JsonValue] = {"published": published} if published else {}
    figures["emptied"] = [*emptied]
    found = Evidence(gate="pipeline", commit=commit or story.head, findings=(), figures=figures)
    (place / ".mlci/evidence/pipeline.json").write_text(evidence.to_json(found))
    left = Repository(place)
    left.write({f".mlci/lock/{path}": content for path, content in files.items()})
    return place


def test_only_what_the_pipeline_leaves_to_git_is_written(story: Repository) -> None:
    brought = {"dvc.lock": MADE, "metrics.json": '{"auc": 1}', "train.py": "evil()"}
    place = artifact(story, brought)
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place), "--json")
    assert ended.code == 0, ended.stderr
    assert json.loads(ended.stdout)["files"] == [
        {"path": "dvc.lock", "change": "update"},
        {"path": "metrics.json", "change": "update"},
    ]
    assert story.git("status", "--porcelain").split() == ["M", "dvc.lock", "M", "metrics.json"]
    assert (story.path / "dvc.lock").read_text() == MADE
    assert "git add dvc.lock metrics.json && git commit" in ended.stderr


@pytest.mark.parametrize(
    ("owner", "path", "options"),
    [
        ("CI", ".GitHub/workflows/ci.yml", ("--push",)),
        ("CI", ".github/workflows/ci.yml", ()),
        ("CI", ".GitLab-CI.yml", ()),
        ("CI", "Jenkinsfile", ()),
        ("CI", "bitbucket-pipelines.YML", ()),
        ("DVC", ".DVC/config", ()),
        ("DVC", "raw.DVC", ()),
        ("DVC", "DVC.yaml", ("--push",)),
        ("DVC", "x/dvc.lock", ()),
        ("mlci", "mlci.yaml", ()),
        ("mlci", "sub/MLCI.yaml", ()),
        ("Git", "x/.GitAttributes", ()),
        ("a tool", ".env", ()),
    ],
)
def test_what_is_not_a_jobs_by_its_name_is_refused(
    story: Repository, owner: str, path: str, options: tuple[str, ...]
) -> None:
    evil = f"  evil: {{cmd: x, outs: [{{{path}: {{cache: false}}}}]}}\n"
    story.commit({"dvc.yaml": PIPELINE + evil}).branch("evil")
    place = artifact(story, {"dvc.lock": MADE, path: "version: 1"})
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place), *options)
    assert (ended.code, story.git("status", "--porcelain")) == (7, ""), ended.stdout + ended.stderr
    assert (
        f"'{path}': by its name it is {owner}'s, whatever dvc.yaml calls it [not-for-a-job]" in ended.stderr
    )


@pytest.mark.parametrize("out", ["sub", "src"])
def test_nor_is_it_taken_or_removed_as_a_part_of_a_directory(story: Repository, out: str) -> None:
    evil = f"  evil: {{cmd: x, outs: [{{{out}: {{cache: false}}}}]}}\n"
    story.commit({"dvc.yaml": PIPELINE + evil, "src/data.dvc": "outs: []"})
    place = artifact(story, {"dvc.lock": MADE, "sub/dvc.yaml": "stages: {}", "src/x": "1"})
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert (ended.code, story.git("status", "--porcelain")) == (7, ""), ended.stdout + ended.stderr
    assert "it is DVC's" in ended.stderr


@pytest.mark.parametrize(
    "path", ["train.py", "Train.py", "src/a.py", "environments/prod.yaml", "Environments/Prod.yaml"]
)
def test_what_people_write_is_refused_whatever_dvc_yaml_calls_it(story: Repository, path: str) -> None:
    out = "src" if path.startswith("src/") else path
    evil = f"  evil: {{cmd: x, outs: [{{{out}: {{cache: false}}}}]}}\n"
    environments = "environments: {prod: {}}\n"
    story.commit({
        "dvc.yaml": PIPELINE.replace("[raw]", "[raw, train.py, src/a.py]") + evil,
        "mlci.yaml": FILES["mlci.yaml"] + environments,
    })  # fmt: skip
    place = artifact(story, {"dvc.lock": MADE, path: "version: 1"})
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert (ended.code, story.git("status", "--porcelain")) == (7, ""), ended.stdout + ended.stderr
    assert "which is not for a job to write [not-for-a-job]" in ended.stderr


def test_a_lock_below_that_stands_beside_a_pipeline_is_taken(story: Repository) -> None:
    story.commit({"sub/dvc.yaml": "stages: {s: {cmd: x, outs: [{mydvc.lock: {cache: false}}]}}"})
    place = artifact(story, {"sub/dvc.lock": "schema: '2.0'\n", "sub/mydvc.lock": "[not a lock"})
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert ended.code == 0, ended.stderr
    assert (story.path / "sub/mydvc.lock").read_text() == "[not a lock"


@pytest.mark.parametrize("path", ["dvc.lock", "metrics.json", "dvc.yaml"])
def test_what_is_not_committed_is_not_replaced(story: Repository, path: str) -> None:
    place = artifact(story, {"dvc.lock": MADE, "metrics.json": '{"auc": 1}'})
    story.write({path: FILES[path] + "\n"})
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert ended.code == 7, ended.stdout
    assert "[uncommitted-changes]" in ended.stderr
    assert "git stash" in ended.stderr
    assert (story.path / path).read_text() == FILES[path] + "\n"


def test_a_directory_that_git_keeps_is_handed_over_file_by_file(story: Repository) -> None:
    story.commit({"dvc.yaml": PIPELINE.replace("[model]", "[model, {plots: {cache: false}}]")})
    place = artifact(story, {"dvc.lock": MADE, "plots/a/roc.csv": "1"})
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert ended.code == 0, ended.stderr
    assert (story.path / "plots/a/roc.csv").read_text() == "1"
    assert "git diff" in ended.stderr


def test_what_a_directory_that_git_keeps_has_lost_goes(story: Repository) -> None:
    story.commit({"dvc.yaml": PIPELINE.replace("[model]", "[model, {plots: {cache: false}}]")})
    story.commit({"plots/old.csv": "0", "plots/a/roc.csv": "0", "plots/link": Link("old.csv"), "plotsy": "0"})
    place = artifact(story, {"dvc.lock": MADE, "plots/a/roc.csv": "1"})
    story.write({"plots/old.csv": "mine"})
    refused = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert (refused.code, "[uncommitted-changes]" in refused.stderr) == (7, True)
    story.git("checkout", "plots/old.csv")
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert ended.code == 0, ended.stderr
    changed = {path: what for what, path in map(str.split, story.git("status", "--porcelain").splitlines())}
    assert changed == {"dvc.lock": "M", "plots/a/roc.csv": "M", "plots/old.csv": "D"}


def test_a_directory_that_lost_all_goes_and_one_that_is_not_brought_stays(story: Repository) -> None:
    kept = "[model, {plots: {cache: false}}, {tables: {cache: false}}]"
    story.commit({"dvc.yaml": PIPELINE.replace("[model]", kept), "plots/a/b": "0", "tables/a": "0"})
    place = artifact(story, {"dvc.lock": MADE}, emptied=("plots", "train.py", "src", 7))
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert ended.code == 0, ended.stderr
    assert story.git("status", "--porcelain").split() == ["M", "dvc.lock", "D", "plots/a/b"]


@pytest.mark.parametrize("options", [("--push",), ()])
@pytest.mark.parametrize(
    ("before", "brought", "said"),
    [
        ("plots/a.csv", "plots", "is a directory in the commit, and the job made a file of it"),
        ("plots", "plots/a.csv", "is a file in the commit, and the job made a directory of it"),
    ],
)
def test_an_output_that_changed_its_kind_is_named(
    story: Repository, before: str, brought: str, said: str, options: tuple[str, ...]
) -> None:
    declared = PIPELINE.replace("[model]", "[model, {plots: {cache: false}}]")
    story.commit({"dvc.yaml": declared, before: "0"}).branch("other")
    place = artifact(story, {"dvc.lock": MADE, brought: "1"})
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place), *options)
    assert (ended.code, story.git("status", "--porcelain")) == (7, "")
    assert f"the output 'plots' {said} [output-kind-changed]" in ended.stderr


def test_what_is_too_large_is_left_and_told_but_never_the_lock(
    story: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlci.app.handed.LARGEST", 200)
    place = artifact(story, {"dvc.lock": MADE, "metrics.json": " " * 201, "train.py": " " * 201})
    (place / ".mlci/report").mkdir()
    (place / ".mlci/report/diff.json").write_text("no diff")
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert ended.code == 0, ended.stderr
    assert story.git("status", "--porcelain") == " M dvc.lock"
    assert "not taken: .mlci/lock/metrics.json is larger than" in ended.stderr
    story.git("checkout", "dvc.lock")
    monkeypatch.setattr("mlci.app.handed.LARGEST", 100)
    refused = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert (refused.code, story.git("status", "--porcelain")) == (3, "")


@pytest.mark.parametrize(("published", "told"), [("storage", True), ("$(evil)", False), (None, False)])
def test_the_data_is_said_to_be_where_the_job_pushed_it(
    story: Repository, published: str | None, told: bool
) -> None:
    place = artifact(story, {"dvc.lock": MADE}, published=published)
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert ended.code == 0, ended.stderr
    assert ("; its data: dvc pull --remote storage" in ended.stderr) is told
    assert "evil" not in ended.stderr


def test_what_cannot_be_handed_over_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mlci.app.handed.LARGEST", 4)
    Repository(tmp_path).write({"dvc.lock": "x", "plots/a": "1", "plots/b": "2", "big": "12345"})
    (tmp_path / "empty/deep").mkdir(parents=True)
    copies = hand_over(FileTree(tmp_path), ["dvc.lock", "plots", "big", "none", "empty"])
    (said,) = copies.left
    assert copies.emptied == ("empty",)
    assert said.startswith("big is larger than")
    assert [*FileTree(tmp_path).list(".mlci/lock")] == [
        f".mlci/lock/{each}" for each in ("dvc.lock", "plots/a", "plots/b")
    ]


def test_a_dry_run_and_a_second_run_change_nothing(story: Repository) -> None:
    place = artifact(story, {"dvc.lock": MADE})
    again = ("-C", str(story.path), "lock", "apply", "--from-artifact", str(place / ".mlci"))
    assert "update" in run_here(*again, "--dry-run").stdout
    assert story.git("status", "--porcelain") == ""
    assert run_here(*again).code == 0
    second = run_here(*again)
    assert (second.code, second.stderr) == (0, "")
    assert "keep" in second.stdout


def test_an_artifact_of_changes_that_were_not_committed_is_called_so(story: Repository) -> None:
    place = artifact(story, {"dvc.lock": MADE}, f"{story.head}+changes")
    said = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert said.code == 7
    assert f"changes to {story.head[:10]} that were not committed [artifact-of-another" in said.stderr
    assert f"{place.name}/.mlci/lock" in said.stderr


@pytest.mark.parametrize(
    ("files", "commit", "code", "word"),
    [
        ({"dvc.lock": MADE}, "b" * 40, 7, "artifact-of-another-commit"),
        ({}, None, 7, "lock-not-handed"),
        ({"train.py": "evil()"}, None, 7, "lock-not-handed"),
        ({"dvc.lock": "train: {cmd: x}\n"}, None, 2, "dvc-lock-old"),
        ({"dvc.lock": "<<<<<<< HEAD\n"}, None, 2, "conflict-marker"),
        ({"dvc.lock": Link("/etc/passwd")}, None, 3, "path-refused"),
    ],
)
def test_what_is_no_lock_of_this_commit_is_refused(
    story: Repository, files: dict[str, str | Link], commit: str | None, code: int, word: str
) -> None:
    place = artifact(story, files, commit)
    ended = run_here("-C", str(story.path), "lock", "apply", "--from-artifact", str(place))
    assert (ended.code, ended.stdout) == (code, "")
    assert f"[{word}]" in ended.stderr
    assert "help: " in ended.stderr
    assert story.git("status", "--porcelain") == ""
