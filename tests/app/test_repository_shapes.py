"""Shapes that public repositories have and templates do not."""

import json
import os
from pathlib import Path

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.adapters.worktree import LinkedTree
from mlci.app.plan import Asked, plan
from mlci.app.side.snapshot import Declared, Snapshot, declared
from mlci.app.stages.ground import Ground
from mlci.core.dvc.forecast import Forecast
from mlci.core.dvc.stages import Cause, Standing
from mlci.errors import ConfigError
from tests.support.fakes import FakeClock, FakeDvc, FakeProgress
from tests.support.program import run_here
from tests.support.repository import Repository, repository

EMPTY = "d41d8cd98f00b204e9800998ecf8427e"
RECORD = f"hash: md5, md5: {EMPTY}"


def planned(root: Path, files: dict[str, str], dvc: FakeDvc | None = None) -> Forecast:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)
    tree = FileTree(root)
    ground = Ground(
        root=tree,
        project=tree,
        tree=LinkedTree(root),
        dvc=dvc or FakeDvc(),
        clock=FakeClock(),
        progress=FakeProgress(),
    )
    return plan(ground, Asked(remote=None if dvc is None else "storage"))


def told(story: Repository) -> Declared:
    environment = {"PATH": os.environ["PATH"]}
    git = GitCli(ProcessRunner(environment), story.path, environment)
    return declared(Snapshot(git=git, files=FileTree(story.path), prefix="", commit=story.head))


def test_a_directory_with_a_dvc_of_its_own_is_another_project(tmp_path: Path) -> None:
    found = planned(
        tmp_path,
        {
            ".dvc/config": "",
            "dvc.yaml": "stages: {own: {cmd: x}}",
            "beside/dvc.yaml": "stages: {ours: {cmd: x}}",
            "other/.dvc/config": "",
            "other/dvc.yaml": "stages: {theirs: {cmd: '${only.they.know}'}}",
            "other/deep/raw.csv.dvc": f"outs: [{{path: raw.csv, {RECORD}}}]",
        },
    )
    assert [each.name for each in found.stages] == ["own", "beside/dvc.yaml:ours"]
    assert found.absent == ()


def test_a_stage_as_dvc_0_wrote_it_is_refused_by_its_place(tmp_path: Path) -> None:
    files = {"train.dvc": "md5: 00\ncmd: python train.py\ndeps: [{path: data}]\nouts: [{path: model}]\n"}
    with pytest.raises(ConfigError) as raised:
        planned(tmp_path, files)
    assert (raised.value.id, raised.value.where) == ("dvc-stage-file", "train.dvc:2")


def test_tracked_data_alone_is_no_stage(tmp_path: Path) -> None:
    found = planned(tmp_path, {"raw/pool.dvc": f"outs: [{{path: pool, {RECORD}}}]"})
    assert not found.stale
    assert [each.path for each in found.absent] == ["raw/pool"]


def test_an_import_that_may_move_is_not_decided(tmp_path: Path) -> None:
    source = f"deps: [{{path: 'https://host.invalid/x', md5: {EMPTY}}}]\n"
    files = {
        "dvc.yaml": "stages: {use: {cmd: x, deps: [got]}, all: {cmd: x, deps: [in]}}",
        "dvc.lock": "schema: '2.0'\nstages:\n"
        f"  use: {{cmd: x, deps: [{{path: got, {RECORD}}}]}}\n"
        f"  all: {{cmd: x, deps: [{{path: in, hash: md5, md5: {EMPTY}.dir}}]}}\n",
        "got.dvc": f"{source}outs: [{{path: got, {RECORD}}}]\n",
        "in/side.dvc": f"{source}outs: [{{path: side, {RECORD}}}]\n",
    }
    moving = planned(tmp_path, files)
    assert {each.standing for each in moving.stages} == {Standing.UNKNOWN}
    frozen = planned(tmp_path, {**files, "got.dvc": f"frozen: true\n{files['got.dvc']}"})
    assert {each.name: each.standing for each in frozen.stages}["use"] is Standing.CURRENT


def test_data_older_than_what_its_file_names_is_pulled_anew(tmp_path: Path) -> None:
    """Somebody updated tracked data; here lies the version that the lock still records."""
    update = {
        "got": "",
        "got.dvc": "outs: [{path: got, hash: md5, md5: 0123456789abcdef0123456789abcdef}]",
        "dvc.yaml": "stages: {use: {cmd: x, deps: [got]}}",
        "dvc.lock": f"schema: '2.0'\nstages: {{use: {{cmd: x, deps: [{{path: got, {RECORD}}}]}}}}",
    }
    (use,) = planned(tmp_path, update).stages
    assert [each.cause for each in use.reasons] == [Cause.DEPENDENCY]
    (use,) = planned(tmp_path, {**update, "got.dvc": f"outs: [{{path: got, {RECORD}}}]"}).stages
    assert use.standing is Standing.CURRENT


def test_a_directory_with_a_part_that_was_never_made_is_not_decided(tmp_path: Path) -> None:
    files = {
        "dvc.yaml": "stages: {make: {cmd: x, outs: [all/a]}, use: {cmd: x, deps: [all]}}",
        "all/b": "",
        "dvc.lock": "schema: '2.0'\nstages: {use: {cmd: x, deps: "
        f"[{{path: all, hash: md5, md5: {EMPTY}.dir}}]}}}}",
    }
    use = planned(tmp_path, files).stages[-1]
    assert (use.name, use.standing) == ("use", Standing.UNKNOWN)


