"""What the registry says of revisions: the commit that an environment runs, and main's newest versions."""

from collections.abc import Sequence

from mlci.app.comparison.range import ORIGIN, Range
from mlci.core.config import Config
from mlci.core.registry.fold import Event, fold
from mlci.core.registry.tag import Action, full_name
from mlci.core.registry.tag import parse as parse_tag
from mlci.errors import WorldError
from mlci.ports.git import Git

TAGS = "refs/tags/"


def running(git: Git, name: str, prefix: str) -> str | None:
    """The commit that an environment (`income#prod`) runs; None when the name is no such."""
    tag = parse_tag(name)
    if tag is None or tag.action is not Action.ASSIGN or tag.counter is not None or not tag.stage:
        return None
    model = tag.model if ":" in tag.model or not prefix else f"{prefix}:{tag.model}"
    current = fold(git.tags()).model(model).current(tag.stage)
    return None if current is None else current.release.commit


def known(git: Git, name: str) -> tuple[str, ...]:
    """What the registry here has of the kind that a name is: environments that run something, or versions."""
    models = fold(git.tags()).models.values()
    if "#" in name:
        return tuple(
            f"{each.name}#{stage}" for each in models for stage in each.stages if each.current(stage)
        )
    if "@" not in name:
        return ()
    registered = (release.registered for each in models for release in each.versions)
    return tuple(str(each.name) for each in registered if each)


def newest(git: Git, model: str, prefix: str) -> str:
    """The newest version of a model here, by its whole name or its project's; empty where there is none."""
    registry = fold(git.tags())
    latest = registry.model(full_name(prefix, model)).latest or registry.model(model).latest
    return str(latest.registered.name) if latest and latest.registered else ""


def since_version(git: Git, config: Config, prefix: str) -> Range:
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
