"""Where what a job reproduced goes: to the right remote, before anybody names it."""

from mlci.core.config import Config, LockAuthor
from mlci.core.context import RunContext, Trigger
from mlci.core.finding import Finding, Location, Status
from mlci.ports.dvc import Dvc

PUBLISHED = "pipeline.published"
_MOST_NAMED = 10


def destination(config: Config, context: RunContext, reads: str | None) -> str | None:
    """The remote that this job writes to; None at a desk, and where it is the author who pushes.

    A pull request never writes where `reads` is, since main would believe what it finds there.
    """
    wanted = config.remotes
    if context.provider is None:
        return None
    if context.trigger is Trigger.PULL_REQUEST:
        return wanted.pull_request if wanted.pull_request != reads else None
    if context.trigger is not Trigger.MAIN:
        return None
    if config.ci.lock is LockAuthor.CI:
        return wanted.write or reads
    return wanted.write if wanted.write != reads else None


def publish(dvc: Dvc, remote: str, *, reads: str | None, promised: bool) -> Finding:
    """Push, and ask the remote whether all of it lies there. Only what is `promised` to others is red."""
    done = dvc.push(remote=remote)
    missing = [each.path for each in dvc.not_in_remote(remote=remote)] if done.ok else []
    if missing and reads != remote:
        # What was not needed here has not been here: it lies where this job reads.
        dvc.pull(missing, remote=reads)
        done = dvc.push(remote=remote)
        missing = [each.path for each in dvc.not_in_remote(remote=remote)] if done.ok else []
    if done.ok and not missing:
        return _finding(Status.PASS, f"all that dvc.lock names lies on the remote {remote}")
    named = ", ".join(missing[:_MOST_NAMED]) + (" and more" if len(missing) > _MOST_NAMED else "")
    why = f"it does not hold {named}" if done.ok else done.last_lines(1)
    status = Status.ERROR if promised else Status.WARN
    return _finding(status, f"the results could not be pushed to the remote {remote}: {why}", "mlci doctor")


def _finding(status: Status, message: str, help_: str | None = None) -> Finding:
    return Finding(
        check=PUBLISHED,
        subject="dvc.lock",
        status=status,
        message=message,
        help=help_,
        location=Location(path="dvc.lock"),
    )
