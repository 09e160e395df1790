"""What `dvc.lock` says of a model at a commit: its bytes, and the data and parameters it was made from."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlci.app.situation import path_of
from mlci.core.dvcfiles import (
    LOCK_FILE,
    PIPELINE_FILE,
    Hashed,
    LockedStage,
    located,
    read_lock,
    read_pipeline,
)
from mlci.core.strictjson import dumps
from mlci.errors import MlciError
from mlci.ports.git import Git


@dataclass(frozen=True, slots=True, kw_only=True)
class Locked:
    """One commit's lock: outputs and inputs by path from the project, and digests of the whole."""

    outs: Mapping[str, Hashed]
    inputs: Mapping[str, Hashed]
    digest: str
    params: str

    def holding(self, path: str) -> tuple[str, Hashed] | None:
        """The output that a path is, or lies in."""
        inside = [each for each in self.outs if path == each or path.startswith(f"{each}/")]
        return (inside[0], self.outs[inside[0]]) if inside else None


def locked_at(git: Git, prefix: str, commits: Sequence[str]) -> list[Locked | None]:
    """The lock of each commit, None where there is none that can be read; one process for all."""
    names = [(each, path_of(prefix, name)) for each in commits for name in (PIPELINE_FILE, LOCK_FILE)]
    contents = git.blobs(names)
    return [_locked(*contents[index : index + 2]) for index in range(0, len(contents), 2)]


def _locked(pipeline: bytes | None, lock: bytes | None) -> Locked | None:
    if lock is None:
        return None
    try:
        stages = read_lock(lock)
        wdirs = {name: stage.wdir for name, stage in read_pipeline(pipeline or b"").stages.items()}
    except MlciError:
        return None
    outs: dict[str, Hashed] = {}
    deps: dict[str, Hashed] = {}
    for name, stage in stages.items():
        wdir = wdirs.get(name.partition("@")[0], ".")
        outs.update({located(path, wdir): out for path, out in stage.outs.items()})
        deps.update({located(path, wdir): dep for path, dep in stage.deps.items()})
    return Locked(
        outs=outs,
        inputs={path: dep for path, dep in sorted(deps.items()) if path not in outs and dep.value},
        digest=hashlib.sha256(lock).hexdigest(),
        params=_params(stages),
    )


def _params(stages: Mapping[str, LockedStage]) -> str:
    document = dumps(
        {name: {file: dict(keys) for file, keys in each.params.items()} for name, each in stages.items()}
    )
    return hashlib.sha256(document.encode()).hexdigest()
