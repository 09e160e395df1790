"""Whether a pipeline came to rest: run again at once, it would have nothing to do, and give the same."""

from collections.abc import Collection, Mapping
from contextlib import suppress

from mlci.core.dvc.forecast import why
from mlci.core.dvc.stages import Planned
from mlci.core.finding import Finding, Location, Status
from mlci.errors import WorldError
from mlci.ports.worktree import Entry, Kind, WorkTree

REPEATABLE = "pipeline.repeatable"
_MOST_NAMED = 5

Stamps = Mapping[str, object]


def stamps(tree: WorkTree, paths: Collection[str]) -> Stamps:
    """What tells the content of each path from a later one without reading it."""
    found: dict[str, object] = {}
    for path in sorted(paths):
        with suppress(WorldError):  # what cannot be read now is not compared later
            entry = tree.entry(path)
            if entry is not None and entry.kind is Kind.DIRECTORY:
                found[path] = [(each.path, *_stamp(each)) for each in tree.files(path)]
            elif entry is not None:
                found[path] = _stamp(entry)
    return found


def _stamp(entry: Entry) -> tuple[int, int]:
    # Not the time of a change to the inode: a link made to a file counts as one.
    return entry.size, entry.modified


def unrest(before: Stamps, after: Stamps, stale: Collection[Planned]) -> Finding | None:
    """What says that a stage changes what it reads: `stale` are stages that contradict their new record."""
    if stale:
        named = "; ".join(f"{each.name}: {why(each)}" for each in list(stale)[:_MOST_NAMED])
        return _finding(Status.FAIL, f"right after running, the pipeline is stale again ({named})")
    changed = sorted(path for path in before if after.get(path) != before[path])
    if not changed:
        return None
    named = ", ".join(changed[:_MOST_NAMED]) + (" and more" if len(changed) > _MOST_NAMED else "")
    return _finding(Status.WARN, f"what stages read changed while they ran: {named}")


def _finding(status: Status, message: str) -> Finding:
    return Finding(
        check=REPEATABLE,
        subject="dvc.yaml",
        status=status,
        message=f"{message}, so another run may give another result",
        help="let stages write to outputs of their own only, and change no file while they run",
        location=Location(path="dvc.yaml"),
    )
