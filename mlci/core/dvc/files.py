"""What `dvc.yaml`, `dvc.lock` and `*.dvc` files say, as values. DVC's templates are marked, not resolved.

Reading is tolerant: unknown keys are passed over, a value of a wrong type is a located problem.
"""

import posixpath
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from mlci.core.digest import is_name
from mlci.core.dvc.nodes import (
    entries,
    flag,
    items,
    json_of,
    named,
    node_of,
    number,
    pairs,
    text,
    texts,
    written,
)
from mlci.core.dvc.templates import instances, is_templated
from mlci.core.problems import config_error
from mlci.core.schema import Problems, expected
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import DVC_LIMITS, MIB, Node, Parts
from mlci.core.yaml.tree import parse
from mlci.errors import ConfigError

PIPELINE_FILE = "dvc.yaml"
LOCK_FILE = "dvc.lock"
PARAMS_FILE = "params.yaml"

T = TypeVar("T")

_LARGE_LOCK = 4 * MIB  # above this, a tree of the whole file costs more memory than CI gives
_URL = r"[A-Za-z][A-Za-z0-9+.-]+://.*"
_HASHES = ("md5", "etag", "checksum")


class OutKind(StrEnum):
    """Under which key of a stage an output stands."""

    OUT = "outs"
    METRIC = "metrics"
    PLOT = "plots"


class Out(Struct, frozen=True, kw_only=True):
    """An output as a stage declares it, `path` being from the stage's `wdir`."""

    path: str
    kind: OutKind = OutKind.OUT
    cache: bool = True
    push: bool = True
    persist: bool = False
    remote: str | None = None


class ParamsUse(Struct, frozen=True, kw_only=True):
    """Parameters that a stage depends on; no keys means the whole file."""

    file: str
    keys: tuple[str, ...] = ()


class Stage(Struct, frozen=True, kw_only=True):
    """One entry under `stages:`. `instances` are the names it stands for: its own, or those of its
    `foreach` or `matrix`; None when only DVC can tell. `templated` says that `${…}` stands in it, `variables`
    that files of values are named for it alone.
    """

    name: str
    command: tuple[str, ...]
    wdir: str = "."
    deps: tuple[str, ...] = ()
    params: tuple[ParamsUse, ...] = ()
    outs: tuple[Out, ...] = ()
    frozen: bool = False
    always_changed: bool = False
    description: str | None = None
    instances: tuple[str, ...] | None = ()
    templated: bool = False
    variables: bool = False
    line: int = 0

    @property
    def unresolved(self) -> bool:
        """Whether the file says less of it than there is to know."""
        return self.templated or self.instances != (self.name,)

    def place(self, path: str) -> str:
        """A path of this stage, from the directory of its `dvc.yaml`."""
        return located(path, self.wdir)


class PipelineFile(Struct, frozen=True, kw_only=True):
    """One `dvc.yaml`."""

    stages: Mapping[str, Stage] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    params: tuple[str, ...] = ()
    plots: Mapping[str, JsonValue] = field(default_factory=dict)
    artifacts: Mapping[str, str] = field(default_factory=dict)
    vars: tuple[JsonValue, ...] = ()

    @property
    def unresolved(self) -> bool:
        """Whether templates leave open what any of its stages is."""
        return any(each.unresolved for each in self.stages.values())

    def owner(self, path: str) -> tuple[Stage, Out] | None:
        """The stage and output that a path is, or lies in."""
        for stage in self.stages.values():
            for out in stage.outs:
                if is_inside(path, stage.place(out.path)):
                    return stage, out
        return None

    def instances(self) -> tuple[str, ...]:
        """The names of all stages as far as the file itself tells them."""
        return tuple(name for stage in self.stages.values() for name in stage.instances or ())


class Hashed(Struct, frozen=True, kw_only=True, gc=False):
    """A dependency or output as it was recorded. DVC 3 says `hash: md5`; without it, DVC 2's rule made it.

    `in_git` is said by who read `cache: false` of it: Git holds the bytes, and no cache answers for them.
    """

    path: str
    algorithm: str = ""
    value: str = ""
    legacy: bool = False
    size: int | None = None
    files: int | None = None
    cloud: bool = False
    in_git: bool = False

    @property
    def is_directory(self) -> bool:
        """Whether the hash is of a directory's manifest."""
        return self.value.endswith(".dir")


class LockedStage(Struct, frozen=True, kw_only=True, gc=False):
    """What one stage was when it last ran: command, dependencies, parameters and outputs."""

    name: str
    command: tuple[str, ...] = ()
    deps: Mapping[str, Hashed] = field(default_factory=dict)
    params: Mapping[str, Mapping[str, JsonValue]] = field(default_factory=dict)
    outs: Mapping[str, Hashed] = field(default_factory=dict)


