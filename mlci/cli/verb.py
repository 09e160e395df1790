"""How a command is declared: with examples, the shared options, and the world handed in."""

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mlci.cli.output import Output
from mlci.errors import ReaderGone, UsageError
from mlci.wiring import Settings, World

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


def _remember(context: click.Context, parameter: click.Parameter, value: object) -> None:
    """Note a shared option where it was given: before the command's name or after it."""
    if value is not None and not context.resilient_parsing:
        settings = context.find_root().ensure_object(Settings)
        setattr(settings, str(parameter.name), value)


def _folder() -> click.Path:
    # Made when one is given: click translates its name, and looks for files to do that.
    return click.Path(exists=True, file_okay=False, path_type=Path)


def _remember_folder(context: click.Context, parameter: click.Parameter, value: str | None) -> None:
    _remember(context, parameter, None if value is None else _folder().convert(value, parameter, context))


def _folders(context: click.Context, parameter: click.Parameter, incomplete: str) -> "list[CompletionItem]":
    return _folder().shell_complete(context, parameter, incomplete)


class Option(click.Option):
    """An option whose help stands on one line: click loads `inspect` to unindent any."""

    def __init__(self, names: Sequence[str], *, help: str, **declared: Any) -> None:  # noqa: ANN401
        super().__init__(names, **declared)
        self.help = help


option = functools.partial(click.option, cls=Option)


@functools.cache
def shared_options() -> tuple[click.Parameter, ...]:
    """The options that mean the same before and after every command's name."""
    flag: dict[str, Any] = {"is_flag": True, "default": None}
    common: dict[str, Any] = {"expose_value": False, "callback": _remember}
    return (
        Option(
            ["-C", "directory"], metavar="DIR", help="Work as if started in DIR.", expose_value=False,
            callback=_remember_folder, shell_complete=_folders,
        ),
        Option(["--project"], metavar="NAME", help="Choose one project of several.", **common),
        Option(["--json", "json"], help="Answer with strict JSON.", **flag, **common),
        Option(["--quiet", "-q", "quiet"], help="No progress on stderr.", **flag, **common),
        Option(
            ["--no-color", "color"], help="No styled text.", is_flag=True, flag_value=False,
            default=None, **common,
        ),
    )  # fmt: skip


def _show_help(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(context.get_help(), color=context.color)
        context.exit()


class _Helpful(click.Command):
    """A command whose `--help` is such an option too."""

    @functools.cached_property
    def _asks_for_help(self) -> Option:
        return Option(
            ["--help"], is_flag=True, expose_value=False, is_eager=True, callback=_show_help,
            help="Show this message and exit.",
        )  # fmt: skip

    def get_help_option(self, ctx: click.Context) -> click.Option | None:
        """The option, always the same one: click tells by that in which order options were given."""
        return self._asks_for_help


class Verb(_Helpful):
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


class Group(_Helpful, click.Group):
    """A command with commands below it, which guesses what a wrong word was to be."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the first word names. Raises UsageError, with the nearest, for none."""
        word = args[0]
        if self.get_command(ctx, word) is None and not (ctx.resilient_parsing or word.startswith("-")):
            import difflib

            near = difflib.get_close_matches(word[:80], self.list_commands(ctx), n=1)
            guess = f"did you mean `{ctx.command_path} {near[0]}`? Else: " if near else ""
            raise UsageError(
                f"No such command {word!r}", id="usage", help=f"{guess}{ctx.command_path} --help"
            )
        return super().resolve_command(ctx, args)


class Verbs(Verb, Group):
    """A command with commands below it, such as `mlci contract suggest`."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands, each with all that its first sentence says."""
        rows = [(name, each.get_short_help_str(limit=1000)) for name, each in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


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
