"""How commands are declared."""

import json

import click
import pytest

from mlci.cli.main import program
from mlci.cli.output import Output
from mlci.cli.verb import verb, verbs
from mlci.wiring import World
from tests.support.program import run_here

LONG = f"mlci contract suggest {'x' * 80}.csv --json"


@verb("mlci contract suggest data.csv", LONG)
@click.argument("path")
def suggest(world: World, out: Output, path: str) -> int:
    """Write a contract from data."""
    out.answer({"path": path, "project": world.settings.project}, path)
    return 6


@pytest.fixture
def contract(monkeypatch: pytest.MonkeyPatch) -> None:
    group = verbs("Work on contracts.", suggest)
    known = program.get_command
    monkeypatch.setattr(
        program, "get_command", lambda ctx, name: group if name == "contract" else known(ctx, name)
    )


@pytest.mark.usefixtures("contract")
@pytest.mark.parametrize(
    "arguments",
    [
        ("--json", "--project", "a", "contract", "suggest", "x.csv"),
        ("contract", "--json", "--project", "a", "suggest", "x.csv"),
        ("contract", "suggest", "x.csv", "--json", "--project", "a"),
        ("--project", "b", "contract", "suggest", "--project", "a", "x.csv", "--json"),
    ],
    ids=" ".join,
)
def test_shared_options_reach_a_command_below_a_command(arguments: tuple[str, ...]) -> None:
    said = run_here(*arguments)

    assert json.loads(said.stdout) == {"schema": 1, "path": "x.csv", "project": "a"}
    assert said.code == 6


@pytest.mark.usefixtures("contract")
def test_a_command_that_holds_others_shows_their_examples() -> None:
    said = run_here("contract", "--help")

    assert "  $ mlci contract suggest data.csv\n" in said.stdout
    assert f"  $ {LONG}\n" in said.stdout
    assert "suggest  Write a contract from data." in said.stdout
