"""A diff says when its numbers were made without the parameters or the sources that lie beside them."""

import os
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from hashlib import md5

import pytest
from msgspec.structs import replace

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.adapters.worktree import LinkedTree
from mlci.app.comparison.recorded import by_hand, displaced, kept
from mlci.app.side.snapshot import Snapshot, declared
from mlci.app.side.tabular import Side
from mlci.app.stages.ground import Ground
from mlci.core.config import Config, LockAuthor, Model, Task
from mlci.core.diff import Diff, Keeper, Occasion
from mlci.core.diff.findings import findings
from mlci.core.diff.json import from_json, to_json
from mlci.core.dvc.manifest import directory_hash
from mlci.core.dvc.params import read_params
from mlci.core.finding import Status
from tests.support.fakes import FakeClock, FakeProgress
from tests.support.repository import repository

PIPELINE = """stages:
  train:
    cmd: python train.py
    deps: [train.py, raw.csv]
    params: [lr, net.deep]
    outs: [model]
    metrics: [{m.json: {cache: false}}]
"""
TRAIN = "print(1)\n"
LOCK = f"""schema: '2.0'
stages:
  train:
    cmd: python train.py
    deps:
    - {{path: train.py, hash: md5, md5: {md5(TRAIN.encode()).hexdigest()}, size: 9}}
    - {{path: raw.csv, hash: md5, md5: {"0" * 32}, size: 9}}
    params:
      params.yaml: {{lr: 0.1, net.deep: 3}}
    outs:
    - {{path: m.json, hash: md5, md5: {md5(b"{}").hexdigest()}, size: 2}}
    - {{path: model, hash: md5, md5: {directory_hash({"a/w": md5(b"w").hexdigest()})}, size: 1, nfiles: 1}}
"""
CONFIG = Config(
    project="credit",
    models={"income": Model(name="income", path="model", task=Task.BINARY, predictions="p.csv")},
)
AS_RUN = {
    "dvc.yaml": PIPELINE,
    "dvc.lock": LOCK,
    "train.py": TRAIN,
    "params.yaml": "lr: 0.1\nnet: {deep: 3}\nother: 1\n",
    "raw.csv.dvc": f"outs: [{{path: raw.csv, hash: md5, md5: {'0' * 32}}}]\n",
    "m.json": "{}",
}


def told(root, changed, *, committed):
    story = repository(root / "work").commit(AS_RUN)
    story.write(changed)
    if committed and changed:
        story.commit()
    return displaced(CONFIG, side_of(story, committed=committed))


def side_of(story, *, committed):
    git = GitCli(ProcessRunner({}), story.path, {})
    commit = story.head if committed else None
    snapshot = Snapshot(git=git, files=FileTree(story.path), prefix="", commit=commit)
    return Side(snapshot=snapshot, declared=declared(snapshot))


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ()),
        ({"params.yaml": "lr: 0.2\nnet: {deep: 3}\n"}, ("params.yaml",)),
        ({"params.yaml": "lr: 0.1\nnet: {deep: 4}\n"}, ("params.yaml",)),
        ({"params.yaml": "lr: 0.1\nnet: {deep: 3}\nother: 2\n"}, ()),
        ({"params.yaml": "lr: [\n"}, ()),
        ({"train.py": "print(2)\n"}, ("train.py",)),
        ({"train.py": "print(2)\n", "params.yaml": "lr: 1\n"}, ("params.yaml", "train.py")),
        ({"raw.csv": "data, which is DVC's matter"}, ()),
        ({"m.json": '{"auc": 1.0}'}, ("m.json",)),
    ],
)
def test_what_no_stage_has_run_with_is_named(tmp_path, changed, expected, committed):
    assert told(tmp_path, changed, committed=committed) == expected


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"model/a/w": "w"}, ()),
        ({"model/a/w": "by hand"}, ("model",)),
        ({"model/a/w": "w", "model/b": "more"}, ("model",)),
    ],
)
def test_a_model_in_the_work_tree_is_held_against_the_lock(tmp_path, changed, expected):
    assert told(tmp_path, changed, committed=False) == expected


