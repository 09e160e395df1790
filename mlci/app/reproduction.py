"""A version made again from its tag, without any cache of results, and held against what was recorded."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from mlci.app.registry.locked import Locked, layout_at, locked_at, locked_in, tracked_at
from mlci.app.registry.situation import path_of
from mlci.app.side.snapshot import Snapshot, declared
from mlci.core.diff.leaves import Leaves, read_leaves
from mlci.core.diff.values import MISSING
from mlci.core.dvc.files import Hashed
from mlci.core.registry.proof import Proof
from mlci.core.wording import count
from mlci.errors import MlciError, WorldError
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files
from mlci.ports.git import Git
from mlci.ports.progress import Progress

_MOST_NAMED = 3


class Workshop(Struct, frozen=True, kw_only=True):
    """Where versions are made again. `dvc_at` is DVC in another checkout; stages run in the user's Python."""

    git: Git
    dvc: Dvc
    dvc_at: Callable[[Path], Dvc]
    files_at: Callable[[Path], Files]
    progress: Progress
    prefix: str = ""
    remote: str | None = None


def reproduce(shop: Workshop, commit: str) -> tuple[Proof, ...]:
    """Check a commit out beside the work tree, run every stage anew, and compare all outputs.

    Raises WorldError when the pipeline does not run.
    """
    layout = layout_at(shop.git, shop.prefix, commit)
    (recorded,) = locked_at(shop.git, shop.prefix, [commit], layout)
    if recorded is None:
        return (Proof(what="reproduced", ok=None, why="its commit has no dvc.lock"),)
    with shop.git.worktree(commit) as tree:
        place = tree / shop.prefix
        there, files = shop.dvc_at(place), shop.files_at(place)
        there.checkout()
        _bring(shop, files, commit, tracked_at(shop.git, shop.prefix, commit, layout))
        _run(shop, there)
        made = locked_in(files, layout)
        if made is None:
            return (Proof(what="reproduced", ok=False, why="the pipeline left no lock that can be read"),)
        metrics = _metrics(shop, files, commit)
        return tuple(_compared(recorded, made, metrics))


def _bring(shop: Workshop, files: Files, commit: str, tracked: Mapping[str, Hashed]) -> None:
    """The data that `*.dvc` files name; no stage makes it, so it must come from somewhere."""
    for path in tracked:
        if files.exists(path):
            continue
        done = shop.dvc.get(path, commit, files.root / path, remote=shop.remote)
        if not done.ok:
            raise WorldError(
                f"{path} cannot be fetched: {done.last_lines(3)}",
                id="data-not-fetched",
                where=path,
                help="dvc push, where this data is",
            )


def _run(shop: Workshop, there: Dvc) -> None:
    shop.progress.step("running every stage anew")
    done = there.repro(pull=False, run_cache=False, force=True, on_line=shop.progress.line)
    shop.progress.done()
    if not done.ok:
        raise WorldError(
            f"the pipeline of that commit does not run here: {done.last_lines(5)}",
            id="not-reproducible",
            help="does `python:` have what that commit needs?",
        )


def _metrics(shop: Workshop, files: Files, commit: str) -> dict[str, Proof]:
    """Each metrics file compared value by value."""
    snapshot = Snapshot(git=shop.git, files=files, prefix=shop.prefix, commit=commit)
    paths = declared(snapshot).metrics
    before = shop.git.blobs([(commit, path_of(shop.prefix, path)) for path in paths])
    found = (
        _values(path, old, files.read_if_there(path))
        for path, old in zip(paths, before, strict=True)
        if old is not None
    )
    return {each.what: each for each in found}


def _values(path: str, before: bytes, after: bytes | None) -> Proof:
    try:
        old, new = read_leaves(before, path), read_leaves(after or b"", path)
    except MlciError as error:
        return Proof(what=path, ok=False, why=error.message)
    moved = _moved(old, new)
    if not moved:
        return Proof(what=path, ok=True, why=f"the same {count(len(old), 'value')}")
    named = ", ".join(moved[:_MOST_NAMED])
    more = f" and {len(moved) - _MOST_NAMED} more" if len(moved) > _MOST_NAMED else ""
    return Proof(what=path, ok=False, why=f"{count(len(moved), 'value')} differ: {named}{more}")


def _moved(old: Leaves, new: Leaves) -> list[str]:
    keys = sorted({*old, *new})
    return [".".join(key) for key in keys if not old.get(key, MISSING).same_as(new.get(key, MISSING))]


def _compared(recorded: Locked, made: Locked, metrics: Mapping[str, Proof]) -> Iterator[Proof]:
    """Each output by hash. Other bytes under equal metrics are not a broken promise, but they are named."""
    differs = {path for path, out in recorded.outs.items() if _value(made, path) != out.value}
    equal = bool(metrics) and all(each.ok for each in metrics.values())
    for path, out in sorted(recorded.outs.items()):
        if path in metrics:
            yield metrics[path]
        elif path not in differs:
            yield Proof(what=path, ok=True, why=f"the same bytes: {out.algorithm} {out.value}")
        else:
            yield Proof(
                what=path, ok=None if equal else False, why=_why(recorded, path, differs, equal=equal)
            )


def _why(recorded: Locked, path: str, differs: set[str], *, equal: bool) -> str:
    origin = recorded.made[path]
    causes = sorted(differs.intersection(origin.deps))
    why = (
        f"other bytes, since {', '.join(causes)} differs"
        if causes
        else f"stage {origin.stage} is not deterministic: the same inputs made other bytes"
    )
    return f"{why}; every metric is equal" if equal else why


def _value(made: Locked, path: str) -> str:
    out = made.outs.get(path)
    return out.value if out else ""
