"""Begin a project: lay a template's files into a directory, new or standing."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mlci.app.project import repository_root
from mlci.core.config_schema import FILE
from mlci.core.plan import Change, Plan
from mlci.errors import UsageError, WorldError
from mlci.ports.files import Files
from mlci.ports.process import Command, Process
from mlci.ports.templates import Templates
from mlci.scaffold.answers import Answers
from mlci.scaffold.lay import Layout, lay
from mlci.scaffold.render import render

# What may lie in a directory that still counts as empty.
_NOTHING = frozenset({".git", ".DS_Store"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is to be laid down, and where."""

    directory: Path
    template: str
    answers: Answers
    adopt: bool = False
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hands:
    """What init works with."""

    templates: Templates
    process: Process
    files_at: Callable[[Path], Files]


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """What was done, or would be: paths are from `root`, the top of the repository."""

    root: Path
    plan: Plan
    kept: tuple[str, ...]
    repository: bool
    next: tuple[str, ...]


def is_begun(directory: Path) -> bool:
    """Whether the directory is a project already. Raises UsageError when it cannot be a directory."""
    for each in (directory, *directory.parents):
        if each.exists() and not each.is_dir():
            raise UsageError(
                f"{each.name} is not a directory",
                id="not-a-directory",
                where="PATH",
                help="name a directory, new or standing",
            )
    return (directory / FILE).exists()


def init(wish: Wish, hands: Hands) -> Begun:
    """Lay a template down, and begin a repository where there is none.

    No line of a file that stands is touched. `mlci.yaml` is written last, so that whatever interrupts
    init, the same command goes on from there. Raises UsageError, WorldError.
    """
    root = repository_root(wish.directory)
    files = hands.files_at(root)
    prefix = wish.directory.resolve().relative_to(root).as_posix()
    wanted = _below(prefix, render(hands.templates.read(wish.template), wish.answers))
    layout = lay(wanted, files.read_if_there)
    if not wish.adopt:
        _refuse_strangers(files.names(prefix), layout, prefix)
    begun = Begun(
        root=root,
        plan=layout.plan,
        kept=layout.kept,
        repository=not files.exists(".git"),
        next=tuple(_next(wish, wanted, prefix)),
    )
    if not wish.dry_run:
        _carry_out(begun, wish, hands.process, files)
    return begun


def _below(prefix: str, files: Mapping[str, bytes]) -> dict[str, bytes]:
    return {PurePosixPath(prefix, path).as_posix(): content for path, content in files.items()}


def _refuse_strangers(names: tuple[str, ...], layout: Layout, prefix: str) -> None:
    ours = {PurePosixPath(each.path).relative_to(prefix).parts[0] for each in layout.plan.files}
    differing = [each.path for each in layout.plan.files if each.change is Change.UPDATE]
    strangers = sorted({*(set(names) - ours - _NOTHING), *layout.kept, *differing})
    if strangers:
        raise UsageError(
            f"the directory is not empty: it holds {_some(strangers)}",
            id="directory-not-empty",
            where="PATH",
            help="--adopt adds what is missing and touches no line that stands",
        )


def _some(names: list[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown} and {len(names) - 3} more" if len(names) > 3 else shown


def _carry_out(begun: Begun, wish: Wish, process: Process, files: Files) -> None:
    if begun.repository:
        _begin_repository(begun.root, wish.answers.branch, process)
    files.apply(begun.plan)


def _begin_repository(root: Path, branch: str, process: Process) -> None:
    standing = next(each for each in (root, *root.parents) if each.is_dir())
    argv = ("git", "init", "--quiet", f"--initial-branch={branch}", "--", str(root))
    done = process.run(Command(argv=argv, cwd=standing, timeout=60.0))
    if not done.ok:
        raise WorldError(
            f"git could not begin a repository: {done.last_lines(3)}",
            id="git-init-failed",
            where=root.name,
            help="give yourself the right to write there, or name another directory",
        )


def _next(wish: Wish, wanted: Mapping[str, bytes], prefix: str) -> Iterator[str]:
    """What to type in the project, one shell line each."""
    if PurePosixPath(prefix, "requirements.txt").as_posix() in wanted and wish.answers.python is None:
        yield "python -m venv .venv && .venv/bin/pip install -r requirements.txt"
    yield "git add --all && git commit --message 'Begin with mlci'"
    yield "mlci run"
