"""`mlci demo`: one model's whole life, offline, on a throw-away directory."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlci.cli.output import Output, Tone
from mlci.cli.verb import option, verb
from mlci.errors import UsageError
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.strictjson import JsonValue


@verb("mlci demo", "mlci demo --keep demo")
@option(
    "--keep",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Play it in DIR, a new directory, and keep what it makes.",
)
def command(world: World, out: Output, keep: Path | None) -> None:
    """Play a model's life: three pull requests, versions, a promotion, a rollback.

    Every line after a `$` is a real command, and what follows it is what it printed. Nothing leaves this
    machine; without --keep the directory is removed at the end.
    """
    from mlci.adapters.files import FileTree
    from mlci.adapters.progress import SilentProgress
    from mlci.app.demo import NEEDED, PROJECT, Stage, demo

    _refuse_without(NEEDED)
    python = (sys.executable, "-P", "-m")
    told: list[JsonValue] = []
    with _directory(world, keep) as directory:
        demo(
            Stage(
                files=FileTree(directory),
                process=world.process,
                # What is shown names each command already; only a terminal also shows that one runs.
                progress=world.progress if sys.stderr.isatty() else SilentProgress(),
                programs={"mlci": (*python, "mlci"), "dvc": (*python, "dvc")},
                # Stages say `python`: here that is the interpreter which has the example's packages.
                path=os.pathsep.join((str(Path(sys.executable).parent), world.environment.get("PATH", ""))),
                tell=told.append if out.json else partial(_tell, out),
            )
        )
    kept = None if keep is None else keep / PROJECT
    if out.json:
        out.document({"lines": told, "kept": None if kept is None else str(kept)})
    else:
        _say_what_is_next(out, kept)


def _tell(out: Output, line: str) -> None:
    out.line(line, Tone.STRONG if line.startswith(("$", "──")) else Tone.PLAIN)


def _say_what_is_next(out: Output, kept: Path | None) -> None:
    out.line()
    out.line("Type next, in a repository of your own:", Tone.STRONG)
    out.line("  mlci init --adopt" if kept is None else f"  cd {kept} && mlci models")
    out.line("  mlci init my-project --template tabular-classification")


def _refuse_without(packages: tuple[str, ...]) -> None:
    from importlib.metadata import PackageNotFoundError, version

    missing = []
    for package in packages:
        try:
            version(package)
        except PackageNotFoundError:
            missing.append(package)
    if missing:
        raise UsageError(
            f"the example needs {', '.join(missing)}, and they are not installed beside mlci",
            id="extra-missing",
            help="pip install 'mlci[demo]'",
        )


@contextmanager
def _directory(world: World, keep: Path | None) -> Iterator[Path]:
    import tempfile

    if keep is None:
        with tempfile.TemporaryDirectory(prefix="mlci-demo-", ignore_cleanup_errors=True) as scratch:
            yield Path(scratch)
        return
    place = world.directory / keep
    if place.exists():
        raise UsageError(f"{keep} is there already", id="demo-directory", help="name a new directory")
    place.mkdir(parents=True)
    yield place
