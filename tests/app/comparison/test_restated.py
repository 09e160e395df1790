"""Stages that changed, as `dvc.yaml` declares them and as the locks record them."""

import random
from itertools import pairwise

import pytest
import yaml

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.adapters.tables import PolarsTables
from mlci.app.comparison import restated
from mlci.app.diff import DiffRequest, diff
from mlci.core.config import Config
from mlci.core.context import RunContext
from mlci.core.diff import Move, Occasion
from mlci.core.diff.findings import RECORDED, findings
from mlci.core.diff.json import from_json, to_json
from mlci.core.finding import Status
from mlci.core.report.compose import rest
from tests.support.repository import repository

TRAIN = {"cmd": "train", "deps": ["train.py"], "params": ["lr"], "outs": ["model"]}


class Empty:
    """DVC with a cache in which nothing lies."""

    def __init__(self, path):
        self.path = path

    def cache_dir(self):
        return self.path


class Place:
    """A repository of pipelines, and what their stages changed between two commits."""

    def __init__(self, tmp_path):
        self.story = repository(tmp_path / "work")

    def commit(self, stages=None, lock=None, **files):
        """Commit a `dvc.yaml` of stages, or of a text, with its lock and files `name_ending`."""
        text = stages if isinstance(stages, str) else yaml.safe_dump({"stages": stages or {}})
        locked = None if lock is None else yaml.safe_dump({"schema": "2.0", "stages": lock})
        named = {name.replace("_", "."): content for name, content in files.items()}
        self.story.commit({"dvc.yaml": text, "dvc.lock": locked, **named})
        return self.story.head

    def diff(self, base, head=None):
        environment = {"PATH": "/usr/bin:/bin"}
        process = ProcessRunner(environment)
        request = DiffRequest(
            config=Config(project="credit"),
            prefix="",
            context=RunContext(),
            git=GitCli(process, self.story.path, environment),
            files=FileTree(self.story.path),
            tables=PolarsTables(root=self.story.path),
            dvc=Empty(self.story.path / "cache"),
            base=base,
            head=head,
        )
        return diff(request)

    def rows(self, base, head=None):
        """Name, move and reasons of each stage, a star before the name of what has not run."""
        found = self.diff(base, head)
        assert from_json(to_json(found)) == found
        return [("*" * each.pending + each.name, each.move.value, *each.because) for each in found.stages]


def record(path):
    return {"path": path, "hash": "md5", "md5": "0" * 32, "size": 1}


def lock(stage, lr=0.1):
    """What a stage leaves that has run."""
    return {
        "cmd": stage["cmd"],
        "deps": [record(each) for each in stage.get("deps", ())],
        "params": {"params.yaml": dict.fromkeys(stage.get("params", ()), lr)},
        "outs": [record(each) for each in stage.get("outs", ())],
    }


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"cmd": "train --fast"}, ("command",)),
        ({"deps": ["train.py", "data.csv"]}, ("data.csv",)),
        ({"params": ["lr", "width"]}, ("params.yaml:width",)),
        ({"params": ["lr", {"other.yaml": None}]}, ("other.yaml",)),
        ({"outs": ["model", "plot.png"]}, ("plot.png",)),
        ({"cmd": "t", "outs": ["m"]}, ("command", "m", "model")),
    ],
)
def test_what_a_stage_declares_is_told_without_a_run(place, change, because):
    base = place.commit({"train": TRAIN}, {"train": lock(TRAIN)}, params_yaml="{lr: 0.1, width: 2}")
    head = place.commit({"train": TRAIN | change}, {"train": lock(TRAIN)}, other_yaml="a: 1")
    assert place.rows(base, head) == [("*train", "changed", *because)]
    assert place.rows(base) == place.rows(base, head)
    (told,) = [
        each for each in findings(place.diff(base, head), Occasion.PULL_REQUEST) if each.check == RECORDED
    ]
    assert (told.subject, told.status, told.help) == ("train", Status.WARN, "mlci run")
    assert ", ".join(because) in told.message


