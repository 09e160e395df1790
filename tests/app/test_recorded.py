"""A diff says when its numbers were made without the parameters or the sources that lie beside them."""

from hashlib import md5

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.recorded import displaced
from mlci.app.snapshot import Snapshot, declared
from mlci.app.tabular import Side
from mlci.core.config import Config
from tests.support.repository import repository

PIPELINE = """stages:
  train:
    cmd: python train.py
    deps: [train.py, raw.csv]
    params: [lr, net.deep]
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
"""
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
    git = GitCli(ProcessRunner({}), story.path, {})
    commit = story.head if committed else None
    snapshot = Snapshot(git=git, files=FileTree(story.path), prefix="", commit=commit)
    return displaced(Config(project="credit"), Side(snapshot=snapshot, declared=declared(snapshot)))


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
    ],
)
def test_what_no_stage_has_run_with_is_named(tmp_path, changed, expected, committed):
    assert told(tmp_path, changed, committed=committed) == expected