class TrackedFile(Struct, frozen=True, kw_only=True):
    """One `*.dvc` file: data that was added or imported. DVC 0 kept stages there: the line of one's `cmd`."""

    outs: Mapping[str, Hashed] = field(default_factory=dict)
    uncached: frozenset[str] = frozenset()
    wdir: str = "."
    frozen: bool = False
    imported: bool = False
    command_line: int = 0

    def places(self) -> Mapping[str, Hashed]:
        """The outputs by path from the file's directory."""
        return {located(path, self.wdir): out for path, out in self.outs.items()}


@lru_cache(maxsize=16)
def read_pipeline(content: bytes, *, name: str = PIPELINE_FILE) -> PipelineFile:
    """What a `dvc.yaml` says. Raises ConfigError with every problem."""
    return _pipeline(parse(content, name=name, limits=DVC_LIMITS), name, content)


def read_resolved(values: JsonValue, *, name: str = PIPELINE_FILE) -> PipelineFile:
    """What the values of a `dvc.yaml` say whose templates are resolved: a `${…}` that is left belongs to the
    shell. Raises ConfigError with every problem.
    """
    try:
        tree = node_of(values)
    except ValueError as error:
        raise ConfigError(
            f"what the templates stand for cannot be read: {error}",
            id="dvc-template",
            where=name,
            help="dvc stage list",
        ) from error
    pipeline = _pipeline(tree, name, b"")
    stages = {key: replace(stage, templated=False) for key, stage in pipeline.stages.items()}
    return replace(pipeline, stages=stages)


def read_lock(content: bytes, *, name: str = LOCK_FILE) -> Mapping[str, LockedStage]:
    """What a `dvc.lock` recorded, by stage. Raises ConfigError, also for a lock of DVC 1."""
    problems, taken = Problems(), dict[str, LockedStage]()

    def take(key: str, node: Node) -> None:
        taken[key] = _locked(key, node, problems)

    parts = Parts(below="stages", take=take) if len(content) > _LARGE_LOCK else None
    tree = parse(content, name=name, limits=DVC_LIMITS, settle="mlci lock resolve", parts=parts)
    top = pairs(tree, problems)
    schema = top.get("schema")
    if schema is None and top:
        said = "this is a lock file of DVC 1"
        problems.add(tree, "dvc-lock-old", said, help="run `dvc repro` with DVC 2 or 3, then commit dvc.lock")
    elif schema is not None and schema.text != "2.0":
        said = "only schema '2.0' of dvc.lock is known"
        problems.add(schema, "dvc-lock-unknown", said, help="does this mlci know your DVC? `mlci doctor`")
    stages = {
        key: taken.get(key) or _locked(key, node, problems)
        for key, node in entries(top.get("stages"), problems)
    }
    return _clean(stages, name, content, problems)


def read_tracked(content: bytes, *, name: str) -> TrackedFile:
    """What a `*.dvc` file says. Raises ConfigError with every problem."""
    tree, problems = parse(content, name=name, limits=DVC_LIMITS), Problems()
    top = pairs(tree, problems)
    nodes = items(top.get("outs"), problems)
    outs = [_hashed(node, problems) for node in nodes]
    cached = [flag(pairs(node, problems).get("cache"), problems, default=True) for node in nodes]
    tracked = TrackedFile(
        outs={out.path: out for out in outs},
        uncached=frozenset(out.path for out, kept in zip(outs, cached, strict=True) if not kept),
        wdir=text(top.get("wdir"), problems) or ".",
        frozen=flag(top.get("frozen"), problems, default=False),
        imported="deps" in top,
        command_line=top["cmd"].mark.line if "cmd" in top else 0,
    )
    return _clean(tracked, name, content, problems)


def is_url(path: str) -> bool:
    """Whether a path leads to another system."""
    return "://" in path and re.fullmatch(_URL, path, re.DOTALL) is not None


@lru_cache(maxsize=65_536)
def located(path: str, directory: str) -> str:
    """A path from another place than the directory it is given from; URLs and absolute paths stay."""
    return path if is_url(path) else posixpath.normpath(posixpath.join(directory, path))


def is_inside(path: str, directory: str) -> bool:
    """Whether a path is a directory's own or lies below it."""
    return path == directory or path.startswith(directory.rstrip("/") + "/")


def _clean(value: T, name: str, content: bytes, problems: Problems) -> T:
    if problems.found:
        raise config_error(name, content, problems.found)
    return value


