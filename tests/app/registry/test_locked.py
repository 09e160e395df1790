"""What the locks of a commit say, in one `dvc.yaml` and in several."""

import os

import pytest

from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.registry.locked import data_of, layout_at, locked_at, tracked_at
from mlci.core.config import Config, Model, Task
from tests.support.repository import repository

CONFIG = Config(
    project="credit",
    models={
        "income": Model(
            name="income", path="models/income.skops", task=Task.BINARY, predictions="reports/rows.parquet"
        )
    },
)


def lock(deps, outs):
    def entries(paths):
        return "".join(f"    - path: {each}\n      hash: md5\n      md5: {'ab' * 16}\n" for each in paths)

    return (
        f"schema: '2.0'\nstages:\n  train:\n    cmd: x\n    deps:\n{entries(deps)}    outs:\n{entries(outs)}"
    )


@pytest.fixture
def story(tmp_path):
    return repository(tmp_path / "work")


def read(story, prefix=""):
    git = GitCli(ProcessRunner(os.environ), story.path, os.environ)
    layout = layout_at(git, prefix, story.head)
    (locked,) = locked_at(git, prefix, [story.head], layout)
    return locked, data_of(locked, tracked_at(git, prefix, story.head, layout), CONFIG)


def test_data_is_what_stages_hand_on_and_what_dvc_tracks_and_never_code_or_models(story):
    tracked = "outs:\n- md5: " + "cd" * 16 + "\n  hash: md5\n  path: raw.csv\n"
    deps = ["src/train.py", "data/train.parquet", "models/income.skops", "reports/rows.parquet", "s3://b/x"]
    outs = ["data/train.parquet", "models/income.skops", "reports/rows.parquet"]
    story.commit({"dvc.lock": lock(deps, outs), "data/raw.csv.dvc": tracked})

    assert [*read(story)[1]] == ["data/raw.csv", "data/train.parquet", "s3://b/x"]


@pytest.mark.parametrize("prefix", ["", "services/churn"])
def test_several_pipelines_are_one_lock(story, prefix):
    top = f"{prefix}/" if prefix else ""
    files = {
        f"{top}training/dvc.lock": lock(["../data/a.csv"], ["../models/income.skops"]),
        f"{top}dvc.lock": lock(["x.py"], ["data/a.csv"]),
    }
    story.commit(files)

    locked, data = read(story, prefix)

    assert locked.holding("models/income.skops")[0] == "models/income.skops"
    assert [*data] == ["data/a.csv"]
    before = locked.digest
    story.commit({f"{top}training/dvc.lock": lock(["../data/b.csv"], ["../models/income.skops"])})
    assert read(story, prefix)[0].digest != before


def test_no_lock_and_a_broken_one_are_none(story):
    story.commit({"dvc.lock": "stages: ["})
    git = GitCli(ProcessRunner(os.environ), story.path, os.environ)
    assert locked_at(git, "", [story.head]) == [None]
    story.commit({"dvc.lock": None, "a.txt": "1"})
    assert locked_at(git, "", [story.head]) == [None]
