"""The group: what it lists, what it takes, how its messages look."""

import json
from pathlib import Path

import click
import pytest

from mlci import __version__, cli
from mlci.cli.main import program
from mlci.cli.verb import Option, Verb, Verbs
from tests.support.program import run_here, run_mlci

CONTEXT = click.Context(program, info_name="mlci")
NAMES = program.list_commands(CONTEXT)


def every_verb() -> list[tuple[str, Verb]]:
    found = []
    for name in NAMES:
        command = program.get_command(CONTEXT, name)
        assert isinstance(command, Verb)
        below = command.commands.items() if isinstance(command, Verbs) else ()
        found += [(name, command), *((f"{name} {each}", verb) for each, verb in below)]
    return found


VERBS = every_verb()


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_its_place_in_the_help(name: str) -> None:
    assert any(name in names for names in cli.SECTIONS.values())


@pytest.mark.parametrize(("name", "verb"), VERBS, ids=[name for name, _ in VERBS])
def test_every_command_says_what_it_does_and_shows_how(name: str, verb: Verb) -> None:
    assert verb.help
    assert verb.examples
    assert any(f"mlci {name}" in example for example in verb.examples)


@pytest.mark.parametrize("name", ["pages", "__init__", "__pycache__", "main", "verb"])
def test_what_is_no_command_is_none(name: str) -> None:
    said = run_here(name)
    assert said.code == 2
    assert "No such command" in said.stderr


@pytest.mark.parametrize(
    ("name", "verb"), [("", program), *VERBS], ids=["mlci", *(name for name, _ in VERBS)]
)
def test_no_option_costs_a_start_its_unindenting(name: str, verb: click.Command) -> None:
    options = [each for each in verb.get_params(click.Context(verb)) if isinstance(each, click.Option)]

    assert [each.name for each in options if not isinstance(each, Option)] == []
    assert "help" in [each.name for each in options]


@pytest.mark.parametrize(("name", "verb"), VERBS, ids=[name for name, _ in VERBS])
def test_every_option_says_what_it_does(name: str, verb: Verb) -> None:
    silent = [each.name for each in verb.params if isinstance(each, click.Option) and not each.help]

    assert silent == []


def test_help_lists_every_command_with_an_example_in_80_columns() -> None:
    said = run_here("--help")

    assert said.code == 0
    for name in NAMES:
        assert f"\n  {name} " in said.stdout
        _, *below = said.stdout.split(f"\n  {name} ", 1)[1].splitlines()
        assert any(line.strip().startswith("$ ") for line in below[:3])
    assert max(map(len, said.stdout.splitlines())) <= 80


def test_no_arguments_print_the_help() -> None:
    said = run_here()

    assert (said.code, said.stderr) == (0, "")
    assert said.stdout.startswith("Usage: mlci")


@pytest.mark.parametrize("arguments", [("--version",), ("--json", "--version")])
def test_version(arguments: tuple[str, ...]) -> None:
    assert run_here(*arguments).stdout == f"mlci {__version__}\n"


@pytest.mark.parametrize(
    "arguments",
    [("--json", "explain", "usage"), ("explain", "--json", "usage"), ("explain", "usage", "--json")],
    ids=" ".join,
)
def test_a_shared_option_stands_anywhere(arguments: tuple[str, ...]) -> None:
    answer = json.loads(run_here(*arguments).stdout)

    assert answer["pages"][0]["id"] == "usage"


def test_a_wrong_word_ends_with_2_and_the_next_line_to_type() -> None:
    said = run_here("explain", "--colour")

    assert said.code == 2
    assert said.stdout == ""
    first, second = said.stderr.splitlines()
    assert first.startswith("mlci: No such option")
    assert first.endswith("[usage]")
    assert second == "help: mlci explain --help"


def test_a_missing_directory_is_a_usage_error(tmp_path: Path) -> None:
    said = run_here("-C", str(tmp_path / "nowhere"), "explain")

    assert said.code == 2
    assert "nowhere" in said.stderr


def test_hostile_words_are_shown_and_never_obeyed() -> None:
    said = run_here("explain", "a\n::add-mask::b\x1b[2J\u202e")

    assert said.code == 2
    assert not any(line.lstrip().startswith("::") for line in said.stderr.splitlines())
    assert "\x1b" not in said.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_program(shell: str) -> None:
    assert "_MLCI_COMPLETE" in run_here("completion", shell).stdout


def test_completion_answers_with_commands() -> None:
    asked = {"_MLCI_COMPLETE": "bash_complete", "COMP_WORDS": "mlci ex", "COMP_CWORD": "1"}

    assert run_mlci(environment=asked).stdout.split(",")[1].strip() == "explain"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (("expalin",), "mlci explain"),
        (("lock", "aply"), "mlci lock apply"),
        (("explain", "expalin"), "mlci explain explain"),
    ],
)
def test_a_wrong_word_is_guessed(typed: tuple[str, ...], meant: str) -> None:
    said = run_here(*typed)

    assert said.code == 2
    assert f"help: did you mean `{meant}`? Else: mlci" in said.stderr


def test_the_help_of_a_group_cuts_no_description() -> None:
    said = run_here("lock", "--help").stdout.split("Commands:")[1]

    assert "..." not in said
    assert "what neither side made" in " ".join(said.split())


def test_the_page_of_ci_lock_names_what_takes_it() -> None:
    said = run_here("explain", "ci.lock").stdout

    assert "`lock: ci`" in said
    assert "mlci lock apply --from-artifact DIR" in said
