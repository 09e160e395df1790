"""How a command is declared: with examples, the shared options, and the world handed in."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from mlci.cli.output import Output
from mlci.errors import ReaderGone
from mlci.wiring import Settings, World


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Note a shared option where it was given: before the command's name or after it."""
    if value is not None and not context.resilient_parsing:
        settings = context.find_root().ensure_object(Settings)
        setattr(settings, str(parameter.name), value)


def shared_options() -> list[click.Parameter]:
    """The options that mean the same before and after every command's name."""
    flag: dict[str, Any] = {"is_flag": True, "default": None}
    common: dict[str, Any] = {"expose_value": False, "callback": _remember}
    folder = click.Path(exists=True, file_okay=False, path_type=Path)
    return [
        click.Option(
            ["-C", "directory"], type=folder, metavar="DIR", help="Work as if started in DIR.", **common
        ),
        click.Option(["--project"], metavar="NAME", help="Choose one project of several.", **common),
        click.Option(["--json", "json"], help="Answer with strict JSON.", **flag, **common),
        click.Option(["--quiet", "-q", "quiet"], help="No progress on stderr.", **flag, **common),
        click.Option(
            ["--no-color", "color"], help="No styled text.", is_flag=True, flag_value=False,
            default=None, **common,
        ),
    ]  # fmt: skip


class Verb(click.Command):
    """A command that carries examples and takes the shared options."""

    examples: tuple[str, ...] = ()

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """The command's own parameters, then the shared ones."""
        return [*super().get_params(ctx), *shared_options()]

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """End the help with the examples."""
        if self.examples:
            with formatter.section("Examples"):
                for example in self.examples:
                    # Not wrapped: it is there to be copied.
                    formatter.write(f"{'':{formatter.current_indent}}$ {example}\n")


class Verbs(Verb, click.Group):
    """A command with commands below it, such as `mlci contract suggest`."""


def verb(*examples: str) -> Callable[[Callable[..., int | None]], Verb]:
    """Declare a command: `@verb("mlci models --json")` over `def command(world, out, **parameters)`.

    The function's docstring is the help; what it returns is the exit code, None being 0.
    """

    def declare(function: Callable[..., int | None]) -> Verb:
        made = click.command(cls=Verb)(_given_the_world(function))
        made.examples = examples
        return made

    return declare


def verbs(help: str, *below: Verb) -> Verbs:
    """Declare a command that only holds others; its examples are theirs."""
    group = Verbs(help=help, commands={str(each.name): each for each in below})
    group.examples = tuple(example for each in below for example in each.examples)
    return group


def _given_the_world(function: Callable[..., int | None]) -> Callable[..., int | None]:
    @functools.wraps(function)
    def call(**parameters: object) -> int | None:
        world = World(click.get_current_context().find_root().ensure_object(Settings))
        try:
            return function(world, Output.of(world), **parameters)
        except BrokenPipeError as gone:
            raise ReaderGone from gone  # click would end with 1, which says that there is a bug in mlci

    return call
