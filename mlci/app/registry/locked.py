"""What the lock files say of a commit: its models' bytes, and the data and parameters they were made from."""

import posixpath
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct, field

from mlci.app.registry.situation import path_of
from mlci.core.config import Config
from mlci.core.digest import sha256
from mlci.core.dvc.files import (
    LOCK_FILE,
    PIPELINE_FILE,
    Hashed,
    LockedStage,
    is_inside,
    located,
    read_lock,
    read_pipeline,
    read_tracked,
)
from mlci.core.strictjson import JsonValue, dumps
from mlci.errors import MlciError
from mlci.ports.files import Files
from mlci.ports.git import Git

_TRACKED = ".dvc"


class Layout(Struct, frozen=True, kw_only=True):
    """Where DVC's files lie, from the project: directories with a lock, and `*.dvc` files."""

    homes: tuple[str, ...] = ()
    tracked: tuple[str, ...] = ()


class Made(Struct, frozen=True, kw_only=True):
    """Which stage made an output, and from which paths."""

    stage: str
    deps: tuple[str, ...]


class Locked(Struct, frozen=True, kw_only=True):
    """All locks of one commit: outputs and dependencies by path from the project, and digests of the whole.

    `values` are the parameters, by stage and file; `made` says of each output where it is from.
    """

    outs: Mapping[str, Hashed]
    deps: Mapping[str, Hashed]
    digest: str
    values: Mapping[str, JsonValue] = field(default_factory=dict)
    made: Mapping[str, Made] = field(default_factory=dict)

    @property
    def params(self) -> str:
        """A digest of every parameter of every stage."""
        return sha256(dumps(dict(self.values)).encode())

    def holding(self, path: str) -> tuple[str, Hashed] | None:
        """The output that a path is, or lies in."""
        inside = [each for each in self.outs if is_inside(path, each)]
        return (inside[0], self.outs[inside[0]]) if inside else None


def layout_at(git: Git, prefix: str, commit: str) -> Layout:
    """Where DVC's files lie at a commit."""
    start = f"{prefix}/" if prefix else ""
    paths = [each.path.removeprefix(start) for each in git.tree(commit, prefix)]
    homes = [posixpath.dirname(path) for path in paths if posixpath.basename(path) == LOCK_FILE]
    tracked = [path for path in paths if path.endswith(_TRACKED) and posixpath.basename(path) != _TRACKED]
    return Layout(homes=tuple(sorted(homes)), tracked=tuple(sorted(tracked)))


def locked_at(
    git: Git, prefix: str, commits: Sequence[str], layout: Layout | None = None
) -> list[Locked | None]:
    """The locks of each commit, None where there is none that can be read; one process for all.

    All are looked for where the first commit has them, unless a layout says where.
    """
    if not commits:
        return []
    homes = (layout or layout_at(git, prefix, commits[0])).homes
    files = _files(homes)
    contents = git.blobs([(commit, path_of(prefix, path)) for commit in commits for path in files])
    return [
        _locked(homes, contents[index * len(files) : (index + 1) * len(files)])
        for index in range(len(commits))
    ]


def locked_in(files: Files, layout: Layout) -> Locked | None:
    """The locks of a checkout, as they lie there now."""
    return _locked(layout.homes, [files.read_if_there(path) for path in _files(layout.homes)])


def _files(homes: Sequence[str]) -> list[str]:
    return [posixpath.join(home, name) for home in homes for name in (PIPELINE_FILE, LOCK_FILE)]


def tracked_at(git: Git, prefix: str, commit: str, layout: Layout) -> dict[str, Hashed]:
    """What `*.dvc` files track at a commit, by path from the project; an unreadable file tracks nothing."""
    contents = git.blobs([(commit, path_of(prefix, path)) for path in layout.tracked])
    found: dict[str, Hashed] = {}
    for path, content in zip(layout.tracked, contents, strict=True):
        try:
            places = read_tracked(content or b"", name=path).places()
        except MlciError:
            continue
        found |= {located(place, posixpath.dirname(path)): out for place, out in places.items()}
    return found


def data_of(locked: Locked, tracked: Mapping[str, Hashed], config: Config) -> dict[str, Hashed]:
    """The data sets that a commit's outputs were made from: never source code, and never its models.

    A data set is what a `*.dvc` file tracks, what one stage makes for another, what lies at an address,
    or what the configuration tests with.
    """
    made = {path for model in config.models.values() for path in (model.path, model.predictions) if path}
    tests = {model.test for model in config.models.values() if model.test}
    found = dict(tracked)
    for path, each in locked.deps.items():
        known = path in locked.outs or path in tests or "://" in path
        if each.value and known and not _any_inside(path, made):
            found.setdefault(path, each)
    return dict(sorted(found.items()))


def _any_inside(path: str, others: Collection[str]) -> bool:
    return any(is_inside(each, path) or is_inside(path, each) for each in others)


def _locked(homes: Sequence[str], contents: Sequence[bytes | None]) -> Locked | None:
    outs: dict[str, Hashed] = {}
    deps: dict[str, Hashed] = {}
    values: dict[str, JsonValue] = {}
    made: dict[str, Made] = {}
    locks: list[tuple[str, bytes]] = []
    for home, pipeline, lock in zip(homes, contents[::2], contents[1::2], strict=True):
        if lock is None:
            continue
        try:
            stages, wdirs = read_lock(lock), dict(_wdirs(pipeline))
        except MlciError:
            return None
        locks.append((posixpath.join(home, LOCK_FILE), lock))
        for name, stage in stages.items():
            wdir = located(wdirs.get(name.partition("@")[0], "."), home)
            here = {located(path, wdir): out for path, out in stage.outs.items()}
            needs = {located(path, wdir): dep for path, dep in stage.deps.items()}
            origin = Made(stage=posixpath.join(home, name), deps=tuple(needs))
            outs |= here
            deps |= needs
            made |= dict.fromkeys(here, origin)
            values[origin.stage] = _params(stage)
    return Locked(outs=outs, deps=deps, digest=_digest(locks), values=values, made=made) if locks else None


def _wdirs(pipeline: bytes | None) -> Iterator[tuple[str, str]]:
    for name, stage in read_pipeline(pipeline or b"").stages.items():
        yield name, "." if "${" in stage.wdir else stage.wdir


def _digest(locks: Sequence[tuple[str, bytes]]) -> str:
    """The sha256 of the lock; of several, that of the lines `<sha256>  <path>`."""
    hashes = [(sha256(content), path) for path, content in locks]
    if len(hashes) == 1:
        return hashes[0][0]
    return sha256("".join(f"{each}  {path}\n" for each, path in hashes).encode())


def _params(stage: LockedStage) -> JsonValue:
    return {file: dict(keys) for file, keys in stage.params.items()}
