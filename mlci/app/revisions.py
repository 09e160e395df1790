"""Which two commits a diff is of: as they are named, else as the occasion has it."""

from dataclasses import dataclass, replace

from mlci.core.config import Config
from mlci.core.context import RunContext, Trigger
from mlci.core.registry import fold
from mlci.core.tag import Action
from mlci.core.tag import parse as parse_tag
from mlci.errors import UsageError
from mlci.ports.git import Git


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What is compared with what: `base` None is nothing, `head` None the work tree."""

    base: str | None
    head: str | None
    base_name: str = ""
    head_name: str = ""
    notes: tuple[str, ...] = ()


def resolve(git: Git, name: str, prefix: str = "") -> str:
    """The commit of a revision, tag, version or environment (`income#prod`). Raises UsageError."""
    tag = parse_tag(name)
    if tag is not None and tag.action is Action.ASSIGN and tag.counter is None and tag.stage:
        model = tag.model if ":" in tag.model or not prefix else f"{prefix}:{tag.model}"
        current = fold(git.tags()).model(model).current(tag.stage)
        if current is not None:
            return current.release.commit
    commit = git.resolve(name)
    if commit is None:
        raise UsageError(
            f"{name!r} names no commit, version or environment here",
            id="revision-unknown",
            help="git fetch --tags, or mlci models to see what there is",
        )
    return commit


def choose(
    git: Git, config: Config, context: RunContext, *, prefix: str, base: str | None, head: str | None
) -> Range:
    """The two sides: those named; else head is the work tree and base follows from the occasion."""
    head_commit = resolve(git, head, prefix) if head else None
    here = head_commit or context.head or git.resolve("HEAD")
    if base is not None:
        commit = resolve(git, base, prefix)
        return Range(base=commit, head=head_commit, base_name=base, head_name=head or "work tree")
    named = head or ("work tree" if context.head is None else context.head[:10])
    if here is None:
        return Range(base=None, head=head_commit, head_name=named, notes=("there is no commit yet",))
    if context.trigger is Trigger.MAIN:
        found = _since_version(git, config, prefix)
    else:
        found = _since_branching(git, config.ci.branch, context.base_tip, here)
    return replace(found, head=head_commit, head_name=named)


def _since_version(git: Git, config: Config, prefix: str) -> Range:
    """On main: since the newest registered version, over the project's models."""
    registry = fold(git.tags())
    names = [f"{prefix}:{model}" if prefix else model for model in config.models]
    releases = [registry.model(name).latest for name in names]
    events = [each.registered for each in releases if each is not None]
    newest = max((each for each in events if each is not None), key=lambda each: each.when, default=None)
    if newest is None:
        return Range(base=None, head=None, notes=("no version is registered yet: nothing to compare with",))
    return Range(base=newest.commit, head=None, base_name=str(newest.name))


def _since_branching(git: Git, branch: str, tip: str | None, here: str) -> Range:
    """Elsewhere: since this line of work left the branch that it will be merged to."""
    places = (f"refs/remotes/origin/{branch}", f"refs/heads/{branch}")
    tip = tip or next(filter(None, map(git.resolve, places)), None)
    if tip is None:
        note = f"the branch {branch} is not here: nothing to compare with"
        return Range(base=None, head=None, notes=(note,))
    base = git.merge_base(tip, here)
    if base is not None:
        return Range(base=base, head=None, base_name=branch)
    why = "history is cut off" if git.shallow else "the histories are unrelated"
    note = f"{why}: compared with {branch} as it is now, not with where this line of work began"
    return Range(base=tip, head=None, base_name=branch, notes=(note,))
