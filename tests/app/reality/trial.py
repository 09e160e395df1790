"""One case: build, clone, change, plan, and let DVC do what it does.

DVC works inside this process, which spares its start a thousand times, and remembers what a YAML text means,
which it otherwise reads again for each stage.
"""

import json
import os
import pickle
import posixpath
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import dvc.repo.reproduce as reproducing
from dvc.exceptions import DvcException, ReproductionError
from dvc.repo import Repo
from dvc.stage import Stage
from dvc.stage.cache import StageCache
from dvc.utils import strictyaml
from dvc.utils.serialize import _yaml

from mlci.adapters.clock import SystemClock
from mlci.adapters.dvc_child import absent, manifests, resolve
from mlci.adapters.files import FileTree
from mlci.adapters.progress import SilentProgress
from mlci.adapters.worktree import LinkedTree
from mlci.app.plan import Asked, plan
from mlci.app.stages.ground import Ground
from mlci.core.dvc.forecast import Whereabouts
from mlci.errors import ConfigError, MlciError
from mlci.ports.dvc import Missing
from tests.app.reality.changes import CHANGES, Scene
from tests.app.reality.pipeline import IMPORTED, WHOLE, Pipeline, pipeline, write_sources


@lru_cache(maxsize=256)
def _meaning(text: str, path: str) -> bytes:
    return pickle.dumps(_PARSE(text, path))


def _parse(text: str, path: str, typ: str = "safe") -> object:
    return pickle.loads(_meaning(text, path))


_PARSE = _yaml.parse_yaml
_yaml.parse_yaml = strictyaml.parse_yaml = _parse


def trial(directory: Path, seed: int) -> dict:
    """What was planned and what ran. The seed decides everything."""
    made = pipeline(seed)
    home = directory / str(seed)
    work, clone = home / "work", home / "clone"
    os.environ["REALITY_LOG"] = str(home / "log")
    with _standing_in(work):
        scene = _built(made, home)
        changes = made.random.sample(sorted(CHANGES), k=made.random.choice((1, 1, 1, 2, 3)))
        for name in changes:
            CHANGES[name](scene)
    (home / "log").write_text("")
    with _standing_in(clone), Repo() as repo:
        gone = _gone(repo)
        planned = _planned(clone, repo)
        done = _reproduced(repo)
    ran = sorted(set((home / "log").read_text().split()))
    shutil.rmtree(home)
    return {
        "seed": seed,
        "changes": changes,
        "kinds": _kinds(made),
        "gone": gone,
        "ran": ran,
        **done,
        **planned,
    }


@contextmanager
def _standing_in(directory: Path) -> Iterator[None]:
    directory.mkdir(parents=True, exist_ok=True)
    before = Path.cwd()
    os.chdir(directory)
    try:
        yield
    finally:
        os.chdir(before)


def _built(made: Pipeline, home: Path) -> Scene:
    """The pipeline after its first run, what was pushed, and somebody else's clone of it."""
    work, outside = home / "work", home / "outside"
    outside.mkdir()
    write_sources(work)
    made.write(work)
    with Repo.init(no_scm=True) as repo:
        with repo.config.edit() as config:
            config["remote"] = {"storage": {"url": str(home / "storage")}}
            config["core"].update({"remote": "storage", "analytics": False})
        repo.add([each for each in WHOLE if made.reads(each)])
        for name, content in IMPORTED.items():
            if made.reads(name):
                (outside / name).write_text(content)
                repo.imp_url(str(outside / name), name, frozen=name == "got.txt")
        failed = _reproduced(repo, pull=False)
        assert not failed["failed"], (made, failed)
        _push(work / ".dvc/cache/files", home / "storage/files")
        for out in repo.index.outs:
            if out.use_cache and not out.can_push:
                _unpush(out.hash_info.value, home / "storage/files/md5")
        _freeze_some(made, work)
        _clone(made, work, home / "clone", {out.fs_path for out in repo.index.outs if out.use_cache})
    return Scene(made, work, home / "clone", home / "storage", outside, lambda path: _add(home, path))


def _push(cache: Path, storage: Path) -> None:
    """What `dvc push` does to a remote that is a directory."""
    for each in sorted(cache.rglob("*")):
        target = storage / each.relative_to(cache)
        if each.is_file() and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(each, target)


def _unpush(name: str, storage: Path) -> None:
    place = storage / name[:2] / name[2:]
    if name.endswith(".dir"):
        for each in json.loads(place.read_text()):
            (storage / each["md5"][:2] / each["md5"][2:]).unlink(missing_ok=True)
    place.unlink()