def _pipeline(tree: Node, name: str, content: bytes) -> PipelineFile:
    problems = Problems()
    top = pairs(tree, problems)
    stages = {key: _stage(key, node, problems) for key, node in entries(top.get("stages"), problems)}
    pipeline = PipelineFile(
        stages=stages,
        metrics=texts(top.get("metrics"), problems),
        params=texts(top.get("params"), problems),
        plots={key: json_of(node) for key, node in named(top.get("plots"), problems)},
        artifacts={
            key: text(pairs(node, problems).get("path"), problems)
            for key, node in entries(top.get("artifacts"), problems)
        },
        vars=tuple(json_of(node) for node in items(top.get("vars"), problems)),
    )
    return _clean(pipeline, name, content, problems)


def _stage(name: str, node: Node, problems: Problems) -> Stage:
    keys = pairs(node, problems)
    body = pairs(keys["do"], problems) if "do" in keys else keys
    if "cmd" not in body and isinstance(node.value, dict):
        problems.add(node, "missing-key", "the key 'cmd' is missing", help="cmd: what the stage runs")
    outs = [out for kind in OutKind for out in _outs(body.get(kind.value), kind, problems)]
    return Stage(
        name=name,
        command=_command(body.get("cmd"), problems),
        wdir=text(body.get("wdir"), problems) or ".",
        deps=texts(body.get("deps"), problems),
        params=_params(body.get("params"), problems),
        outs=tuple(outs),
        frozen=flag(body.get("frozen"), problems, default=False),
        always_changed=flag(body.get("always_changed"), problems, default=False),
        description=text(body.get("desc"), problems) or None,
        instances=instances(name, keys, problems),
        templated=is_templated(node),
        variables="vars" in body,
        line=node.mark.line,
    )


def _command(node: Node | None, problems: Problems) -> tuple[str, ...]:
    if node is None or isinstance(node.value, list):
        return texts(node, problems)
    return (text(node, problems),)


def _outs(node: Node | None, kind: OutKind, problems: Problems) -> list[Out]:
    return [_out(path, flags, kind, problems) for path, flags in named(node, problems)]


def _out(path: str, node: Node, kind: OutKind, problems: Problems) -> Out:
    # A plot may carry several sets of properties for one file; caching is said in none of them but the first.
    first = node.value[0] if isinstance(node.value, list) and node.value else node
    flags = pairs(first, problems)
    return Out(
        path=path,
        kind=kind,
        cache=flag(flags.get("cache"), problems, default=True),
        push=flag(flags.get("push"), problems, default=True),
        persist=flag(flags.get("persist"), problems, default=False),
        remote=text(flags.get("remote"), problems) or None,
    )


def _params(node: Node | None, problems: Problems) -> tuple[ParamsUse, ...]:
    keys: dict[str, list[str]] = {}
    whole: set[str] = set()
    for each in items(node, problems):
        if isinstance(each.value, dict):
            for file, (_, names) in each.value.items():
                keys.setdefault(file, []).extend(texts(names, problems))
                whole |= set() if names.value else {file}
        else:
            keys.setdefault(PARAMS_FILE, []).append(written(each, problems))
    return tuple(
        ParamsUse(file=file, keys=() if file in whole else tuple(dict.fromkeys(names)))
        for file, names in keys.items()
    )


def _locked(name: str, node: Node, problems: Problems) -> LockedStage:
    keys = pairs(node, problems)
    deps = [_hashed(each, problems) for each in items(keys.get("deps"), problems)]
    outs = [_hashed(each, problems) for each in items(keys.get("outs"), problems)]
    return LockedStage(
        name=name,
        command=_command(keys.get("cmd"), problems),
        deps={each.path: each for each in deps},
        params={
            file: {key: json_of(value) for key, value in pairs(values, problems).items()}
            for file, values in entries(keys.get("params"), problems)
        },
        outs={each.path: each for each in outs},
    )


def _hashed(node: Node, problems: Problems) -> Hashed:
    keys = pairs(node, problems)
    if "path" not in keys:
        problems.add(node, "missing-key", "the key 'path' is missing")
    algorithm = next((each for each in _HASHES if each in keys), "")
    value = text(keys.get(algorithm), problems)
    if algorithm == "md5" and value and not is_name(value):
        expected("an MD5 of 32 hexadecimal digits", keys[algorithm], problems)
    return Hashed(
        path=text(keys.get("path"), problems),
        algorithm=algorithm,
        value=value,
        legacy=algorithm == "md5" and "hash" not in keys,
        size=number(keys.get("size"), problems),
        files=number(keys.get("nfiles"), problems),
        cloud="cloud" in keys or "files" in keys,
    )
