"""Which two commits a diff is of: as they are named, else as the occasion has it."""

from collections.abc import Callable
from contextlib import suppress

from msgspec.structs import replace

from mlci.app.comparison.range import ORIGIN, Range
from mlci.core.config import Config
from mlci.core.context import RunContext, Trigger
from mlci.core.problems import did_you_mean, quoted
from mlci.errors import UsageError, WorldError
from mlci.ports.git import Git

_WITHOUT_ORIGIN = (
    f"git remote add {ORIGIN} URL, or a branch that is here as `ci: {{branch: NAME}}` in mlci.yaml"
)
DEPTHS = (50, 200, 1_000)


def resolve(git: Git, name: str, prefix: str = "") -> str:
    """The commit of a revision, tag, version or environment (`income#prod`). Raises UsageError.

    A branch that was never checked out here is as the remote has it.
    """
    commit = (_running(git, name, prefix) if "#" in name else None) or git.resolve(name)
    commit = commit or git.resolve(f"refs/remotes/{ORIGIN}/{name}")
    if commit is None:
        cut = git.shallow
        fetch = f"git fetch {'--unshallow ' * cut}--tags"
        near = _near(git, name, prefix)
        raise UsageError(
            f"{name!r} names no commit, version or environment here{', where history is cut off' * cut}",
            id="revision-unknown",
            help=f"{near}; {fetch} brings those of others" if near else f"{fetch}, or mlci models",
        )
    return commit


def _near(git: Git, name: str, prefix: str) -> str:
    """What there is of that kind, where a name is an environment's, a version's or a model's."""
    from mlci.app.comparison.versions import known, newest  # noqa: PLC0415 - most diffs name commits

    if {*"#@"} & {*name}:
        return did_you_mean(name, known(git, name), "here are")
    version = newest(git, name, prefix)
    return f"{quoted(version)} is that model's newest version" if version else ""


def _running(git: Git, name: str, prefix: str) -> str | None:
    from mlci.app.comparison.versions import running  # noqa: PLC0415 - most diffs name commits

    return running(git, name, prefix)


def choose(
    git: Git, config: Config, context: RunContext, *, prefix: str, base: str | None, head: str | None
) -> Range:
    """The two sides: those named; else head is the work tree and base follows from the occasion."""
    head_commit = resolve(git, head, prefix) if head else None
    here = head_commit or context.head or git.resolve("HEAD")
    if base is not None:
        commit = resolve(git, base, prefix)
        return Range(
            base=commit,
            head=head_commit,
            base_name=base,
            head_name=head or "work tree",
            apart=_apart(git, commit, here or commit),
        )
    named = head or ("work tree" if context.head is None else context.head[:10])
    if here is None:
        return Range(base=None, head=head_commit, head_name=named, notes=("there is no commit yet",))
    if context.trigger is Trigger.MAIN:
        from mlci.app.comparison.versions import since_version  # noqa: PLC0415 - only main's diffs read the registry

        found = since_version(git, config, prefix)
    else:
        found = _since_branching(git, config.ci.branch, context.base_tip, here)
    return replace(found, head=head_commit, head_name=named)


def _apart(git: Git, base: str, here: str) -> Callable[[], bool]:
    """Whether two commits have nothing in common; a history that is cut off cannot tell."""
    if base == here or base in git.commit(here).parents:
        return lambda: False
    # Git walks the history while we read the two commits.
    meeting = git.begin_merge_base(base, here)
    return lambda: meeting() is None and not git.shallow


def _since_branching(git: Git, branch: str, told: str | None, here: str) -> Range:
    """Elsewhere: since this line of work left the branch that it will be merged to."""
    tip = _tip(git, branch, told)
    if tip is None:
        gone = f"the branch {branch} is neither here nor to be fetched"
        bring = f"git fetch {ORIGIN} {branch}" if ORIGIN in git.remote_names() else _WITHOUT_ORIGIN
        note = f"{gone}: nothing to compare with ({bring})"
        return Range(base=None, head=None, base_name=branch, notes=(note,))
    base, said = git.merge_base(tip, here), "the histories are unrelated"
    if base is not None:
        return Range(base=base, head=None, base_name=branch)
    if git.shallow:
        base, said = _deeper(git, branch, tip, here)
    if base is not None:
        return Range(base=base, head=None, base_name=branch, notes=(said,))
    note = f"{said}: compared with {branch} as it is now, not with where this line of work began"
    return Range(base=tip, head=None, base_name=branch, notes=(note,))


def _tip(git: Git, branch: str, told: str | None) -> str | None:
    """The branch's tip: as the provider told it, else as it is here, else as a remote has it."""
    places = [place for place in (told, f"refs/remotes/{ORIGIN}/{branch}", f"refs/heads/{branch}") if place]
    found = next(filter(None, map(git.resolve, places)), None)
    if found is not None and (told is None or git.resolve(told)):
        return found
    if ORIGIN not in git.remote_names():
        return found
    with suppress(WorldError):
        git.fetch(ORIGIN, _refspec(branch), depth=1 if git.shallow else None)
    return next(filter(None, map(git.resolve, places)), None)


def _deeper(git: Git, branch: str, tip: str, here: str) -> tuple[str | None, str]:
    """The common ancestor in a history that was cut off, brought here in steps, and what was done for it.

    Without one, why there is none.
    """
    reached = 0
    for depth in DEPTHS:
        try:
            git.deepen(ORIGIN, _refspec(branch), by=depth - reached)
        except WorldError as error:
            return None, f"history is cut off, and cannot be brought here ({error.message.splitlines()[0]})"
        reached = depth
        if base := git.merge_base(tip, here):
            fetched = f"{reached:,} more commits were fetched to find the base {base[:10]}"
            return base, f"this clone is shallow: {fetched}"
        if not git.shallow:
            return None, "the histories are unrelated"
    return None, f"history is cut off {reached:,} commits back, and no common ancestor is so near"


def _refspec(branch: str) -> str:
    return f"+refs/heads/{branch}:refs/remotes/{ORIGIN}/{branch}"
