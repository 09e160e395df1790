"""Every stage and every tracked file below a DVC root, with paths from that root, whichever file says it."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from mlci.app.stages.refusals import refuse_endless, refuse_rivals, refuse_unnamable
from mlci.core.dvc.files import (
    LOCK_FILE,
    PARAMS_FILE,
    PIPELINE_FILE,
    Hashed,
    LockedStage,
    PipelineFile,
    Stage,
    located,
    read_lock,
    read_pipeline,
    read_resolved,
    read_tracked,
)
from mlci.core.dvc.params import read_params
from mlci.core.strictjson import loads
from mlci.errors import ConfigError
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files
from mlci.ports.worktree import Kind, WorkTree

_PASSED_BY = frozenset({"node_modules", "venv", "site-packages", "__pycache__"})


class Tracked(Struct, frozen=True, kw_only=True):
    """One output of a `*.dvc` file; `moving` says that an import may bring something else next time."""

    recorded: Hashed
    file: str
    moving: bool = False


class Catalogue(Struct, frozen=True, kw_only=True):
    """What DVC's files declare and recorded. `homes` are the directories that hold a `dvc.yaml`.

    Stages are named as DVC names them when it works in `prefix`.
    """

    prefix: str = ""
    homes: tuple[str, ...] = ()
    home_of: Mapping[str, str] = field(default_factory=dict)
    stages: Mapping[str, Stage] = field(default_factory=dict)
    lock: Mapping[str, LockedStage] = field(default_factory=dict)
    tracked: Mapping[str, Tracked] = field(default_factory=dict)
    gone: tuple[str, ...] = ()

    @property
    def pipelines(self) -> tuple[str, ...]:
        """The `dvc.yaml` files below the prefix, from there."""
        own = (each for each in self.homes if _is_below(each, self.prefix))
        return tuple(_from_there(each, self.prefix) for each in sorted(own))

    def start(self, home: str) -> str:
        """What DVC writes before the names of a directory's stages."""
        return _start(home, self.prefix)

    def made(self) -> Mapping[str, Hashed]:
        """What the lock records of outputs that are declared, from the DVC root."""
        return {
            stage.place(out.path): recorded
            for name, stage in self.stages.items()
            for out in stage.outs
            if (locked := self.lock.get(name)) and (recorded := locked.outs.get(out.path))
        }

    def own(self, name: str) -> bool:
        """Whether a stage is declared below the prefix."""
        return _is_below(self.home_of[name], self.prefix)


def read_catalogue(
    files: Files,
    tree: WorkTree,
    dvc: Dvc,
    prefix: str = "",
    *,
    locks: Mapping[str, bytes] | None = None,
) -> Catalogue:
    """Read all of DVC's files; only stages with templates are resolved by DVC itself.

    `locks` are contents that count instead of the files, by directory. Raises ConfigError for a file that
    cannot be read.
    """
    pipelines: dict[str, PipelineFile] = {}
    tracked: dict[str, Tracked] = {}
    for home, name in _find(tree, pipelines, tracked):
        path = posixpath.join(home, name)
        if name == PIPELINE_FILE:
            pipelines[home] = read_pipeline(files.read(path), name=path)
        else:
            tracked.update(_tracked(files.read(path), path))
    refuse_unnamable(pipelines)
    pipelines |= _resolved({home: each for home, each in pipelines.items() if each.unresolved}, files, dvc)
    read = {home: _lock(files, home, locks or {}) for home in pipelines}
    catalogue = _joined(pipelines, tracked, read, prefix)
    files_of = {path: each.file for path, each in tracked.items()}
    refuse_rivals(catalogue.stages, files_of)
    refuse_endless(catalogue.stages, files_of, tree)
    return catalogue


def pipeline_homes(tree: WorkTree) -> Sequence[str]:
    """The directories that hold a `dvc.yaml`, whatever stands in it."""
    return sorted(home for home, name in _find(tree, {}, {}) if name == PIPELINE_FILE)


def _find(
    tree: WorkTree, pipelines: Mapping[str, PipelineFile], tracked: Mapping[str, Tracked]
) -> Iterator[tuple[str, str]]:
    """Where DVC's files are, a directory's own before those below.

    Outputs are data and not searched, and a directory with a `.dvc` of its own is a project of its own.
    """
    waiting = [""]
    while waiting:
        home = waiting.pop()
        below: list[str] = []
        for each in tree.names(home or "."):
            name = posixpath.basename(each.path)
            if each.kind is Kind.DIRECTORY:
                below += [] if name.startswith(".") or name in _PASSED_BY else [each.path]
            elif name == PIPELINE_FILE or (name.endswith(".dvc") and name != ".dvc"):
                yield home, name
        made = _outs(pipelines, home) | set(tracked)
        waiting += [each for each in reversed(below) if each not in made and not _is_root(tree, each)]


