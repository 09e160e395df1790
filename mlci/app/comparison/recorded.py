"""What lies at a side of a diff and is not what its lock records: then its numbers are of another state."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from posixpath import dirname, join
from typing import TYPE_CHECKING

from msgspec.structs import replace

from mlci.app.side.tabular import Side
from mlci.core.config import Config, LockAuthor
from mlci.core.diff import Keeper
from mlci.core.diff.renames import pointer
from mlci.core.digest import md5
from mlci.core.dvc.files import LOCK_FILE, PIPELINE_FILE, Hashed, ParamsUse, is_inside, located
from mlci.core.dvc.manifest import directory_hash
from mlci.core.dvc.params import read_params
from mlci.core.dvc.stages import changed_values
from mlci.core.strictjson import JsonValue
from mlci.errors import MlciError
from mlci.ports.files import Files

if TYPE_CHECKING:
    from mlci.app.stages.ground import Ground

_LARGE = 1024 * 1024  # of outputs: below this a hash is had sooner than a memory of hashes is read
_LIMIT = 16 * 1024 * 1024  # of sources; what is larger is data, and data is DVC's


def displaced(config: Config, side: Side, ground: "Callable[[], Ground] | None" = None) -> tuple[str, ...]:
    """The files, sorted: outputs of another run, parameters and sources that no stage has run with.

    With a `ground`, what large outputs hash to may be remembered from earlier commands there.
    """
    found = sorted({*_outputs(config, side, ground), *_parameters(side), *_sources(side)})
    converted = _converted(side, found)
    return tuple(path for path in found if path not in converted)


def by_hand(config: Config, side: Side, paths: Iterable[str]) -> tuple[str, ...]:
    """Of displaced files those that somebody committed as no stage made them.

    Where the lock is an author's promise, that breaks it: CI refuses the commit, too. What differs in the
    work tree alone promises nothing yet.
    """
    if config.ci.lock is not LockAuthor.AUTHOR:
        return ()
    outs, snapshot = side.declared.outs, side.snapshot
    held = tuple(path for path in paths if path in outs and outs[path].in_git)
    if not held or snapshot.commit is not None:
        return held
    changed = {*snapshot.git.dirty()}
    return tuple(path for path in held if join(snapshot.prefix, path) not in changed)


def gone(config: Config, base: Side, head: Side) -> tuple[str, ...]:
    """What made the numbers, and the change took away: sources and parameters, or the pipeline itself."""
    outs = {path for model in config.models.values() for path in (model.path, model.predictions) if path}
    needed = {*_read_by_stages(head)}
    if (outs & base.declared.outs.keys()) - head.declared.outs.keys():
        files = (PIPELINE_FILE, LOCK_FILE)
        needed |= {join(home, each) for home in base.declared.pipelines for each in files}
    lost = _missing(head, sorted(needed))
    never = {*_missing(base, lost)}
    return tuple(path for path in lost if path not in never and not _is_made(path, head))


def _read_by_stages(side: Side) -> Iterator[str]:
    """What the lock says that stages read, as far as a stage is still declared."""
    for home, pipeline in side.declared.pipelines.items():
        for name, stage in pipeline.lock.items() if pipeline else ():
            declared = pipeline.file.stages.get(name.partition("@")[0]) if pipeline else None
            if declared is None or "${" in declared.wdir:
                continue
            for path in (*stage.deps, *stage.params):
                if "://" not in path:
                    yield located(declared.place(path), home)


def _is_made(path: str, side: Side) -> bool:
    return any(is_inside(path, each) for each in side.declared.outs)


def _missing(side: Side, paths: Sequence[str]) -> list[str]:
    side.snapshot.git.announce(side.snapshot.named(paths))
    return [path for path in paths if _is_missing(side, path)]


def _is_missing(side: Side, path: str) -> bool:
    try:
        return side.snapshot.read(path, limit=_LIMIT) is None
    except MlciError:
        return False  # it is there, whatever else is wrong with it


def kept(side: Side, paths: Iterable[str]) -> Mapping[str, Keeper]:
    """Who can put displaced files of the work tree back as they are recorded; others only a run makes."""
    if side.snapshot.commit is not None:
        return {}
    outs = side.declared.outs
    made = [path for path in paths if path in outs]
    committed = _committed(side, made)
    return {
        path: Keeper.GIT if path in committed else Keeper.DVC
        for path in made
        if path in committed or not outs[path].in_git
    }


def _converted(side: Side, paths: Iterable[str]) -> Collection[str]:
    """Files that Git holds as they are recorded and lays out otherwise: with other line ends, or filtered."""
    if side.snapshot.commit is not None:
        return ()
    committed = _committed(side, paths)
    changed = {*side.snapshot.git.dirty()} if committed else frozenset()
    return {path for path in committed if join(side.snapshot.prefix, path) not in changed}


def _committed(side: Side, paths: Iterable[str]) -> Collection[str]:
    """Of files in the work tree those that HEAD has as the lock records them."""
    deps, outs = side.declared.deps, side.declared.outs
    held = {path: deps[path] for path in paths if path in deps and _is_plain(deps[path])}
    held |= {path: outs[path] for path in paths if path in outs and outs[path].in_git}
    head = replace(side, snapshot=replace(side.snapshot, commit="HEAD"))
    head.snapshot.git.announce(head.snapshot.named(held))
    return {path for path, recorded in held.items() if _is_at(head, path, recorded)}


def _is_at(side: Side, path: str, recorded: Hashed) -> bool:
    content = _content(side, path)
    return content is not None and md5(BytesIO(content), legacy=recorded.legacy) == recorded.value


def _outputs(config: Config, side: Side, ground: "Callable[[], Ground] | None") -> Iterator[str]:
    """What numbers rest on; at a commit only of what Git holds, for the rest is had by what is recorded."""
    models = config.models.values()
    of_models = {path for model in models for path in (model.path, model.predictions) if path}
    asked = {pointer(each.source).path for each in config.objectives if each.source}
    here = {*of_models, *asked, *side.declared.metrics} & side.declared.outs.keys()
    found = {path: side.declared.outs[path] for path in sorted(here)}
    proven = {path: out for path, out in found.items() if out.algorithm == "md5" and out.value}
    known = _known(side, proven, ground)
    yield from (
        path for path, out in proven.items() if (known.get(path) or _lies(side, path, out)) != out.value
    )


def _known(
    side: Side, outs: Mapping[str, Hashed], ground: "Callable[[], Ground] | None"
) -> Mapping[str, str | None]:
    """The hashes of large outputs in the work tree: reading a small one costs less than remembering it."""
    large = {path: out for path, out in outs.items() if out.size is None or out.size >= _LARGE}
    if side.snapshot.commit is not None or ground is None or not large:
        return {}
    from mlci.app.stages.remembered import Remembered  # noqa: PLC0415 - small outputs are hashed as they lie

    remembered = Remembered.on(ground())
    found = {path: remembered.of(path, out) for path, out in large.items()}
    remembered.keep()
    return found


def _lies(side: Side, path: str, recorded: Hashed) -> str:
    """The hash of what lies at a path; the recorded one where nothing does, or nobody can say."""
    if side.snapshot.commit is not None:
        content = _content(side, path)
        return recorded.value if content is None else md5(BytesIO(content), legacy=recorded.legacy)
    try:
        return _lies_here(side.snapshot.files, path, recorded)
    except MlciError:
        return ""  # a link that leads out, a pipe, a directory in place of a file: no stage made that


def _lies_here(files: Files, path: str, recorded: Hashed) -> str:
    legacy = recorded.legacy
    if not files.exists(path):
        return recorded.value
    if not recorded.is_directory:
        return _hash(files, path, legacy=legacy)
    inside = files.list(path, links=True)
    return directory_hash(
        {each.removeprefix(f"{path}/"): _hash(files, each, legacy=legacy) for each in inside}
    )


def _hash(files: Files, path: str, *, legacy: bool) -> str:
    with files.open(path) as stream:
        return md5(stream, legacy=legacy)


def _parameters(side: Side) -> Iterator[str]:
    read: dict[str, Mapping[str, JsonValue] | None] = {}
    for place, stage in side.declared.stages.items():
        for file, then in stage.params.items():
            path = located(file, dirname(place))
            if path not in side.declared.params:
                continue
            if path not in read:
                read[path] = _values(side, path)
            if _has_moved(path, read[path], then):
                yield path


def _values(side: Side, path: str) -> Mapping[str, JsonValue] | None:
    content = _content(side, path)
    try:
        return read_params(content, path) if content is not None else None
    except MlciError:
        return None  # what cannot be read is told where it is compared


def _has_moved(path: str, now: Mapping[str, JsonValue] | None, then: Mapping[str, JsonValue]) -> bool:
    use = ParamsUse(file=path, keys=tuple(then))
    return now is not None and next(iter(changed_values(use, now, then)), None) is not None


def _sources(side: Side) -> Iterator[str]:
    """What stages read and neither they nor DVC made: it lies in Git."""
    plain = {path: each for path, each in side.declared.deps.items() if _is_plain(each) and "://" not in path}
    side.snapshot.git.announce(side.snapshot.named(plain))
    for path, recorded in plain.items():
        content = _content(side, path)
        if content is not None and md5(BytesIO(content), legacy=recorded.legacy) != recorded.value:
            yield path


def _is_plain(recorded: Hashed) -> bool:
    small = recorded.size is None or recorded.size <= _LIMIT
    return recorded.algorithm == "md5" and not recorded.is_directory and small


def _content(side: Side, path: str) -> bytes | None:
    try:
        return side.snapshot.read(path, limit=_LIMIT)
    except MlciError:
        return None  # likewise