@pytest.mark.parametrize(
    ("change", "because"),
    [
        ({"deps": []}, ("train.py",)),
        ({"params": []}, ("params.yaml:lr",)),
        ({"outs": [{"model": {"cache": False}}]}, ("model",)),
        ({"frozen": True, "cmd": "never"}, ("command", "frozen")),
        ({"always_changed": True}, ("always_changed",)),
        ({"wdir": "."}, ()),
        ({"desc": "what it does"}, ()),
    ],
)  # fmt: skip
def test_what_no_run_would_do_anything_about_waits_for_none(place, change, because):
    base = place.commit({"train": TRAIN}, {"train": lock(TRAIN)}, params_yaml="lr: 0.1")
    head = place.commit({"train": TRAIN | change}, {"train": lock(TRAIN)})
    assert place.rows(base, head) == ([("train", "changed", *because)] if because else [])


def test_a_change_that_ran_is_told_once(place):
    base = place.commit({"train": TRAIN}, {"train": lock(TRAIN)}, params_yaml="lr: 0.1")
    other = TRAIN | {"cmd": "train --fast"}
    head = place.commit({"train": other}, {"train": lock(other, lr=0.2)}, params_yaml="lr: 0.2")
    assert place.rows(base, head) == [("train", "changed", "command", "params.yaml:lr")]


def test_a_stage_that_came_or_went_and_a_record_that_did(place):
    base = place.commit({"train": TRAIN}, {"train": lock(TRAIN), "left": lock(TRAIN)}, params_yaml="lr: 0.1")
    score = {"cmd": "score"}
    head = place.commit({"score": score}, {"train": lock(TRAIN)})
    assert place.rows(base, head) == [("left", "removed"), ("*score", "added"), ("train", "removed")]
    ran = place.commit({"score": score}, {"score": lock(score)})
    assert place.rows(head, ran) == [("score", "changed", "dvc.lock"), ("train", "removed")]
    assert place.rows(base, ran) == [("left", "removed"), ("score", "added"), ("train", "removed")]


def test_a_parameter_that_a_stage_did_not_run_with_is_told_beside_the_stage_and_warned_of_once(place):
    base = place.commit({"train": TRAIN}, {"train": lock(TRAIN)}, params_yaml="{lr: 0.1, unused: 1}")
    head = place.commit({"train": TRAIN}, {"train": lock(TRAIN)}, params_yaml="{lr: 0.2, unused: 2}")
    assert place.rows(base, head) == [("*train", "changed", "params.yaml:lr")]
    found = [
        each for each in findings(place.diff(base, head), Occasion.PULL_REQUEST) if each.check == RECORDED
    ]
    assert [each.subject for each in found] == ["params.yaml"]


def below(stage, path="params.yaml", *, lr=0.1, now=0.1):
    """A pipeline in a directory whose stage ran with one value of a file, which now says another."""
    ran = {"train": {"cmd": stage["cmd"], "params": {path: {"lr": lr}}}}
    return {
        "sub/dvc.yaml": yaml.safe_dump({"stages": {"train": stage}}),
        "sub/dvc.lock": yaml.safe_dump({"schema": "2.0", "stages": ran}),
        f"sub/{path}": f"lr: {now}",
    }


def warned(place, base, head=None):
    told = findings(place.diff(base, head), Occasion.PULL_REQUEST)
    return [each.subject for each in told if each.check == RECORDED]


@pytest.mark.parametrize("path", ["params.yaml", "a:b.yaml"])
def test_a_parameter_of_a_pipeline_in_a_directory_is_warned_of_once(place, path):
    stage = {"cmd": "train", "params": [{path: ["lr"]}]}
    place.commit()
    base = place.story.commit(below(stage, path)).head
    head = place.story.commit(below(stage, path, now=0.2)).head
    assert place.rows(base, head) == [("*sub/train", "changed", f"sub/{path}:lr")]
    assert warned(place, base, head) == warned(place, base) == [f"sub/{path}"]


def test_a_stage_in_a_directory_is_told_whatever_became_of_the_same_name_above_it(place):
    stage = {"cmd": "train", "params": ["lr"]}
    place.commit({"train": TRAIN}, {"train": lock(TRAIN)}, params_yaml="{lr: 0.1}")
    base = place.story.commit(below(stage)).head
    place.story.commit(below(stage | {"params": ["lr", "width"]}))
    head = place.commit({"train": TRAIN}, {"train": lock(TRAIN)}, params_yaml="{lr: 0.2}")
    assert place.rows(base, head) == [
        ("*sub/train", "changed", "sub/params.yaml:width"),
        ("*train", "changed", "params.yaml:lr"),
    ]
    assert warned(place, base, head) == ["params.yaml", "sub/train"]


