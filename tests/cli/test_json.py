"""What a command answers to a program is an object that says what form it has."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mlci.app import demo
from mlci.cli.main import program
from mlci.cli.output import Output
from mlci.wiring import Settings, World
from tests.support.program import Ended, run_here
from tests.support.registry import begun
from tests.support.repository import repository

FILES = {
    "mlci.yaml": """version: 1
project: credit
models: {income: {path: models/income.skops, task: binary, predictions: p.csv}}
objectives: [{metric: auc, from: metrics.json#/auc, at_least: 0.5}]
gates: {model: }
environments: {staging: {follows: new}, prod: {needs: staging}}
""",
    "dvc.yaml": "stages: {train: {cmd: 'true', outs: [models/income.skops, p.csv]}}\n",
    "metrics.json": '{"auc": 0.9}',
    "p.csv": "id,y_true,y_pred,y_score\n1,0,0,0.1\n2,1,1,0.9\n",
}
VERSION = "income@v0.1.0"
# One way to ask each command. Whatever has no work to do here must answer all the same.
ASKED = {
    "audit": "income", "card": VERSION, "comment": "--dry-run", "completion": "bash",
    "contract suggest": "p.csv --dry-run", "demo": "", "deploy": "prod --dry-run", "diff": "",
    "doctor": "", "explain": "usage", "history": "", "init": "--dry-run", "models": "",
    "plan": "--offline", "power": "", "promote": f"{VERSION} --to prod --dry-run",
    "reconcile": "--dry-run", "register": "--dry-run", "report": "", "resolve": VERSION,
    "rollback": "staging income --dry-run", "retire": f"{VERSION} --reason r --dry-run",
    "show": VERSION, "sync": "--dry-run", "test": "", "verify": f"{VERSION} --allow-unproven",
}  # fmt: skip
MORE = ("explain", "promote --check", "audit income --full")
# What has nothing to do here is refused: the error is the answer.
REFUSED = {"lock apply": "--from-artifact .", "lock resolve": "", "run": "--stage none"}
# Its form is JSON Schema's, which has `$schema`.
FOREIGN = {"schema"}


def leaves(group: click.Group, before: str = "") -> Iterator[str]:
    context = click.Context(group)
    for name in group.list_commands(context):
        found = group.get_command(context, name)
        if isinstance(found, click.Group):
            yield from leaves(found, f"{before}{name} ")
        else:
            yield f"{before}{name}"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    desk = begun(repository(tmp_path_factory.mktemp("json") / "work"))
    desk.story.commit(FILES)
    for model in (b"first", b"second"):
        desk.merge(model).register()
        desk.reconcile()
    assert run_here("-C", str(desk.directory), "test").code in (0, 10)
    return desk.directory


def asked(project: Path, line: str) -> Ended:
    return run_here("-C", str(project), *line.split(), "--json")


def test_every_command_is_asked() -> None:
    assert {*ASKED, *REFUSED, *FOREIGN} == {*leaves(program)}


@pytest.mark.parametrize("line", [*map(" ".join, ASKED.items()), *MORE])
def test_every_answer_says_what_form_it_has(
    project: Path, line: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo, "demo", lambda stage: stage.tell("$ mlci run"))
    said = asked(project, line)
    assert said.stdout, said.stderr
    assert isinstance(json.loads(said.stdout)["schema"], int)


@pytest.mark.parametrize("line", [*map(" ".join, REFUSED.items()), "power --nonsense", "nonsense"])
def test_every_error_says_what_form_it_has(project: Path, line: str) -> None:
    said = asked(project, line)
    assert (said.code != 0, said.stdout) == (True, "")
    told = json.loads(said.stderr.splitlines()[-1])
    assert (told["schema"], told["error"]["exit"]) == (1, said.code)


def test_a_schema_is_a_document_of_its_own_kind(project: Path) -> None:
    assert json.loads(asked(project, "schema").stdout)["$schema"].startswith("https://json-schema.org/")


def test_a_card_answers_with_the_header_that_hubs_read(project: Path) -> None:
    told = json.loads(asked(project, f"card {VERSION}").stdout)
    assert {key: told[key] for key in ("schema", "model_name", "version")} == {
        "schema": 1,
        "model_name": "income",
        "version": "v0.1.0",
    }


def test_a_comment_that_is_not_posted_is_told_whole(project: Path) -> None:
    plain = run_here("-C", str(project), "comment", "--dry-run").stdout
    assert json.loads(asked(project, "comment --dry-run").stdout)["body"].strip() == plain.strip() != ""


def test_a_script_is_the_same_in_and_out_of_json() -> None:
    for shell in ("bash", "zsh", "fish"):
        told = json.loads(run_here("completion", shell, "--json").stdout)
        assert (told["shell"], told["script"]) == (shell, run_here("completion", shell).stdout)


def test_a_bare_list_is_no_answer() -> None:
    with pytest.raises(TypeError):
        Output.of(World(Settings(json=True))).document([])