def _is_root(tree: WorkTree, directory: str) -> bool:
    entry = tree.entry(f"{directory}/.dvc")
    return entry is not None and entry.kind is Kind.DIRECTORY


def _outs(pipelines: Mapping[str, PipelineFile], home: str) -> set[str]:
    around = [each for each in pipelines if _is_below(home, each)]
    return {
        located(stage.place(out.path), each)
        for each in around
        for stage in pipelines[each].stages.values()
        for out in stage.outs
    }


def _tracked(content: bytes, path: str) -> Mapping[str, Tracked]:
    read = read_tracked(content, name=path)
    if read.command_line:
        raise ConfigError(
            "a stage stands here, as DVC 0 wrote them, and only those of a dvc.yaml are read",
            id="dvc-stage-file",
            where=f"{path}:{read.command_line}",
            help="dvc stage add --name NAME … with its command, deps and outs, then remove the file",
        )
    moving = read.imported and not read.frozen
    home = posixpath.dirname(path)
    return {
        located(place, home): Tracked(recorded=recorded, file=path, moving=moving)
        for place, recorded in read.places().items()
    }


def _resolved(templated: Mapping[str, PipelineFile], files: Files, dvc: Dvc) -> Mapping[str, PipelineFile]:
    if not templated:
        return {}
    for home, pipeline in templated.items():
        _scan_variables(pipeline, home, files)
    answers = dvc.resolve([posixpath.join(home, PIPELINE_FILE) for home in templated])
    return {
        home: read_resolved(loads(answer), name=posixpath.join(home, PIPELINE_FILE))
        for home, answer in zip(templated, answers, strict=True)
    }


def _scan_variables(pipeline: PipelineFile, home: str, files: Files) -> None:
    """Refuse what would hurt DVC's parser before DVC reads it."""
    named = [each.partition(":")[0] for each in pipeline.vars if isinstance(each, str)]
    for each in dict.fromkeys([PARAMS_FILE, *named]):
        path = located(each, home)
        if (content := files.read_if_there(path)) is not None:
            read_params(content, path)


def _lock(files: Files, home: str, instead: Mapping[str, bytes]) -> Mapping[str, LockedStage]:
    path = posixpath.join(home, LOCK_FILE)
    content = instead[home] if home in instead else files.read_if_there(path)
    return read_lock(content, name=path) if content else {}


def _joined(
    pipelines: Mapping[str, PipelineFile],
    tracked: Mapping[str, Tracked],
    locks: Mapping[str, Mapping[str, LockedStage]],
    prefix: str,
) -> Catalogue:
    stages: dict[str, Stage] = {}
    lock: dict[str, LockedStage] = {}
    home_of: dict[str, str] = {}
    gone: list[str] = []
    for home, pipeline in sorted(pipelines.items()):
        locked = locks[home]
        start = _start(home, prefix)
        for name, stage in pipeline.stages.items():
            wdir = located(stage.wdir, home) if home else stage.wdir
            instances = tuple(start + each for each in stage.instances or ()) or stage.instances
            stages[start + name] = replace(stage, name=start + name, wdir=wdir, instances=instances)
            home_of[start + name] = home
        lock |= {start + name: each for name, each in locked.items()}
        gone += [start + each for each in locked if each not in pipeline.stages]
    return Catalogue(
        prefix=prefix,
        homes=tuple(sorted(pipelines)),
        home_of=home_of,
        stages=stages,
        lock=lock,
        tracked=tracked,
        gone=tuple(sorted(gone)),
    )


def _start(home: str, prefix: str) -> str:
    """What DVC writes before a stage's name when it works in `prefix`."""
    return "" if home == prefix else f"{_from_there(home, prefix)}:"


def _from_there(home: str, prefix: str) -> str:
    relative = posixpath.relpath(home or ".", prefix or ".")
    return posixpath.normpath(posixpath.join(relative, PIPELINE_FILE))


def _is_below(path: str, directory: str) -> bool:
    return not directory or path == directory or path.startswith(f"{directory}/")
