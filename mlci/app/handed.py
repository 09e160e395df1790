"""The lock that a job made, handed over in its artifact to somebody who may commit it."""

import posixpath
from collections.abc import Sequence

from msgspec import Struct

from mlci.app.bundle import LOCK, read_bundle
from mlci.app.commit import UNCOMMITTED
from mlci.app.plan import Asked, Ground, plan
from mlci.core.config import Config
from mlci.core.config_schema import FILE
from mlci.core.dvcfiles import LOCK_FILE, PIPELINE_FILE, is_inside, read_lock
from mlci.core.forecast import Forecast
from mlci.core.plan import Change, FileWrite, Plan
from mlci.core.problems import quoted
from mlci.errors import RefusedError, WorldError
from mlci.ports.files import Files
from mlci.ports.git import Git

LARGEST = 64 * 1024 * 1024
_CI_FILES = frozenset({"Jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml"})


class Handed(Struct, frozen=True, kw_only=True):
    """What an artifact brings: the writes, and the commit that they belong to."""

    plan: Plan
    commit: str


def kept_in_git(forecast: Forecast) -> tuple[str, ...]:
    """What a reproduction writes for Git to keep, from the project: locks, and outputs without a cache."""
    locks = (each.removesuffix(PIPELINE_FILE) + LOCK_FILE for each in forecast.pipelines)
    return (*locks, *forecast.in_git)


def hand_over(files: Files, paths: Sequence[str]) -> tuple[str, ...]:
    """Leave copies where the artifact takes them up; return why some are not taken along."""
    left = []
    for path in paths:
        try:
            for place, content in _contents(files, path).items():
                files.write(f"{LOCK}/{place}", content)
        except WorldError as error:
            left.append(error.message)
    return tuple(left)


def _contents(files: Files, path: str) -> dict[str, bytes]:
    """The file at a path, or those below it. Raises WorldError for one that cannot be handed over."""
    if path.startswith("../"):
        return {}
    found = {each: files.read_if_there(each, limit=LARGEST) for each in [*files.list(path)] or [path]}
    return {each: content for each, content in found.items() if content is not None}


def handed(ground: Ground, artifact: Files, head: str, git: Git, config: Config, prefix: str) -> Handed:
    """What another job handed over for this commit. Writes nothing.

    Only what this checkout's own pipeline declares is looked at, and every lock must be one. Raises
    RefusedError when there is none, or when it belongs to another commit.
    """
    commit, place = read_bundle(artifact).commit, f"{artifact.root.name}/{LOCK}"
    if commit == head + UNCOMMITTED:
        raise RefusedError(
            f"the artifact is of changes to {head[:10]} that were not committed",
            id="artifact-of-another-commit",
            where=place,
            help="take the artifact of a CI job, which runs on what is committed",
        )
    if commit != head:
        raise RefusedError(
            f"the artifact is of {commit[:10]}, and {head[:10]} is checked out",
            id="artifact-of-another-commit",
            where=place,
            help="git switch to the branch that the job ran for, or take its newest run's artifact",
        )
    forecast = plan(ground, Asked(offline=True))
    brought = [each for path in kept_in_git(forecast) for each in _brought(artifact, path)]
    paths = [each.removeprefix(f"{LOCK}/") for each in brought]
    writes = [_write(ground.project, artifact, path) for path in paths]
    changed = [each.path for each in writes if each.change is not Change.KEEP]
    _refuse_ours(changed, forecast, config)
    _refuse_uncommitted([*forecast.pipelines, *changed], git, prefix)
    if not writes:
        raise RefusedError(
            "the artifact brings no lock: the job found the committed one right, or did not get so far",
            id="lock-not-handed",
            where=place,
            help="mlci run",
        )
    return Handed(plan=Plan(files=tuple(writes)), commit=commit)


def _brought(artifact: Files, path: str) -> Sequence[str]:
    """Where the artifact holds a path, or what lies below it."""
    place = f"{LOCK}/{path}"
    if path.startswith("../"):
        return ()
    return [*artifact.list(place)] or ([place] if artifact.exists(place) else [])


def _refuse_ours(paths: Sequence[str], forecast: Forecast, config: Config) -> None:
    """Refuse what people write and review, even if a stranger's `dvc.yaml` calls it an output."""
    locks = {each.removesuffix(PIPELINE_FILE) + LOCK_FILE for each in forecast.pipelines}
    written = {FILE, *forecast.pipelines, *(each.file for each in config.environments.values())}
    for path in paths:
        hidden = any(part.startswith(".") or part in _CI_FILES for part in path.split("/"))
        read = path not in locks and any(is_inside(path, each) for each in forecast.read)
        if hidden or read or path in written or path.endswith(".dvc"):
            raise RefusedError(
                f"the artifact would replace {quoted(path)}, which is not for a job to write",
                id="not-for-a-job",
                where=PIPELINE_FILE,
                help="git diff main -- dvc.yaml, and see why that is an output without a cache",
            )


def _refuse_uncommitted(paths: Sequence[str], git: Git, prefix: str) -> None:
    """Refuse to write over what nobody could bring back, or to trust a pipeline that is no commit's."""
    dirty = frozenset(git.dirty())
    for path in paths:
        if posixpath.normpath(posixpath.join(prefix, path)) in dirty:
            raise RefusedError(
                f"{quoted(path)} has changes that are not committed",
                id="uncommitted-changes",
                where=path,
                help="git stash keeps them, git restore drops them; then run the same command again",
            )


def _write(files: Files, artifact: Files, path: str) -> FileWrite:
    place = f"{LOCK}/{path}"
    content = artifact.read(place, limit=LARGEST)
    if path.endswith(LOCK_FILE):
        read_lock(content, name=place)
    before = files.read_if_there(path, limit=LARGEST)
    change = Change.CREATE if before is None else Change.KEEP if before == content else Change.UPDATE
    return FileWrite(path=path, content=content, change=change, before=before)
