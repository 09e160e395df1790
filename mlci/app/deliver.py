"""The lock that a job made, committed to the branch that it was made for. No file here is touched."""

import posixpath
import shlex

from mlci.app.handed import Handed
from mlci.core.config import Config
from mlci.core.context import RunContext
from mlci.core.plan import FileWrite
from mlci.core.problems import quoted
from mlci.core.registry.trailers import Message, parse
from mlci.errors import ForgeError, RefusedError, UsageError
from mlci.ports.clock import Clock
from mlci.ports.git import Git, PushOutcome, PushResult, RefUpdate

ORIGIN = "origin"
# What a commit of ours says of the one whose inputs it was made from.
MADE_FOR = "Lock-Made-For"


def deliver(found: Handed, branch: str, *, git: Git, clock: Clock, context: RunContext, prefix: str) -> str:
    """Commit what an artifact brings on top of its commit, push that to a branch, and return it.

    The push moves the branch only from that very commit. Raises RefusedError where somebody moved it, or
    where the lock is not the one that was committed for the same inputs before; ForgeError when it fails.
    """
    _refuse_restless(git, found.commit)
    changes = {posixpath.normpath(posixpath.join(prefix, each.path)): each for each in found.plan.pending}
    made = git.write_commit(
        {path: each.content if isinstance(each, FileWrite) else None for path, each in changes.items()},
        parent=found.commit,
        message=_message(found.commit, context),
        when=clock.now(),
        executable=[
            path for path, each in changes.items() if isinstance(each, FileWrite) and each.executable
        ],
    )
    moved = RefUpdate(ref=f"refs/heads/{branch}", new=made, expect=found.commit)
    result = git.push(ORIGIN, [moved])
    if result.outcome is not PushOutcome.DONE:
        raise _not_pushed(result, branch, found.commit)
    return made


def branch_for(context: RunContext, git: Git, config: Config) -> str:
    """The branch that a lock may be committed to: the pull request's own; at a desk the one checked out.

    Raises UsageError when there is none, RefusedError for a fork's and for the main branch.
    """
    if context.of_fork:
        raise RefusedError(
            "a fork's own run may not push to its branch",
            id="fork-not-written",
            help="in a clone of the fork: mlci lock apply --from-artifact DIR, or mlci run; then git commit",
        )
    branch = git.branch() if context.provider is None else context.branch
    if branch is None:
        raise UsageError(
            "there is no branch that the lock could be committed to",
            id="branch-unknown",
            help="git switch BRANCH; in CI only a pull request's job may use --push",
        )
    if branch == config.ci.branch:
        raise RefusedError(
            f"{branch} is changed by merges only",
            id="lock-not-for-main",
            where="ci.branch",
            help="git switch --create lock, then mlci lock apply --from-artifact DIR",
        )
    return branch


def _message(commit: str, context: RunContext) -> str:
    run = (("Run", context.run_url),) if context.run_url else ()
    return str(Message(sentence="Bring dvc.lock up to date", trailers=((MADE_FOR, commit), *run)))


def _refuse_restless(git: Git, commit: str) -> None:
    """Refuse the second lock for the same inputs: a third would follow, and each starts a run."""
    before = parse(git.commit(commit).message).get(MADE_FOR)
    if before is not None:
        raise RefusedError(
            f"the lock was made for these inputs before ({commit[:10]}), and now came out otherwise",
            id="lock-restless",
            where="dvc.lock",
            help="fix the seeds of the stages that give other bytes each time; mlci explain pipeline.lock",
        )


def _typed(branch: str) -> str:
    """A branch as a person may type it after anything: no option, and one word whatever its name."""
    return shlex.quote(f"refs/heads/{branch}")


def _not_pushed(result: PushResult, branch: str, commit: str) -> RefusedError | ForgeError:
    said = result.message.strip()
    if result.outcome is PushOutcome.STALE:
        return RefusedError(
            f"{quoted(branch)} left {commit[:10]} meanwhile: somebody pushed, and nothing was overwritten",
            id="branch-moved",
            where=branch,
            help="the run of the newer commit makes its own lock; at a desk:"
            f" git pull {ORIGIN} {_typed(branch)}",
        )
    if result.outcome is PushOutcome.UNREACHABLE:
        return ForgeError(
            f"{ORIGIN} cannot be reached: {said}", id="remote-unreachable", help="run the same command again"
        )
    return ForgeError(
        f"{ORIGIN} does not take the lock for {quoted(branch)}: {said}",
        id="push-refused",
        where=branch,
        help="let this job's token push branches: `contents: write` on GitHub; on GitLab, in"
        " MLCI_GITLAB_TOKEN, a project access token with the scope `api` and the role Developer",
    )
