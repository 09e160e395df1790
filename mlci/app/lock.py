"""`lock resolve`: both sides of a conflict in `dvc.lock`, stage by stage; what neither made is reproduced."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from mlci.app.plan import Asked, plan
from mlci.app.stages.catalogue import Catalogue, pipeline_homes, read_catalogue
from mlci.app.stages.ground import Ground
from mlci.core.dvc.files import LOCK_FILE
from mlci.core.dvc.lockmerge import Side, Sides, joined, sides_of, split_conflict
from mlci.core.dvc.stages import Cause, Planned, Standing
from mlci.core.plan import Change, FileWrite, Plan
from mlci.errors import UsageError
from mlci.ports.git import Git

_ELSEWHERE = (Cause.UPSTREAM, Cause.OUTPUT, Cause.MISSING)


class Choice(Struct, frozen=True, kw_only=True):
    """Which side one stage's record is taken from, and whether it still has to run."""

    stage: str
    side: Side
    runs: bool = False


class Resolved(Struct, frozen=True, kw_only=True):
    """A conflict's solution: the locks to write, and what is to be said of each stage."""

    plan: Plan
    choices: tuple[Choice, ...]

    @property
    def running(self) -> tuple[str, ...]:
        """The stages that neither side made from what stands here now."""
        return tuple(each.stage for each in self.choices if each.runs)


def resolve(ground: Ground, git: Git, *, top: str = "") -> Resolved:
    """Take each stage's record from the side that fits what stands here. Writes nothing.

    `top` is the way from the repository's top to the DVC root. Raises UsageError when nothing conflicts.
    """
    conflicts = dict(_conflicts(ground, git, top))
    if not conflicts:
        raise UsageError(
            f"there is no conflict in {LOCK_FILE}", id="lock-settled", where=LOCK_FILE, help="git status"
        )
    nothing = dict.fromkeys(conflicts, b"")
    catalogue = read_catalogue(ground.root, ground.tree, ground.dvc, ground.prefix, locks=nothing)
    merger = _Merger(ground=ground, catalogue=catalogue, conflicts=conflicts)
    chosen = merger.chosen()
    locks, planned = merger.judged(chosen)
    runs = _unmade(planned)
    choices = (
        Choice(stage=start + name, side=chosen[home][name], runs=start + name in runs)
        for home, sides in conflicts.items()
        for start in [catalogue.start(home)]
        for name in sides.names
        if start + name in catalogue.stages
    )
    writes = (
        FileWrite(path=posixpath.join(home, LOCK_FILE), content=content, change=Change.UPDATE)
        for home, content in sorted(locks.items())
    )
    return Resolved(plan=Plan(files=tuple(writes)), choices=tuple(choices))


def _conflicts(ground: Ground, git: Git, top: str) -> Iterator[tuple[str, Sides]]:
    """The locks that stand in two versions, in Git's index or between markers, by directory."""
    for home in pipeline_homes(ground.tree):
        path = posixpath.join(home, LOCK_FILE)
        base, ours, theirs = git.blobs([(f":{stage}", posixpath.join(top, path)) for stage in (1, 2, 3)])
        if ours is not None and theirs is not None:
            yield home, sides_of(ours, theirs, base or b"", name=path)
        elif split := split_conflict(ground.root.read_if_there(path) or b""):
            yield home, replace(sides_of(*split, name=path), mixed=True)


class _Merger(Struct, frozen=True, kw_only=True):
    """Decides for stages that both sides changed by what a plan says of either record."""

    ground: Ground
    catalogue: Catalogue
    conflicts: Mapping[str, Sides]

    def chosen(self) -> Mapping[str, Mapping[str, Side]]:
        """A side for each stage, by directory."""
        fits = {side: self._fitting(side) for side in (Side.OURS, Side.THEIRS)}
        found: dict[str, dict[str, Side]] = {}
        for home, sides in self.conflicts.items():
            start = self.catalogue.start(home)
            found[home] = {
                name: sides.settled(name) or (Side.THEIRS if _only(start + name, fits) else Side.OURS)
                for name in sides.names
            }
        return found

    def judged(
        self, chosen: Mapping[str, Mapping[str, Side]]
    ) -> tuple[Mapping[str, bytes], Sequence[Planned]]:
        """The locks that a choice makes, and the plan with them."""
        locks = {
            home: joined(sides, chosen[home], self._kept(home, sides))
            for home, sides in self.conflicts.items()
        }
        return locks, plan(self.ground, Asked(offline=True, remote="", locks=locks)).stages

    def _fitting(self, preferred: Side) -> set[str]:
        """The stages whose records fit what stands here, if one side is preferred."""
        chosen = {
            home: {name: sides.settled(name) or preferred for name in sides.names}
            for home, sides in self.conflicts.items()
        }
        _, planned = self.judged(chosen)
        return {each.name for each in planned if not _misfits(each)}

    def _kept(self, home: str, sides: Sides) -> Sequence[str]:
        start = self.catalogue.start(home)
        return [name for name in sides.names if start + name in self.catalogue.stages]


def _unmade(planned: Sequence[Planned]) -> set[str]:
    """The stages whose records do not fit, and those after them. Outputs can be checked out."""
    found: set[str] = set()
    for each in planned:
        if _misfits(each) or (each.standing is not Standing.FROZEN and found & {*each.upstream}):
            found.add(each.name)
    return found


def _misfits(planned: Planned) -> bool:
    return any(reason.cause not in _ELSEWHERE for reason in planned.reasons)


def _only(name: str, fits: Mapping[Side, set[str]]) -> bool:
    return name in fits[Side.THEIRS] and name not in fits[Side.OURS]
