"""The group: finds the commands by their files, and says in `--help` what people do with them."""

import functools
import importlib
from collections.abc import Iterator, Sequence
from importlib.util import find_spec

import click

from mlci import __version__, cli
from mlci.cli.verb import Group, Option, Verb, shared_options
from mlci.errors import Exit, UsageError
from mlci.wiring import Settings


class Program(Group):
    """Every file of this room that is no support file is a command, imported when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all commands, without importing any."""
        return list(_names())

    def get_command(self, ctx: click.Context, cmd_name: str) -> Verb | None:
        """One command, or None when no file has that name."""
        if not _is_command(cmd_name):
            return None
        command: Verb = importlib.import_module(f"mlci.cli.{cmd_name}").command
        command.name = cmd_name
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The commands by what people do with them, each with one example."""
        for title, names in _sections(self.list_commands(ctx)):
            with formatter.section(title):
                for name in names:
                    _write_command(formatter, name, self.get_command(ctx, name))


def _is_command(name: str) -> bool:
    """Whether a file has this name, without listing all of them."""
    if not name.isidentifier() or name.startswith("_") or name in cli.SUPPORT:
        return False
    spec = find_spec(f"{cli.__name__}.{name}")
    return spec is not None and spec.origin is not None  # a folder has none


@functools.cache
def _names() -> tuple[str, ...]:
    import pkgutil

    files = pkgutil.iter_modules(cli.__path__)
    return tuple(sorted(each.name for each in files if each.name not in cli.SUPPORT))


def _sections(present: Sequence[str]) -> Iterator[tuple[str, list[str]]]:
    placed = {name for names in cli.SECTIONS.values() for name in names}
    for title, names in {**cli.SECTIONS, "More": tuple(n for n in present if n not in placed)}.items():
        if here := [name for name in names if name in present]:
            yield title, here


def _write_command(formatter: click.HelpFormatter, name: str, command: Verb | None) -> None:
    if command is None:
        return
    first, below = f"{'':{formatter.current_indent}}{name:<12}", " " * (formatter.current_indent + 12)
    formatter.write(click.wrap_text(headline(command), formatter.width, first, below) + "\n")
    if command.examples:
        formatter.write(f"{below}$ {command.examples[0]}\n")


def headline(command: Verb) -> str:
    """What a command does: the first paragraph of its help, as one line."""
    return " ".join((command.help or "").split("\n\n")[0].split())


def _print_version(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and not context.resilient_parsing:
        click.echo(f"mlci {__version__}")
        context.exit()


program = Program(
    name="mlci",
    help="GitOps-driven CI/CD for machine learning: tests, metric verdicts and promotion,"
    " with Git as the database.",
    params=[
        *shared_options(),
        Option(
            ["--version"], is_flag=True, expose_value=False, is_eager=True, callback=_print_version,
            help="Say which version this is.",
        ),
    ],
    epilog="`mlci COMMAND --help` says more; `mlci explain ID` explains any word in brackets.",
)  # fmt: skip


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line. Raises MlciError, also for what click does not understand."""
    try:
        ended = program.main(list(arguments), prog_name="mlci", obj=Settings(), standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as asked:
        click.echo(asked.format_message())
        return Exit.DONE
    except click.UsageError as wrong:
        raise UsageError(_one_line(wrong), id="usage", help=_help_for(wrong)) from wrong
    except click.ClickException as wrong:
        raise UsageError(_one_line(wrong), id="usage", help="mlci --help") from wrong
    except click.Abort as stopped:
        raise KeyboardInterrupt from stopped
    return ended if isinstance(ended, int) else Exit.DONE


def _one_line(wrong: click.ClickException) -> str:
    return " ".join(wrong.format_message().split()).removesuffix(".")


def _help_for(wrong: click.UsageError) -> str:
    path = wrong.ctx.command_path if wrong.ctx else "mlci"
    return f"{path} --help"
