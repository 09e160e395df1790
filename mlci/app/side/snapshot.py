"""A project as it is at one commit, or in the work tree: its files, and what DVC declares and recorded."""

import posixpath
import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from mlci.app.side.trouble import Trouble, of_content, of_file
from mlci.core.dvc.files import (
    LOCK_FILE,
    PARAMS_FILE,
    PIPELINE_FILE,
    Hashed,
    LockedStage,
    Out,
    OutKind,
    PipelineFile,
    Stage,
    located,
    read_lock,
    read_pipeline,
    read_tracked,
)
from mlci.core.dvc.params import read_params
from mlci.core.dvc.templates import filled
from mlci.core.problems import shown
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import DVC_LIMITS
from mlci.errors import MlciError
from mlci.ports.files import Files
from mlci.ports.git import Git

T = TypeVar("T")

_LINK = "120000"


class Snapshot(Struct, frozen=True, kw_only=True):
    """The project's files at a commit; in the work tree where `commit` is None."""

    git: Git
    files: Files
    prefix: str
    commit: str | None

    def paths(self) -> Mapping[str, bool]:
        """Every path that Git knows (or would take), from the project, sorted, and whether it is a link.

        In the work tree only links are known by this: its files say by themselves what they are.
        """
        commit = self.commit or self.git.resolve("HEAD")
        entries = self.git.tree(commit, self.prefix) if commit else ()
        known = {each.path: each.mode == _LINK for each in entries}
        if self.commit is None:
            known |= dict.fromkeys(self.git.dirty(), False)
        start = f"{self.prefix}/" if self.prefix else ""
        return {path.removeprefix(start): known[path] for path in sorted(known) if path.startswith(start)}

    def read(self, path: str, *, limit: int | None = None) -> bytes | None:
        """The bytes of a path, None where there is none. Raises WorldError beyond `limit`."""
        if self.commit is None:
            if ".git" in path.lower().split("/"):
                return None  # Git's own, which no commit can hold
            read = self.files.read_if_there
            return read(path) if limit is None else read(path, limit=limit)
        (content,) = self.git.blobs([(self.commit, posixpath.join(self.prefix, path))], limit=limit)
        return content

    def named(self, paths: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Each path as Git is asked for it; the work tree's are not Git's."""
        if self.commit is not None:
            yield from ((self.commit, posixpath.join(self.prefix, each)) for each in paths)


class Pipeline(Struct, frozen=True, kw_only=True):
    """A `dvc.yaml` with the lock beside it; `values` are what its templates stand for, as far as it tells."""

    file: PipelineFile = PipelineFile()
    lock: Mapping[str, LockedStage] = field(default_factory=dict)
    values: Sequence[Mapping[str, JsonValue]] = ()


class Declared(Struct, frozen=True, kw_only=True):
    """What `dvc.yaml`, `dvc.lock` and `*.dvc` files say, by path from the project.

    `metrics` are files; `directories` are those that were declared in place of what they hold in Git.
    `params` holds the keys that are used of each file, none for all of it; `outs` every recorded output,
    `deps` every recorded dependency that is none; `links` the symbolic links that are committed.
    `contradicted` are outputs that a stage read with other bytes than are recorded of them. `pipelines` are
    the `dvc.yaml` files by directory, None where one or its lock cannot be read.
    """

    metrics: tuple[str, ...] = ()
    directories: frozenset[str] = frozenset()
    params: Mapping[str, Sequence[str]] = field(default_factory=dict)
    plots: tuple[str, ...] = ()
    outs: Mapping[str, Hashed] = field(default_factory=dict)
    deps: Mapping[str, Hashed] = field(default_factory=dict)
    stages: Mapping[str, LockedStage] = field(default_factory=dict)
    problems: tuple[Trouble, ...] = ()
    links: frozenset[str] = frozenset()
    contradicted: tuple[str, ...] = ()
    pipelines: Mapping[str, Pipeline | None] = field(default_factory=dict)


def declared(snapshot: Snapshot) -> Declared:
    """Read what a snapshot declares; a file that cannot be read becomes a problem, not an end."""
    known = snapshot.paths()
    problems: list[Trouble] = []
    dvcs = [path for path, link in known.items() if _is_dvcs(path) and not link]
    # What such a file declares has no name that evidence could be written with.
    paths = [path for path in dvcs if _is_text(path)]
    problems += [_nameless(path) for path in dvcs if path not in paths]
    snapshot.git.announce(snapshot.named(paths))
    reading = _Reading(
        snapshot=snapshot,
        content={path: _bytes(snapshot, path, problems) for path in paths},
        problems=problems,
    )
    for path in paths:
        if path.endswith(".dvc"):
            reading.tracked(path)
        elif posixpath.basename(path) == PIPELINE_FILE:
            reading.pipeline(path)
    return reading.declared(known)


class _Reading(Struct, kw_only=True):
    """What was found in DVC's files so far."""

    snapshot: Snapshot
    content: Mapping[str, bytes | None]
    problems: list[Trouble]
    outs: dict[str, Hashed] = field(default_factory=dict)
    deps: dict[str, Hashed] = field(default_factory=dict)
    read: list[tuple[str, Hashed]] = field(default_factory=list)
    stages: dict[str, LockedStage] = field(default_factory=dict)
    metrics: set[str] = field(default_factory=set)
    params: list[tuple[str, Sequence[str]]] = field(default_factory=lambda: [(PARAMS_FILE, ())])
    plots: set[str] = field(default_factory=set)
    pipelines: dict[str, Pipeline | None] = field(default_factory=dict)

    def tracked(self, path: str) -> None:
        """Take a `*.dvc` file."""
        read = _read(self.content[path], path, read_tracked, self.problems)
        if read is not None:
            home = posixpath.dirname(path)
            self.outs |= {
                located(located(at, read.wdir), home): replace(out, in_git=at in read.uncached)
                for at, out in read.outs.items()
            }

    def pipeline(self, path: str) -> None:
        """Take a `dvc.yaml` with the lock beside it."""
        home = posixpath.dirname(path)
        beside = posixpath.join(home, LOCK_FILE)
        pipeline = _read(self.content[path], path, read_pipeline, self.problems)
        recorded = _read(self.content.get(beside), beside, read_lock, self.problems)
        lock = recorded or {}
        self.pipelines[home] = None
        if pipeline is None:
            return
        values = _values(self.snapshot, pipeline, home)
        if recorded is not None or self.content.get(beside) is None:
            self.pipelines[home] = Pipeline(file=pipeline, lock=lock, values=values)
        in_git = _of_kind(pipeline, lambda out: not out.cache, home, lock, values)
        made = _recorded(pipeline, lock, home, lambda stage: stage.outs)
        self.outs |= {path: replace(out, in_git=path in in_git) for path, out in made}
        self.deps |= dict(_recorded(pipeline, lock, home, lambda stage: stage.deps))
        # Below a directory that a template names nobody knows which file is meant.
        plain = {name: stage for name, stage in lock.items() if "${" not in _wdir(pipeline, name)}
        self.read += _recorded(pipeline, plain, home, lambda stage: stage.deps)
        self.stages |= {posixpath.join(home, name): stage for name, stage in lock.items()}
        self.metrics |= _of_kind(pipeline, lambda out: out.kind is OutKind.METRIC, home, lock, values)
        self.metrics |= {located(filled(each, values), home) for each in pipeline.metrics}
        self.plots |= _of_kind(pipeline, lambda out: out.kind is OutKind.PLOT, home, lock, values)
        self.params += _params(pipeline, lock, home)

    def declared(self, known: Mapping[str, bool]) -> Declared:
        """All of it, among the paths that are `known`, each with whether it is a link.

        Of a directory in Git that is declared for a metrics file, as DVC allows, it is all that it holds.
        """
        paths = tuple(known)
        held = {path: _inside(path, paths) for path in self.metrics}
        return Declared(
            metrics=tuple(sorted({each for path, inside in held.items() for each in inside or (path,)})),
            directories=frozenset(path for path, inside in held.items() if inside),
            params=_merged(self.params),
            plots=tuple(sorted(self.plots)),
            outs=self.outs,
            deps={path: dep for path, dep in self.deps.items() if path not in self.outs},
            stages=self.stages,
            problems=tuple(self.problems),
            links=frozenset(path for path, link in known.items() if link),
            contradicted=tuple(
                sorted({path for path, dep in self.read if _differs(dep, self.outs.get(path))})
            ),
            pipelines=self.pipelines,
        )


def _inside(directory: str, known: Sequence[str]) -> Sequence[str]:
    """The sorted paths of Git's that lie below a directory."""
    first, last = (bisect_left(known, f"{directory}{end}") for end in "/0")
    return known[first:last]


def _is_text(path: str) -> bool:
    """Whether a path of Git's, which may be any bytes, is text."""
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True


def _differs(read: Hashed, made: Hashed | None) -> bool:
    """Whether two records of one path are of other bytes, as far as their rules can be compared."""
    if made is None or not read.value or not made.value:
        return False
    return (read.algorithm, read.legacy) == (made.algorithm, made.legacy) and read.value != made.value


def _is_dvcs(path: str) -> bool:
    name = posixpath.basename(path)
    return name in {PIPELINE_FILE, LOCK_FILE} or (name.endswith(".dvc") and name != ".dvc")


def _nameless(path: str) -> Trouble:
    return Trouble(
        path=path,
        told=f"{shown(path)}: this path is not UTF-8: rename it",
        help="git mv, to a name that is text",
    )


def _bytes(snapshot: Snapshot, path: str, problems: list[Trouble]) -> bytes | None:
    try:
        return snapshot.read(path, limit=DVC_LIMITS.size)
    except MlciError as error:
        problems.append(of_file(error, path))
        return None


def _read(content: bytes | None, path: str, reader: Callable[..., T], problems: list[Trouble]) -> T | None:
    if content is None:
        return None
    try:
        return reader(content, name=path)
    except MlciError as error:
        problems.append(of_content(error, path))
        return None


def _recorded(
    pipeline: PipelineFile,
    lock: Mapping[str, LockedStage],
    home: str,
    which: Callable[[LockedStage], Mapping[str, Hashed]],
) -> Iterator[tuple[str, Hashed]]:
    for name, stage in lock.items():
        wdir = _wdir(pipeline, name)
        wdir = "." if "${" in wdir else wdir
        for path, out in which(stage).items():
            yield located(located(path, wdir), home), out


def _wdir(pipeline: PipelineFile, name: str) -> str:
    source = pipeline.stages.get(name.partition("@")[0])
    return "." if source is None else source.wdir


def _values(snapshot: Snapshot, pipeline: PipelineFile, home: str) -> Sequence[Mapping[str, JsonValue]]:
    """What the templates of a pipeline stand for, as far as `vars` and parameters tell."""
    named = [each.partition(":")[0] for each in pipeline.vars if isinstance(each, str)]
    paths = [located(each, home) for each in dict.fromkeys([*named, PARAMS_FILE])]
    files = [_params_of(snapshot, path) for path in paths]
    return [each for each in pipeline.vars if isinstance(each, dict)] + files


def _params_of(snapshot: Snapshot, path: str) -> dict[str, JsonValue]:
    try:
        content = snapshot.read(path, limit=DVC_LIMITS.size)
        return dict(read_params(content, path)) if content is not None else {}
    except MlciError:
        return {}  # where its values are compared, this is told


def _of_kind(
    pipeline: PipelineFile,
    wanted: Callable[[Out], bool],
    home: str,
    lock: Mapping[str, LockedStage],
    values: Sequence[Mapping[str, JsonValue]],
) -> set[str]:
    """Outputs of a kind; where a template remains, those that its stage recorded and that fit it."""
    found: set[str] = set()
    open_ended: dict[str, list[str]] = {}
    for stage in pipeline.stages.values():
        for out in filter(wanted, stage.outs):
            place = located(filled(stage.place(out.path), values), home)
            if "${" in place:
                open_ended.setdefault(stage.name, []).append(place)
            else:
                found.add(place)
    for name, ran in lock.items() if open_ended else ():
        places = open_ended.get(name.partition("@")[0], ())
        made = _recorded(pipeline, {name: ran}, home, lambda each: each.outs) if places else ()
        found |= {path for path, _ in made if any(fits(place, path) for place in places)}
    return found


def fits(template: str, path: str) -> bool:
    """Whether a path is what a template may stand for, something standing in each place of its `${…}`.

    Each part is taken where it first stands: no other choice leaves more room for those after it, so that
    no template, of whatever many places, makes anybody try them all.
    """
    first, *others = re.split(r"\$\{[^{}]*\}", template)
    if not others:
        return path == template
    *middle, last = others
    if not path.startswith(first):
        return False
    at = len(first)
    for part in middle:
        found = path.find(part, at + 1)
        if found < 0:
            return False
        at = found + len(part)
    return path.endswith(last) and len(path) - len(last) > at


def _params(
    pipeline: PipelineFile, lock: Mapping[str, LockedStage], home: str
) -> Iterator[tuple[str, Sequence[str]]]:
    """Files of parameters with the keys that stages use; templates stand for the recorded ones."""
    yield from ((located(path, home), ()) for path in pipeline.params)
    open_ended: dict[str, Stage] = {}
    for name, stage in pipeline.stages.items():
        if any("${" in each for use in stage.params for each in (use.file, *use.keys)):
            open_ended[name] = stage
        else:
            yield from ((located(stage.place(use.file), home), use.keys) for use in stage.params)
    for made, ran in lock.items() if open_ended else ():
        if (of := open_ended.get(made.partition("@")[0])) is not None:
            yield from ((located(of.place(file), home), tuple(keys)) for file, keys in ran.params.items())


def _merged(used: Iterable[tuple[str, Sequence[str]]]) -> Mapping[str, Sequence[str]]:
    """All keys that are used of each file; whoever uses a file without naming keys uses all of it."""
    found: dict[str, set[str] | None] = {}
    for path, keys in used:
        before = found.get(path, set())
        found[path] = None if before is None or not keys else before | {*keys}
    return {path: sorted(keys or ()) for path, keys in sorted(found.items())}
