"""The lock that a job made, handed over in its artifact to somebody who may commit it."""

from collections.abc import Sequence

from msgspec import Struct

from mlci.app.bundle import LOCK, read_bundle
from mlci.app.plan import Asked, Ground, plan
from mlci.core.dvcfiles import LOCK_FILE, PIPELINE_FILE, read_lock
from mlci.core.forecast import Forecast
from mlci.core.plan import Change, FileWrite, Plan
from mlci.errors import RefusedError
from mlci.ports.files import Files

LARGEST = 64 * 1024 * 1024


class Handed(Struct, frozen=True, kw_only=True):
    """What an artifact brings: the writes, and the commit that they belong to."""

    plan: Plan
    commit: str


def kept_in_git(forecast: Forecast) -> tuple[str, ...]:
    """What a reproduction writes for Git to keep, from the project: locks, and outputs without a cache."""
    locks = (each.removesuffix(PIPELINE_FILE) + LOCK_FILE for each in forecast.pipelines)
    return (*locks, *forecast.in_git)


def hand_over(files: Files, paths: Sequence[str]) -> None:
    """Leave copies where the artifact takes them up."""
    for path in paths:
        content = files.read_if_there(path, limit=LARGEST) if not path.startswith("../") else None
        if content is not None:
            files.write(f"{LOCK}/{path}", content)


def handed(ground: Ground, artifact: Files, head: str) -> Handed:
    """What another job handed over for this commit. Writes nothing.

    Only what this checkout's own pipeline declares is looked at, and every lock must be one. Raises
    RefusedError when there is none, or when it belongs to another commit.
    """
    commit = read_bundle(artifact).commit
    if commit != head:
        raise RefusedError(
            f"the artifact is of {commit[:10]}, and {head[:10]} is checked out",
            id="artifact-of-another-commit",
            where=LOCK,
            help="git switch to the branch that the job ran for, or take its newest run's artifact",
        )
    paths = kept_in_git(plan(ground, Asked(offline=True)))
    writes = [write for path in paths if (write := _write(ground.project, artifact, path))]
    if not writes:
        raise RefusedError(
            "the artifact brings no lock: the job found the committed one right, or did not get so far",
            id="lock-not-handed",
            where=LOCK,
            help="mlci run",
        )
    return Handed(plan=Plan(files=tuple(writes)), commit=commit)


def _write(files: Files, artifact: Files, path: str) -> FileWrite | None:
    place = f"{LOCK}/{path}"
    content = None if path.startswith("../") else artifact.read_if_there(place, limit=LARGEST)
    if content is None:
        return None
    if path.endswith(LOCK_FILE):
        read_lock(content, name=place)
    before = files.read_if_there(path, limit=LARGEST)
    change = Change.CREATE if before is None else Change.KEEP if before == content else Change.UPDATE
    return FileWrite(path=path, content=content, change=change, before=before)