@pytest.mark.parametrize(("push", "standing"), [("false", Standing.STALE), ("true", Standing.CURRENT)])
def test_what_nobody_pushes_is_nowhere_in_a_clean_clone(
    tmp_path: Path, push: str, standing: Standing
) -> None:
    """DVC leaves such outputs out when it lists what the remote does not hold."""
    files = {
        "dvc.yaml": f"stages: {{make: {{cmd: x, outs: [{{big: {{push: {push}}}}}]}}}}",
        "dvc.lock": f"schema: '2.0'\nstages: {{make: {{cmd: x, outs: [{{path: big, {RECORD}}}]}}}}",
    }
    (made,) = planned(tmp_path, files, FakeDvc(missing=("elsewhere",))).stages
    assert made.standing is standing
    assert [each.cause for each in made.reasons] == [Cause.MISSING] * (push == "false")


def test_templates_of_metrics_and_plots_are_their_own_outputs(tmp_path: Path) -> None:
    """A path that is nothing but a template fits every output, and a data set is no metrics file."""
    pipeline = """
vars: [more.yaml, {made: {picture: out/curve.png}}]
metrics: ["${metrics.all}"]
stages:
  get:
    cmd: x
    outs: ["${data.folder}"]
    metrics: ["${metrics.get}": {cache: false}]
    plots: ["${made.picture}", "${lists[0]}"]
  each:
    foreach: [a, b]
    do: {cmd: x, outs: ["${item}.bin"], metrics: ["${metrics.folder}/${item}.json"]}
"""
    places = ("data/raw", "out/get.json", "out/curve.png", "first.csv")
    lock = "schema: '2.0'\nstages:\n  get:\n    cmd: x\n    outs:\n"
    lock += "".join(f"    - {{path: {each}, {RECORD}}}\n" for each in places)
    for each in ("a", "b"):
        lock += f"  each@{each}: {{cmd: x, outs: [{{path: {each}.bin, {RECORD}}}, "
        lock += f"{{path: out/{each}.json, {RECORD}}}]}}\n"
    story = repository(tmp_path / "work").commit(
        {
            "dvc.yaml": pipeline,
            "dvc.lock": lock,
            "params.yaml": "data: {folder: data/raw}\nmetrics: {get: out/get.json, all: all.json}\n",
            "more.yaml": "metrics: {folder: out}\nlists: [first.csv]\n",
        }
    )
    found = told(story)
    assert found.metrics == ("all.json", "out/a.json", "out/b.json", "out/get.json")
    assert found.plots == ("first.csv", "out/curve.png")


def test_a_lock_of_dvc_1_is_told_with_its_place(tmp_path: Path) -> None:
    files = {"sub/dvc.yaml": "stages: {a: {cmd: x}}", "sub/dvc.lock": "a:\n  cmd: x\n"}
    found = told(repository(tmp_path / "work").commit(files))
    (problem,) = found.problems
    assert problem.told == "sub/dvc.lock:1:1: this is a lock file of DVC 1 [dvc-lock-old]"
    assert (problem.path, problem.line) == ("sub/dvc.lock", 1)
    assert problem.help == "run `dvc repro` with DVC 2 or 3, then commit dvc.lock"


def test_an_adopted_project_keeps_its_remotes_and_is_told_of_none(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit(
        {".dvc/config": "['remote \"theirs\"']\n    url = s3://bucket/x\n[core]\n    remote = theirs\n"}
    )
    said = run_here("-C", str(story.path), "init", "--adopt", "--yes")
    assert said.code == 0, said.stderr
    assert ".dvc/storage" not in said.stdout
    assert "= .dvc/config" in said.stdout


MATRIX = """\
vars: [{seeds: [7, 42]}]
stages:
  raw: {cmd: echo 1 > raw, outs: [raw]}
  predict:
    matrix: &predicted
      llm:
        - {name: small, ie: a_b}
        - {name: "8b", ie: c}
      seed: ${seeds}
    cmd: cat raw > ${item.llm.name}_${item.llm.ie}_${item.seed}.json
    deps: [raw]
    params: [n_bootstrap, {"configs/${item.llm.name}.yaml": }]
    outs: ["${item.llm.name}_${item.llm.ie}_${item.seed}.json"]
  judge:
    matrix:
      <<: *predicted
      judge: [gpt-4.1, other]
    wdir: judged
    cmd: >-
      cat ../${item.llm.name}_${item.llm.ie}_${item.seed}.json
      > ${item.llm.name}_${item.seed}_${item.judge}
    deps: ["../${item.llm.name}_${item.llm.ie}_${item.seed}.json"]
    outs: ["${item.llm.name}_${item.seed}_${item.judge}": {cache: false}]
"""


@pytest.mark.slow
def test_a_matrix_of_mappings_with_merged_rows_is_what_dvc_makes_of_it(tmp_path: Path) -> None:
    files = {
        "mlci.yaml": "version: 1\nproject: credit\nci: {stages: {predict: {timeout: 1h}}}\n",
        "dvc.yaml": MATRIX,
        "params.yaml": "n_bootstrap: 1_000\n",
        "configs/small.yaml": "depth: 012\n",
        "configs/8b.yaml": "depth: 3\n",
        "judged/README": "",
    }
    story = repository(tmp_path / "work").with_dvc("storage").commit(files)

    def stages() -> dict[str, str]:
        told = json.loads(run_here("-C", str(story.path), "plan", "--json").stdout)
        return {each["name"]: each["standing"] for each in told["stages"]}

    listed = story.dvc("stage", "list", "--name-only").split()
    assert (sorted(stages()), len(listed)) == (sorted(listed), 1 + 4 + 8)
    story.reproduce()
    assert {*stages().values()} == {"current"}
    story.write({"configs/8b.yaml": "depth: 4\n"})
    changed = {name for name, standing in stages().items() if standing == "stale"}
    assert changed == {"predict@llm1-7", "predict@llm1-42"}
    assert changed == {*json.loads(story.dvc("status", "--json"))}