def _add(home: Path, path: str) -> None:
    cache = home / "work/.dvc/cache/files"
    before = set(cache.rglob("*"))
    with Repo() as repo:
        repo.add(path)
    for each in set(cache.rglob("*")) - before:
        if each.is_file():
            (home / "storage/files" / each.relative_to(cache)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(each, home / "storage/files" / each.relative_to(cache))


def _freeze_some(made: Pipeline, work: Path) -> None:
    """Some stages become frozen after they ran: before, they could not."""
    for _, _, stage in made.stages():
        if made.random.random() < 0.08:
            stage.get("do", stage)["frozen"] = True
    made.write(work)


def _clone(made: Pipeline, work: Path, clone: Path, cached: set[str]) -> None:
    """The work tree as Git gives it to somebody else; now and then with the cache, or with everything."""
    has_cache, has_outs = made.random.choice(((False, False),) * 6 + ((True, False), (True, True)))

    def leave(directory: str, names: list[str]) -> set[str]:
        left = {each for each in names if posixpath.join(directory, each) in cached and not has_outs}
        return left | ({"tmp"} if has_cache else {"cache", "tmp"}) & set(names)

    shutil.copytree(work, clone, ignore=leave, symlinks=True)
    shutil.rmtree(clone / ".dvc/cache/runs", ignore_errors=True)


def _reproduced(repo: Repo, *, pull: bool = True) -> dict:
    """`dvc repro --all-pipelines --pull --keep-going`: what failed and why, what was skipped for it, and what
    was laid out from the cache instead of run.
    """
    failed: dict[str, str] = {}
    skipped: set[str] = set()
    restored: set[str] = set()
    told, restore = reproducing.handle_error, StageCache.restore

    def noted(graph: object, on_error: str, error: Exception, stage: object) -> set:
        failed[_token(stage.addressing)] = str(error)
        waiting: set = told(graph, on_error, error, stage)
        skipped.update(_token(each.addressing) for each in waiting)
        return waiting

    def laid_out(cache: StageCache, stage: Stage, **options: bool) -> None:
        restore(cache, stage, **options)
        restored.add(_token(stage.addressing))

    reproducing.handle_error, StageCache.restore = noted, laid_out
    ended = ""
    try:
        repo.reproduce(all_pipelines=True, pull=pull, on_error="keep-going")
    except ReproductionError:
        assert failed
    except DvcException as error:
        ended = str(error)
    finally:
        reproducing.handle_error, StageCache.restore = told, restore
    return {"failed": failed, "skipped": sorted(skipped), "restored": sorted(restored), "ended": ended}


def _gone(repo: Repo) -> dict[str, list[str]]:
    """By stage, what Git should hold and does not: inputs that nobody makes, and uncached outputs."""
    try:
        stages, outs = repo.index.stages, [out.fs_path for out in repo.index.outs]
    except DvcException:
        return {}
    return {_token(stage.addressing): [*_gone_of(stage, outs)] for stage in stages}


def _gone_of(stage: Stage, outs: list[str]) -> Iterator[str]:
    for dep in stage.deps:
        if not dep.exists and not any(_overlap(dep.fs_path, out) for out in outs):
            yield str(dep.def_path)
    for out in stage.outs:
        if not out.exists and not out.use_cache:
            yield str(out.def_path)


def _overlap(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one}/")


def _planned(root: Path, repo: Repo) -> dict:
    files = FileTree(root)
    ground = Ground(
        root=files,
        project=files,
        tree=LinkedTree(root, caches=lambda: (root / ".dvc/cache",)),
        dvc=InProcess(repo),
        clock=SystemClock(),
        progress=SilentProgress(),
    )
    try:
        found = plan(ground, Asked(remote="storage", remember=False))
    except MlciError as error:
        return {"refused": f"{error.id}: {error}", "stages": {}, "nowhere": []}
    return {
        "refused": "",
        "nowhere": [each.path for each in found.absent if each.at is Whereabouts.NOWHERE],
        "stages": {
            _token(each.name): {
                "standing": each.standing.value,
                "why": [f"{reason.cause.value} {reason.subject}".strip() for reason in each.reasons],
                "upstream": [_token(name) for name in each.upstream],
            }
            for each in found.stages
        },
    }


def _token(name: str) -> str:
    """What the stage writes into the log, whatever it is called by now and wherever it is declared."""
    return name.rpartition(":")[2].removesuffix("new")


def _kinds(made: Pipeline) -> list[str]:
    return sorted({key for _, _, stage in made.stages() for key in stage})


class InProcess:
    """DVC without its start."""

    def __init__(self, repo: Repo) -> None:
        self._repo = repo

    def resolve(self, paths: list[str]) -> list[bytes]:
        try:
            return [json.dumps(each).encode() for each in resolve(self._repo, {"paths": paths})]
        except DvcException as error:
            raise ConfigError(str(error), id="dvc-template", where=paths[0]) from error

    def manifests(self, names: list[str], *, remote: str | None = None) -> dict[str, bytes]:
        found = manifests(self._repo, {"names": names, "remote": remote})
        return {name: content.encode() for name, content in found.items()}

    def absent(self, names: list[str], *, remote: str | None = None) -> list[str]:
        return absent(self._repo, {"names": names, "remote": remote})

    def not_in_remote(self, *, remote: str | None = None) -> list[Missing]:
        found = self._repo.data_status(granular=True, not_in_remote=True, remote_refresh=True, remote=remote)
        return [Missing(path=path) for path in found.get("not_in_remote", ())]
