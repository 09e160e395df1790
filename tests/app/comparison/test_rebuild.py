"""Without any remote the base is made again in a throw-away checkout, by real DVC."""

import sys

import pytest
import yaml

from mlci.adapters.dvc import DvcCli
from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.adapters.tables import PolarsTables
from mlci.app.diff import DiffRequest, diff
from mlci.core.config import Config, Margin, Model, Objective, Task
from mlci.core.context import RunContext
from mlci.core.diff import MetricVerdict
from tests.support.repository import repository

MAKE = """
import pathlib, sys
skill = float(pathlib.Path("skill.txt").read_text())
lines = ["id,y_true,y_pred,y_score"]
for each in range(400):
    truth = each % 2
    label = truth if each % 100 < 100 * skill else 1 - truth
    lines.append(f"{each},{truth},{label},{label}")
pathlib.Path("predictions.csv").write_text("\\n".join(lines) + "\\n")
pathlib.Path("model.bin").write_text(str(skill))
"""
CONFIG = Config(
    project="credit",
    models={
        "income": Model(name="income", path="model.bin", task=Task.BINARY, predictions="predictions.csv")
    },
    objectives=(Objective(metric="accuracy", may_drop=Margin(value=0.02)),),
)

pytestmark = pytest.mark.slow


@pytest.fixture
def story(tmp_path):
    story = repository(tmp_path / "work").with_dvc()
    stage = {
        "cmd": "python make.py",
        "deps": ["make.py", "data.csv", "skill.txt"],
        "outs": ["model.bin", "predictions.csv"],
    }
    story.data({"data.csv": "x\n1\n"})
    story.write({"make.py": MAKE, "skill.txt": "0.9", "dvc.yaml": yaml.safe_dump({"stages": {"all": stage}})})
    story.dvc("repro", "--quiet")
    story.commit()
    story.write({"skill.txt": "0.6"}).dvc("repro", "--quiet")
    return story.commit()


def compared(story):
    environment = {"PATH": f"{sys.exec_prefix}/bin:/usr/bin:/bin"}
    process = ProcessRunner(environment)

    def dvc_at(place):
        there = DvcCli(process, place, environment)
        there.use_cache(story.path / ".dvc/cache")
        return there

    return diff(
        DiffRequest(
            config=CONFIG,
            prefix="",
            context=RunContext(),
            git=GitCli(process, story.path, environment),
            files=FileTree(story.path),
            tables=PolarsTables(root=story.path),
            dvc=DvcCli(process, story.path, environment),
            dvc_at=dvc_at,
            base="HEAD~1",
        )
    )


def test_the_base_is_made_again(story):
    kept = story.git("show", "HEAD~1:dvc.lock")
    old = next(each for each in yaml.safe_load(kept)["stages"]["all"]["outs"] if "pred" in each["path"])[
        "md5"
    ]
    place = story.path / ".dvc/cache/files/md5" / old[:2] / old[2:]
    place.unlink()
    found = compared(story)
    (row,) = [each for each in found.metrics if each.metric == "accuracy"]
    assert row.verdict is MetricVerdict.REGRESSED
    assert (row.base, row.head) == (0.9, 0.6)
    assert found.notes[0].endswith("made again in a throw-away checkout: no DVC remote keeps it")
    assert story.git("worktree", "list").count("\n") == 0


def test_a_base_that_does_not_run_any_more_is_not_comparable(story):
    for each in (story.path / ".dvc/cache").rglob("*"):
        if each.is_file():
            each.unlink()
    (row,) = [each for each in compared(story).metrics if each.metric == "accuracy"]
    assert row.verdict is MetricVerdict.NOT_COMPARABLE
    assert "reproducing the base here failed" in row.note


def test_where_there_is_a_remote_nothing_is_made_again(story, tmp_path):
    for each in (story.path / ".dvc/cache").rglob("*"):
        if each.is_file():
            each.unlink()
    (tmp_path / "storage").mkdir()
    story.dvc("remote", "add", "--default", "storage", str(tmp_path / "storage"))
    (row,) = [each for each in compared(story).metrics if each.metric == "accuracy"]
    assert "nor on the remote" in row.note
    assert row.advice.startswith("`dvc push` on the branch that made it")


def test_a_base_that_makes_no_predictions_yet_is_not_run(story):
    lock = yaml.safe_load((story.path / "dvc.lock").read_text())
    config = yaml.safe_load((story.path / "dvc.yaml").read_text())
    for stages in (lock, config):
        (stage,) = stages["stages"].values()
        stage["outs"] = [each for each in stage["outs"] if "predictions" not in str(each)]
    kept = {name: (story.path / name).read_text() for name in ("dvc.lock", "dvc.yaml")}
    story.commit({"dvc.lock": yaml.safe_dump(lock), "dvc.yaml": yaml.safe_dump(config)})
    story.commit(kept)
    (row,) = [each for each in compared(story).metrics if each.metric == "accuracy"]
    assert "the base's pipeline does not make predictions.csv" in row.note
    assert "merge the stage" in row.advice