def test_paths_of_a_stage_are_told_from_the_project_where_it_runs_elsewhere(place):
    inside = TRAIN | {"wdir": "src"}
    base = place.commit({"train": inside}, {"train": lock(inside)})
    place.story.commit({"src/params.yaml": "lr: 0.1"})
    other = inside | {"deps": ["../data.csv"]}
    head = place.commit({"train": other}, {"train": lock(inside, lr=0.3)})
    assert place.rows(base, head) == [("*train", "changed", "data.csv", "src/train.py", "src/params.yaml:lr")]


def test_a_whole_file_is_compared_once_however_many_stages_use_it(place, monkeypatch):
    names = [f"s{number}" for number in range(30)]
    stages = {name: {"cmd": "x", "params": [{"params.yaml": None}]} for name in names}
    base = place.commit(stages, params_yaml="".join(f"k{each}: 1\n" for each in range(30)))
    head = place.commit(stages, params_yaml="".join(f"k{each}: {1 + (each == 7)}\n" for each in range(30)))
    looked = []

    class Values(dict):
        """Notes who asks for a key."""

        def get(self, key, default=None):
            looked.append(key)
            return super().get(key, default)

    read = restated.read_params
    monkeypatch.setattr(restated, "read_params", lambda *each: Values(read(*each)))
    rows = place.rows(base, head)
    assert rows == [(f"*{name}", "changed", "params.yaml:k7") for name in sorted(names)]
    assert len(looked) == 2 * 30


FOREACH = (
    "vars: [{fast: true}]\nstages:\n  one:\n    foreach: ${models}\n    do: {cmd: 'run ${item} ${fast}'}\n"
)
MATRIX = "stages:\n  one:\n    matrix: {a: [1, 2]}\n    cmd: run ${item.a}\n    vars: [own.yaml]\n"


def test_a_template_that_stands_for_something_else_is_told(place):
    ran = {f"one@{each}": {"cmd": f"run {each} true"} for each in "xy"}
    base = place.commit(FOREACH, ran, params_yaml="models: [x, y]")
    head = place.commit(FOREACH, ran, params_yaml="models: [y, z]")
    assert place.rows(base, head) == [("one@x", "removed"), ("*one@z", "added")]
    other = place.commit(FOREACH.replace("true", "false"), ran)
    assert place.rows(head, other) == [("*one@y", "changed", "command"), ("*one@z", "changed", "command")]
    written = place.commit(
        FOREACH.replace("{fast: true}", "{fast: true, more: 1}"), ran, params_yaml="models: [x, y]"
    )
    assert place.rows(base, written) == []


def test_an_escaped_template_is_what_dvc_records_of_it(place):
    base = place.commit({"a": {"cmd": "x"}}, {"a": {"cmd": "x"}})
    head = place.commit({"a": {"cmd": "x \\${HOME}"}}, {"a": {"cmd": "x ${HOME}"}})
    assert place.rows(base, head) == [("a", "changed", "command")]


def test_a_file_of_variables_for_one_stage_is_looked_into(place):
    text = MATRIX.replace("${item.a}", "${item.a} ${seed}")
    base = place.commit(text, own_yaml="seed: 1")
    head = place.commit(text, own_yaml="seed: 2")
    assert place.rows(base, head) == [("*one@1", "changed", "command"), ("*one@2", "changed", "command")]


def test_templates_that_stand_for_nothing_are_a_problem_of_head_and_a_note_of_base(place):
    ran = {"one@x": {"cmd": "run x true"}}
    base = place.commit(FOREACH, ran, params_yaml="models: [x]")
    head = place.commit(FOREACH, {"one@x": {"cmd": "run x false"}}, params_yaml="model: [x]")
    said = "dvc.yaml: the templates cannot be resolved: there is no value of 'models'"
    found = place.diff(base, head)
    assert found.problems == (said,)
    assert [(each.name, each.because) for each in found.stages] == [("one@x", ("command",))]
    assert f"in the base, {said}" in place.diff(head, base).notes
    assert not place.diff(head, base).problems


