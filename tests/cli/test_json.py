"""What a command answers to a program is an object that says what form it has."""

import json
from pathlib import Path

import pytest

from mlci.cli.output import Output
from mlci.wiring import Settings, World
from tests.support.program import run_here
from tests.support.repository import repository

FILES = {
    "mlci.yaml": """version: 1
project: credit
models: {income: {path: model.bin, task: binary, predictions: p.csv}}
objectives: [{metric: auc, from: metrics.json#/auc, at_least: 0.5}]
gates: {model: }
environments: {prod: }
""",
    "dvc.yaml": "stages: {train: {cmd: 'true', outs: [model.bin, p.csv]}}\n",
    "metrics.json": '{"auc": 0.9}',
    "p.csv": "id,y_true,y_pred,y_score\n1,0,0,0.1\n2,1,1,0.9\n",
    "model.bin": "1",
}
READING = [
    ("plan", "--offline"), ("test",), ("report",), ("comment", "--dry-run"), ("diff",), ("power",),
    ("doctor",), ("models",), ("history",), ("explain",), ("explain", "usage"), ("init", "--dry-run"),
    ("deploy", "prod", "--dry-run"),
]  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    story = repository(tmp_path_factory.mktemp("json") / "work").commit(FILES).remote()
    assert run_here("-C", str(story.path), "test").code in (0, 10)
    return story.path


@pytest.mark.parametrize("words", READING, ids=" ".join)
def test_every_answer_says_what_form_it_has(project: Path, words: tuple[str, ...]) -> None:
    said = run_here("-C", str(project), *words, "--json")
    assert isinstance(json.loads(said.stdout)["schema"], int), said.stderr


def test_a_bare_list_is_no_answer() -> None:
    with pytest.raises(TypeError):
        Output.of(World(Settings(json=True))).document([])