@pytest.mark.parametrize("committed", [True, False])
def test_a_lock_that_says_two_things_of_one_file_is_told(tmp_path, committed):
    read = "\n  score:\n    cmd: score\n    deps:\n    - {path: m.json, hash: md5, md5: MD5, size: 2}\n"
    pipeline = PIPELINE + "  score: {cmd: score, deps: [m.json]}\n"
    same = LOCK.rstrip() + read.replace("MD5", md5(b"{}").hexdigest())
    story = repository(tmp_path / "work").commit({**AS_RUN, "dvc.yaml": pipeline, "dvc.lock": same})
    assert side_of(story, committed=committed).declared.contradicted == ()

    story.commit({"dvc.lock": LOCK.rstrip() + read.replace("MD5", "1" * 32)})
    assert side_of(story, committed=committed).declared.contradicted == ("m.json",)


def test_tracked_data_that_no_stage_has_read_is_told(tmp_path):
    added = f"outs: [{{path: raw.csv, hash: md5, md5: {'1' * 32}}}]\n"
    story = repository(tmp_path / "work").commit({**AS_RUN, "raw.csv.dvc": added})
    assert side_of(story, committed=True).declared.contradicted == ("raw.csv",)


def test_both_are_said_of_the_file_that_they_are_about():
    diff = Diff(base=None, head=None, displaced=("m.json",), contradicted=("model",))
    found = findings(diff, Occasion.PULL_REQUEST)
    assert [(each.check, each.subject, each.status) for each in found] == [
        ("diff.recorded", "m.json", Status.WARN),
        ("diff.recorded", "model", Status.WARN),
    ]
    assert "two things" in found[1].message
    assert from_json(to_json(diff)) == diff


@pytest.mark.parametrize("committed", [True, False])
def test_a_metrics_file_that_was_committed_by_hand_breaks_a_promise(tmp_path, committed):
    story = repository(tmp_path / "work").commit(AS_RUN | {"sub/x": "1"})
    story.commit({"m.json": '{"auc": 1}', "params.yaml": "lr: 0.2\nnet: {deep: 3}\n"})
    side = side_of(story, committed=committed)
    found = displaced(CONFIG, side)
    assert found == ("m.json", "params.yaml")
    assert by_hand(CONFIG, side, found) == ("m.json",)
    of_ci = replace(CONFIG, ci=replace(CONFIG.ci, lock=LockAuthor.CI))
    assert by_hand(of_ci, side, found) == ()


def test_a_metrics_file_that_differs_in_the_work_tree_alone_promises_nothing(tmp_path):
    story = repository(tmp_path / "work").commit(AS_RUN).write({"m.json": '{"auc": 1}'})
    side = side_of(story, committed=False)
    assert (displaced(CONFIG, side), by_hand(CONFIG, side, ("m.json",))) == (("m.json",), ())


def test_what_was_committed_by_hand_is_red():
    found = Diff(base="b", head="h", by_hand=("m n.json",))
    (told,) = findings(found, Occasion.PULL_REQUEST)
    assert (told.check, told.subject, told.status) == ("diff.recorded", "m n.json", Status.FAIL)
    assert told.help == "mlci run, then git add 'm n.json' and commit it"
    assert from_json(to_json(found)) == found


@pytest.mark.parametrize(("committed", "keeper"), [("{}", {"m.json": Keeper.GIT}), ('{"auc": 1}', {})])
def test_git_puts_back_what_it_holds_as_the_lock_records_it(tmp_path, committed, keeper):
    story = repository(tmp_path / "work").commit(AS_RUN).commit({"m.json": committed})
    story.write({"m.json": '{"auc": 2}', "model/a/w": "other", "params.yaml": "lr: 9\n"})
    side = side_of(story, committed=False)
    assert kept(side, displaced(CONFIG, side)) == {"model": Keeper.DVC, **keeper}
    assert kept(side_of(story.commit(), committed=True), ("m.json",)) == {}


