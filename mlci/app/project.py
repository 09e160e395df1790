"""Finding and loading projects: a project is a directory with an `mlci.yaml`."""

import os
import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from mlci.app.configuration import Source, read_configuration
from mlci.core.config import Config
from mlci.core.config.schema import FILE
from mlci.core.dvc.agreement import check_pipeline
from mlci.core.dvc.files import PIPELINE_FILE, PipelineFile, read_pipeline, read_tracked
from mlci.core.dvc.nodes import json_of
from mlci.core.problems import WHOLE_FILE, Problem, config_error, did_you_mean, quoted, shown
from mlci.core.schema import Problems
from mlci.core.yaml.node import CONFIG_LIMITS
from mlci.core.yaml.tree import parse
from mlci.errors import ConfigError, MlciError, UsageError, WorldError
from mlci.ports.files import Files
from mlci.ports.git import Git

_PASSED_BY = frozenset({"node_modules", "venv", "site-packages", "__pycache__"})

FilesAt = Callable[[Path], Files]


class Project(Struct, frozen=True, kw_only=True):
    """One project: `root` is the top of its repository, `prefix` its path from there (empty at the top)."""

    config: Config
    root: Path
    directory: Path
    prefix: str
    source: Source


def load_project(
    start: Path, chosen: str | None, files_at: FilesAt, *, seen_from: Path | None = None
) -> Project:
    """The project that is chosen by name or path, else the one around `start`.

    What is wrong with its files is told by their paths from there, or from where one stands (`seen_from`).

    Raises UsageError when there is none or the choice is not clear, ConfigError when it cannot be read.
    """
    root = repository_root(start)
    directory = _chosen(start, root, chosen, files_at) if chosen else _around(start, root)
    prefix = directory.relative_to(root).as_posix()
    files = files_at(directory)
    way = _way(directory, (seen_from or start).resolve())
    config, source = read_configuration(_content(files, way), name=way + FILE)
    _check_against_pipeline(config, source, files, way)
    return Project(
        config=config, root=root, directory=directory, prefix="" if prefix == "." else prefix, source=source
    )


def configuration_at(git: Git, project: Project, commit: str, name: str) -> tuple[Config, str]:
    """What a commit that is looked at asks for, and a word where that is not what the work tree asks for.

    Where it has no file, the work tree's is taken. What is run stays the work tree's in any case: a look at
    a stranger's commit calls no function that only he names. Raises ConfigError for one that is broken.
    """
    path = posixpath.join(project.prefix, FILE)
    (content,) = git.blobs([(commit, path)], limit=CONFIG_LIMITS.size)
    if content is None:
        return project.config, f"{name} has no {FILE}: judged by the work tree's"
    there, source = read_configuration(content, name=f"{name}:{path}")
    if json_of(source.tree) == json_of(project.source.tree):
        return project.config, ""
    own = {each: model.load for each, model in project.config.models.items()}
    models = {each: replace(model, load=own.get(each)) for each, model in there.models.items()}
    return replace(there, models=models), f"judged by the {FILE} of {name}, which is not the work tree's"


def find_projects(root: Path) -> Sequence[Path]:
    """The directories of all projects of a repository, sorted; other repositories inside are not searched."""
    return tuple(sorted(_projects_below(root)))


def repository_root(start: Path) -> Path:
    """The top of the work tree around a directory, or the directory itself outside of any."""
    here = start.resolve()
    return next((each for each in (here, *here.parents) if (each / ".git").exists()), here)


def _projects_below(root: Path) -> Iterator[Path]:
    for directory, inner, names in os.walk(root):
        here = Path(directory)
        if FILE in names:
            yield here
        inner[:] = [each for each in inner if not _passed_by(here / each)]


def _is_foreign(path: str) -> bool:
    """Whether a part of a path says that it holds other people's or a tool's files."""
    return any(part.startswith(".") or part in _PASSED_BY for part in path.split("/"))


