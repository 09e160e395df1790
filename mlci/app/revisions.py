"""Which two commits a diff is of: as they are named, else as the occasion has it."""

from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec import Struct, field
from msgspec.structs import replace

from mlci.core.config import Config
from mlci.core.context import RunContext, Trigger
from mlci.core.registry import Event, fold
from mlci.core.tag import Action, full_name
from mlci.core.tag import parse as parse_tag
from mlci.errors import UsageError, WorldError
from mlci.ports.git import Git

ORIGIN = "origin"
TAGS = "refs/tags/"
DEPTHS = (50, 200, 1_000)


class Range(Struct, frozen=True, kw_only=True):
    """What is compared with what: `base` None is nothing, `head` None the work tree.

    `versions` are, on main, each model's own base: the commit of its newest version, None before its first.
    """

    base: str | None
    head: str | None
    base_name: str = ""
    head_name: str = ""
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str | None] = field(default_factory=dict)


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
    """On main: since the newest version of each model; what is no model's, since the newest of all."""
    names = {model: full_name(prefix, model) for model in config.models}
    missing = _bring_tags(git, tuple(names.values()))
    registry = fold(git.tags())
    latest = {model: registry.model(name).latest for model, name in names.items()}
    events = {model: each.registered for model, each in latest.items() if each and each.registered}
    notes = [missing] if missing else []
    if not events:
        none = "no version is registered yet: nothing to compare with"
        return Range(base=None, head=None, notes=tuple(notes) or (none,))
    newest = max(events.values(), key=lambda each: each.when)
    apart = [each for each in names if each not in events or events[each].commit != newest.commit]
    notes += [_own_base(model, events.get(model)) for model in apart]
    return Range(
        base=newest.commit,
        head=None,
        base_name=", ".join(str(events[each].name) for each in names if each in events),
        notes=tuple(notes),
        versions={model: events[model].commit if model in events else None for model in names},
    )


def _own_base(model: str, event: Event | None) -> str:
    if event is None:
        return f"{model} has no version yet: there is nothing to compare it with"
    return f"{model} is compared with {event.name}, its newest version, at {event.commit[:10]}"


def _bring_tags(git: Git, names: Sequence[str]) -> str:
    """Bring the versions that a clone without tags, or with a part of history, lacks; else say so."""
    here = {tag.name for tag in git.tags()}
    if (here and not git.shallow) or ORIGIN not in git.remote_names():
        return ""
    try:
        there = {ref.removeprefix(TAGS) for ref in git.remote_refs(ORIGIN, f"{TAGS}*")}
    except WorldError:
        return f"{ORIGIN} cannot be asked for versions that are not here: git fetch --tags {ORIGIN}"
    missing = [each for each in there - here if (tag := parse_tag(each)) and tag.model in names]
    if not missing:
        return ""
    try:
        git.fetch(
            ORIGIN,
            *(f"{TAGS}{each}:{TAGS}{each}" for each in sorted(missing)),
            depth=1 if git.shallow else None,
        )
    except WorldError:
        return f"{ORIGIN} has versions that are not here: git fetch --tags {ORIGIN}"
    return ""


def _since_branching(git: Git, branch: str, told: str | None, here: str) -> Range:
    """Elsewhere: since this line of work left the branch that it will be merged to."""
    tip = _tip(git, branch, told)
    if tip is None:
        note = f"the branch {branch} is not here: nothing to compare with"
        return Range(base=None, head=None, notes=(note,))
    base, why = git.merge_base(tip, here), "the histories are unrelated"
    if base is None and git.shallow:
        base, why = _deeper(git, branch, tip, here)
    if base is not None:
        return Range(base=base, head=None, base_name=branch)
    note = f"{why}: compared with {branch} as it is now, not with where this line of work began"
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
    """The common ancestor in a history that was cut off, brought here in steps; else why there is none."""
    reached = 0
    for depth in DEPTHS:
        try:
            git.deepen(ORIGIN, _refspec(branch), by=depth - reached)
        except WorldError as error:
            return None, f"history is cut off, and cannot be brought here ({error.message.splitlines()[0]})"
        reached = depth
        if base := git.merge_base(tip, here):
            return base, ""
        if not git.shallow:
            return None, "the histories are unrelated"
    return None, f"history is cut off {reached:,} commits back, and no common ancestor is so near"


def _refspec(branch: str) -> str:
    return f"+refs/heads/{branch}:refs/remotes/{ORIGIN}/{branch}"