@pytest.mark.parametrize("path", ["m.json", "train.py"])
def test_a_file_that_git_lays_out_with_other_line_ends_is_as_it_was_committed(tmp_path, path):
    made = {"m.json": "{\n}\n", "train.py": TRAIN}
    lock = LOCK.replace(md5(b"{}").hexdigest(), md5(b"{\n}\n").hexdigest())
    ends = f"{path} text eol=crlf\n"
    story = repository(tmp_path / "work").commit(AS_RUN | made | {"dvc.lock": lock, ".gitattributes": ends})
    (story.path / path).unlink()
    story.git("checkout", "--", path)
    assert b"\r\n" in (story.path / path).read_bytes()
    for committed in (True, False):
        assert displaced(CONFIG, side_of(story, committed=committed)) == ()

    story.write({path: "other\r\n"})
    assert displaced(CONFIG, side_of(story, committed=False)) == (path,)
    story.commit()
    for committed in (True, False):
        side = side_of(story, committed=committed)
        assert displaced(CONFIG, side) == (path,)
        assert by_hand(CONFIG, side, (path,)) == ((path,) if path == "m.json" else ())


def test_parameters_are_read_once_however_many_stages_use_them(tmp_path, monkeypatch):
    names = [f"s{number}" for number in range(9)]
    stages = "stages:\n" + "".join(f"  {name}: {{cmd: x, params: [lr]}}\n" for name in names)
    ran = "".join(f"  {name}: {{cmd: x, params: {{params.yaml: {{lr: 1}}}}}}\n" for name in names)
    story = repository(tmp_path / "work").commit(
        {"dvc.yaml": stages, "dvc.lock": f"schema: '2.0'\nstages:\n{ran}", "params.yaml": "lr: 1\n"}
    )
    side, read = side_of(story, committed=True), []
    monkeypatch.setattr(
        "mlci.app.comparison.recorded.read_params", lambda *each: read.append(each) or read_params(*each)
    )
    assert (displaced(CONFIG, side), len(read)) == ((), 1)


class Later(FakeClock):
    """An hour after the files were written."""

    def now(self):
        return datetime.now(UTC) + timedelta(hours=1)


class Read(LinkedTree):
    """Notes what was read."""

    def __init__(self, root):
        super().__init__(root)
        self.read = []

    @contextmanager
    def open(self, path):
        self.read.append(path)
        with super().open(path) as stream:
            yield stream


def test_a_large_model_is_hashed_once_and_again_when_it_may_have_changed(tmp_path):
    large = b"w" * 2_000_000
    lock = LOCK.replace("size: 1, nfiles: 1", "size: 2000000, nfiles: 1").replace(
        directory_hash({"a/w": md5(b"w").hexdigest()}), directory_hash({"a/w": md5(large).hexdigest()})
    )
    assert lock != LOCK
    story = repository(tmp_path / "work").commit(AS_RUN | {"sub/x": "1", "dvc.lock": lock})
    place = story.write({"model/a/w": large}).path / "model/a/w"
    side = side_of(story, committed=False)

    def look():
        tree, files = Read(story.path), FileTree(story.path)
        ground = Ground(
            root=files, project=files, tree=tree, dvc=None, clock=Later(), progress=FakeProgress()
        )
        return displaced(CONFIG, side, lambda: ground), tree.read

    assert look() == ((), ["model/a/w"])
    assert look() == ((), [])
    before = place.stat()
    place.write_bytes(b"v" * len(large))
    os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert look() == (("model",), ["model/a/w"])
    other = place.with_name("other")
    other.write_bytes(large)
    other.replace(place)
    assert look() == ((), ["model/a/w"])
    assert displaced(CONFIG, side) == ()