def _passed_by(directory: Path) -> bool:
    if _is_foreign(directory.name):
        return True
    return (directory / "pyvenv.cfg").exists() or (directory / ".git").exists()


def _around(start: Path, root: Path) -> Path:
    here = start.resolve()
    for each in (here, *here.parents):
        if (each / FILE).exists():
            return each
        if each == root:
            break
    below = find_projects(root)
    if len(below) == 1:
        return below[0]
    if below:
        raise UsageError(
            f"{len(below)} projects are here, and none around {shown(here.name)}",
            id="project-unclear",
            help=f"choose one: --project {shown(_relative(below[0], root))} (all: {_listed(below, root)})",
        )
    raise UsageError(f"there is no {FILE} here or above", id="project-missing", help="mlci init")


def _chosen(start: Path, root: Path, chosen: str, files_at: FilesAt) -> Path:
    known = find_projects(root)
    for base in (start.resolve(), root):
        if (place := (base / chosen).resolve()) in known:
            return place
    named = [each for each in known if _name(files_at(each)) == chosen]
    if len(named) == 1:
        return named[0]
    if named:
        raise UsageError(
            f"{len(named)} projects are called {quoted(chosen)}",
            id="project-unclear",
            help=f"choose one by its path: {_listed(named, root)}",
        )
    words = {_name(files_at(each)) or _relative(each, root) for each in known}
    raise UsageError(
        f"there is no project {quoted(chosen)}",
        id="project-missing",
        help=did_you_mean(chosen, words, "projects"),
    )


def _way(directory: Path, here: Path) -> str:
    """The path that leads to a project's files from where somebody stands; empty where he stands in it."""
    return "" if directory == here else f"{Path(os.path.relpath(directory, here)).as_posix()}/"


def _name(files: Files) -> str | None:
    """A project's name, or None where its file cannot be read: what is wrong is told when it is chosen."""
    try:
        named = parse(_content(files, ""), name=FILE).find("project")
    except MlciError:
        return None
    return named.value if isinstance(named.value, str) else None


def _content(files: Files, way: str) -> bytes:
    try:
        return files.read(FILE, limit=CONFIG_LIMITS.size)
    except WorldError as error:
        if error.id == "file-too-large":
            raise _too_large(error, way) from error
        raise


def _check_against_pipeline(config: Config, source: Source, files: Files, way: str) -> None:
    content = files.read_if_there(PIPELINE_FILE)
    if content is None:
        return
    own = {".": read_pipeline(content, name=way + PIPELINE_FILE)}
    # Only a complaint makes it worth looking for further pipelines below.
    if not _problems_with(own, config, source, files):
        return
    if found := _problems_with({**own, **_further(files, way)}, config, source, files):
        raise config_error(way + FILE, source.content, found)


def _problems_with(
    pipelines: Mapping[str, PipelineFile], config: Config, source: Source, files: Files
) -> Sequence[Problem]:
    beside = sorted({f"{model.path}.dvc" for model in config.models.values()})
    read = {path: files.read_if_there(path, limit=CONFIG_LIMITS.size) for path in beside}
    tracked = {path: read_tracked(each, name=path) for path, each in read.items() if each is not None}
    problems = Problems()
    check_pipeline(config, source.tree, pipelines, problems, tracked)
    return problems.found


def _further(files: Files, way: str) -> Mapping[str, PipelineFile]:
    below = (each for each in files.list() if each.endswith(f"/{PIPELINE_FILE}") and not _is_foreign(each))
    return {posixpath.dirname(path): read_pipeline(files.read(path), name=way + path) for path in below}


def _too_large(error: WorldError, way: str) -> ConfigError:
    return config_error(way + FILE, b"", [Problem(id=error.id, message=error.message, mark=WHOLE_FILE)])


def _relative(directory: Path, root: Path) -> str:
    return directory.relative_to(root).as_posix()


def _listed(directories: Sequence[Path], root: Path) -> str:
    return ", ".join(shown(_relative(each, root), 60) for each in directories[:20])
