"""Begin a project: lay a template's files and its CI into a directory, new or standing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from msgspec import Struct

from mlci.app.configuration import read_configuration
from mlci.app.project import find_projects, load_project, repository_root
from mlci.app.sync import Configured, Missing, plan_sync, refuse_edited
from mlci.core.config import Config
from mlci.core.config.schema import FILE
from mlci.core.plan import Change, Plan
from mlci.errors import UsageError, WorldError
from mlci.ports.files import Files
from mlci.ports.git import Git
from mlci.ports.process import Command, Process
from mlci.ports.templates import Templates
from mlci.scaffold.answers import Answers
from mlci.scaffold.lay import lay
from mlci.scaffold.render import render

# What may lie in a directory that still counts as empty.
_NOTHING = frozenset({".git", ".DS_Store"})
_USUAL = ("main", "master")


class Wish(Struct, frozen=True, kw_only=True):
    """What is to be laid down, and where. `version` is the mlci that the CI files will install."""

    directory: Path
    template: str
    answers: Answers
    version: str
    adopt: bool = False
    dry_run: bool = False


class Hands(Struct, frozen=True, kw_only=True):
    """What init works with."""

    templates: Templates
    process: Process
    files_at: Callable[[Path], Files]


class Begun(Struct, frozen=True, kw_only=True):
    """What was done, or would be: paths are from `root`, the top of the repository.

    `missing` are lines that CI files of the user's own must say, and do not.
    """

    root: Path
    plan: Plan
    kept: tuple[str, ...]
    missing: tuple[Missing, ...]
    repository: bool
    next: tuple[str, ...]


class _NewProject(Struct, frozen=True, kw_only=True):
    config: Config
    prefix: str


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


def branch_of(git: Git) -> str | None:
    """The branch that a standing repository's versions come from: the remote's own, else main or master.

    Where neither stands, it is this one.
    """
    usual = (each for each in _USUAL if git.resolve(f"refs/heads/{each}"))
    return git.remote_branch("origin") or next(usual, None) or git.branch()


def init(wish: Wish, hands: Hands) -> Begun:
    """Lay a template and its CI down, and begin a repository where there is none.

    No line of a file that stands is touched. `mlci.yaml` is written last, so that whatever interrupts
    init, the same command goes on from there. Raises UsageError, DriftError, WorldError.
    """
    root = repository_root(wish.directory)
    files = hands.files_at(root)
    begun = _planned(wish, hands, root, files)
    if not wish.adopt:
        _refuse_strangers(wish.directory.resolve(), begun, files)
    if not wish.dry_run:
        if begun.repository:
            _begin_repository(root, wish.answers.branch, hands.process)
        files.apply(begun.plan)
    return begun


def _planned(wish: Wish, hands: Hands, root: Path, files: Files) -> Begun:
    prefix = wish.directory.resolve().relative_to(root).as_posix()
    made = render(hands.templates.read(wish.template), wish.answers)
    laid = lay({_joined(prefix, path): content for path, content in made.items()}, files.read_if_there)
    config, _ = read_configuration(made[FILE])
    new = _NewProject(config=config, prefix="" if prefix == "." else prefix)
    ci = plan_sync([*_standing(root, hands), new], files, version=wish.version)
    refuse_edited(ci)
    *rest, configuration = laid.plan.files
    return Begun(
        root=root,
        plan=Plan(files=(*rest, *ci.plan.files, configuration)),
        kept=laid.kept,
        missing=ci.missing,
        repository=not files.exists(".git"),
        next=tuple(_next(wish, made, trains=bool(config.models))),
    )


def _joined(prefix: str, path: str) -> str:
    return PurePosixPath(prefix, path).as_posix()


def _standing(root: Path, hands: Hands) -> Sequence[Configured]:
    """The projects that the repository holds already; their CI files share one lock with the new one's."""
    return [load_project(each, None, hands.files_at) for each in find_projects(root)]


def _refuse_strangers(directory: Path, begun: Begun, files: Files) -> None:
    prefix = PurePosixPath(directory.relative_to(begun.root).as_posix())
    inside = {
        path: each for each in begun.plan.files if (path := PurePosixPath(each.path)).is_relative_to(prefix)
    }
    ours = {path.relative_to(prefix).parts[0] for path in inside}
    extended = {str(path) for path, each in inside.items() if each.change is Change.UPDATE}
    others = set(files.names(str(prefix))) - ours - _NOTHING
    strangers = sorted({*others, *extended, *begun.kept})
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


def _next(wish: Wish, made: Mapping[str, bytes], *, trains: bool) -> Iterator[str]:
    """What to type in the project, one shell line each."""
    if "requirements.txt" in made and wish.answers.python is None:
        yield "python -m venv .venv && .venv/bin/pip install -r requirements.txt"
    yield "git add --all && git commit --message 'Begin with mlci'"
    yield "mlci run"
    if trains:
        yield "git add --all && git commit --message 'Reproduce the pipeline' && dvc push"