@pytest.mark.parametrize("file", ["dvc.yaml", "dvc.lock"])
def test_of_a_file_that_cannot_be_read_no_stage_is_told_as_gone(place, file):
    base = place.commit({"train": TRAIN}, {"train": lock(TRAIN)}, params_yaml="lr: 0.1")
    place.story.commit({file: "a: [\n"})
    found = place.diff(base, place.story.head)
    assert (found.stages, len(found.problems)) == ((), 1)


def test_pipelines_in_directories_are_told_with_their_place(place):
    base = place.commit()
    below = yaml.safe_dump({"stages": {"train": {"cmd": "x", "deps": ["a"]}}})
    place.story.commit({"sub/dvc.yaml": below})
    assert place.rows(base, place.story.head) == [("*sub/train", "added")]


def test_every_report_says_why_and_what_has_not_run(place):
    base = place.commit({"train": TRAIN}, {"train": lock(TRAIN)}, params_yaml="lr: 0.1")
    head = place.commit({"train": TRAIN | {"cmd": "t"}, "new": {"cmd": "n"}}, {"train": lock(TRAIN)})
    (section,) = [each for each in rest(place.diff(base, head)) if each and each.title == "Pipeline"]
    told = ["".join(span.text for span in item.text) for item in section.blocks[0].items]
    assert told == [
        "new added (declared, not run yet)", "train changed: command (declared, not run yet)",
    ]  # fmt: skip


def _random(chance):
    """A pipeline of a few stages, with a lock of some of them."""
    stages, locked = {}, {}
    for name in "abcd":
        if chance.random() < 0.7:
            stage = {"cmd": chance.choice("xy"), "deps": chance.sample(["p", "q", "r"], chance.randint(0, 2))}
            stage["params"] = chance.choice([[], ["lr"], ["lr", "w"], [{"params.yaml": None}]])
            stage["outs"] = [f"{name}{each}" for each in chance.sample("12", chance.randint(0, 1))]
            stages[name] = stage
    for name, stage in stages.items():
        if chance.random() < 0.7:
            used = [each for each in stage["params"] if isinstance(each, str)]
            locked[name] = lock(stage | {"params": used}, lr=chance.choice([1, 2]))
    if chance.random() < 0.5:
        stages["t"] = {
            "foreach": chance.choice(["${models}", ["x", "y"]]),
            "do": {"cmd": "run ${item} ${lr}"},
        }
    models = chance.choice(["[x]", "[x, y]", "[y, z]"])
    return stages, locked, f"{{lr: {chance.choice([1, 2])}, w: {chance.choice([1, 2])}, models: {models}}}"


def test_nothing_differs_from_itself_and_the_way_back_is_the_mirror_of_the_way_there(place):
    turned = {Move.ADDED: Move.REMOVED, Move.REMOVED: Move.ADDED, Move.CHANGED: Move.CHANGED}
    chance, told = random.Random(7), 0
    commits = []
    for _ in range(25):
        stages, locked, params = _random(chance)
        commits.append(place.commit(stages, locked or None, params_yaml=params))
    for base, head in pairwise(commits):
        assert place.diff(base, base).stages == ()
        there, back = place.diff(base, head).stages, place.diff(head, base).stages
        assert [(each.name, each.move, each.because) for each in there] == [
            (each.name, turned[each.move], each.because) for each in back
        ]
        told += len(there)
    assert told > 60


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("prefix", ["", "sub/"])
def test_how_dvc_writes_options_is_a_part_of_the_command(tmp_path, committed, prefix):
    place = Place(tmp_path)
    stages = {"train": {"cmd": "run ${options}"}}
    lock = {"train": {"cmd": "run --lr 1"}}
    files = {"params.yaml": "options: {lr: 1, fast: false}\n"}
    texts = {"dvc.yaml": yaml.safe_dump({"stages": stages}), **files}
    texts["dvc.lock"] = yaml.safe_dump({"schema": "2.0", "stages": lock})
    place.story.commit({".dvc/config": "[core]\n", **{prefix + name: text for name, text in texts.items()}})
    base = place.story.head
    assert place.rows(base, base) == []
    place.story.write({".dvc/config": "[parsing]\n    bool = boolean_optional\n"})
    if committed:
        place.story.commit()
    name = f"{prefix}train"
    assert place.rows(base, place.story.head if committed else None) == [(f"*{name}", "changed", "command")]
