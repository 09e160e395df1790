"""Why the bytes of a file are not to be had on one side of a diff, and what to type to have them."""

import shlex
from collections.abc import Mapping

from msgspec import Struct

from mlci.app.side.outputs import Outputs, home
from mlci.app.side.snapshot import Snapshot
from mlci.core.dvc.files import Hashed
from mlci.errors import MlciError
from mlci.ports.dvc import Dvc


class Absence(Struct, frozen=True, kw_only=True):
    """What is known of a file that is not here: `why` is a clause on it, `help` the next command."""

    why: str
    help: str


def absence(outputs: Outputs, snapshot: Snapshot, path: str, outs: Mapping[str, Hashed]) -> Absence:
    """What keeps a file that could not be read from being read.

    A commit's was asked for on the remote, so that it is asked once more what is wrong with it. For the
    work tree's nobody went to the network, and nobody does now.
    """
    place = path if path in outs else home(path, outs)
    if place is None:
        return _unrecorded(snapshot)
    if outs[place].in_git:
        return _removed(snapshot, path)
    dvc = outputs.dvc
    remote = outputs.remote or (dvc.default_remote() if dvc.remotes() else None)
    if remote is None:
        return _without_remote(dvc, snapshot)
    if snapshot.commit is None:
        return _here(dvc, remote, path, outs[place])
    return _fetched(dvc, remote, snapshot.commit, path, outs[place])


def _unrecorded(snapshot: Snapshot) -> Absence:
    declare = "declare it under `outs:` of a stage in dvc.yaml"
    # A run makes nothing for a commit that stands: what is committed next is kept.
    then = ", then mlci run" if snapshot.commit is None else ": from the next commit on it is kept"
    return Absence(why="is not here, and neither Git nor dvc.lock holds it", help=f"{declare}{then}")


def _removed(snapshot: Snapshot, path: str) -> Absence:
    keep = f"git add {shlex.quote(path)} and commit it"
    why = "and by `cache: false` only Git holds it"
    if snapshot.commit is None:
        return Absence(why=f"is not here, {why}", help=f"mlci run, then {keep}")
    return Absence(why=f"is not in Git, {why}", help=f"{keep} on the branch that made it")


def _without_remote(dvc: Dvc, snapshot: Snapshot) -> Absence:
    if dvc.remotes():
        why = "is neither here nor in DVC's cache, and none of DVC's remotes is its default"
        return Absence(why=why, help=f"dvc remote default {shlex.quote(min(dvc.remotes()))}")
    why = "is neither here nor in DVC's cache, and there is no DVC remote"
    if snapshot.commit is None:
        return Absence(why=why, help="mlci run, which makes it")
    return Absence(why=why, help="where it was made: dvc remote add --default storage URL, then dvc push")


def _here(dvc: Dvc, remote: str, path: str, recorded: Hashed) -> Absence:
    pull = f"dvc pull {shlex.quote(path)}"
    if not dvc.is_near(remote):
        return Absence(why="is not here", help=f"{pull}; where {remote} does not hold it: mlci run")
    if _lacks(dvc, remote, recorded):
        return Absence(why=_nowhere(remote), help="mlci run, which makes it; or dvc push where it was made")
    return Absence(why=f"is not here, but on the remote {remote}", help=pull)


def _fetched(dvc: Dvc, remote: str, commit: str, path: str, recorded: Hashed) -> Absence:
    silent = None if dvc.is_near(remote) else dvc.unreadable(remote)
    if silent is not None:
        why = f"cannot be fetched: the remote {remote} cannot be read ({silent.why})"
        return Absence(why=why, help="mlci doctor")
    if _lacks(dvc, remote, recorded):
        return Absence(why=_nowhere(remote), help="`dvc push` on the branch that made it")
    told = f"dvc get --rev {commit[:10]} . {shlex.quote(path)}"
    return Absence(why=f"is on the remote {remote}, and could not be fetched", help=f"{told} says why")


def _nowhere(remote: str) -> str:
    return f"is neither here, nor in DVC's cache, nor on the remote {remote}"


def _lacks(dvc: Dvc, remote: str, recorded: Hashed) -> bool:
    """Whether the remote says that it has no such object; one that is named otherwise it is not asked for."""
    if recorded.algorithm != "md5" or not recorded.value or recorded.cloud:
        return False
    try:
        return bool(dvc.absent([recorded.value], remote=remote))
    except MlciError:
        return False
