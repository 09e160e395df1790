"""The registry: what stands, folded from the tags alone.

Events of a model are ordered by counter where tags carry one and by time otherwise. A tag that cannot be used
is an oddity, and never stops another tag.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Protocol

from msgspec import Struct, field

from mlci.core.registry import trailers
from mlci.core.registry.tag import ASSIGN, CREATE, DEPRECATE, REGISTER, Action, TagName
from mlci.core.registry.tag import parse as parse_name
from mlci.core.registry.version import Precedence, Version

_EPOCH = datetime.fromtimestamp(0, UTC)
_COMMIT = re.compile(r"[0-9a-f]{40,64}")


class PersonLike(Protocol):
    """Who did something."""

    @property
    def name(self) -> str:
        """As Git has it."""
        ...

    @property
    def email(self) -> str:
        """The address."""
        ...


class TagLike(Protocol):
    """A tag as Git records it (`ports.git.TagRecord` is one)."""

    @property
    def name(self) -> str:
        """As Git has it."""
        ...

    @property
    def object(self) -> str:
        """The tag object itself."""
        ...

    @property
    def commit(self) -> str:
        """The commit it leads to, empty when it leads elsewhere."""
        ...

    @property
    def annotated(self) -> bool:
        """Whether it is an object of its own."""
        ...

    @property
    def tagger(self) -> PersonLike | None:
        """Who made it."""
        ...

    @property
    def when(self) -> datetime | None:
        """The date the tagger gave."""
        ...

    @property
    def message(self) -> str:
        """Its text, signature and all."""
        ...


class Odd(StrEnum):
    """Why a tag is not taken, or not taken as it stands."""

    FOREIGN = "foreign"
    LIGHTWEIGHT = "lightweight"
    RESERVED = "reserved"
    NO_COMMIT = "no-commit"
    COUNTER_TWICE = "counter-twice"
    OUT_OF_ORDER = "out-of-order"
    VERSION_TWICE = "version-twice"
    TWO_ON_COMMIT = "two-versions-on-commit"
    UNKNOWN_VERSION = "unknown-version"


class Oddity(Struct, frozen=True, kw_only=True):
    """One tag that something is wrong with."""

    kind: Odd
    tag: str
    message: str


class Event(Struct, frozen=True, eq=False):
    """One thing that happened to a model: a tag, read."""

    name: TagName
    tag: TagLike
    when: datetime

    @property
    def action(self) -> Action:
        """What happened."""
        return self.name.action

    @property
    def commit(self) -> str:
        """The commit it happened to."""
        return self.tag.commit

    @property
    def actor(self) -> str:
        """Who did it, as Git records it."""
        return self.tag.tagger.name if self.tag.tagger else ""

    @property
    def message(self) -> trailers.Message:
        """The tag's sentence and trailers."""
        return trailers.parse(self.tag.message)


class Release(Struct, eq=False):
    """A version of a model, or a bare commit that was assigned without ever being registered."""

    commit: str
    version: Version | None = None
    events: list[Event] = field(default_factory=list)

    @property
    def title(self) -> str:
        """`v1.2.0`, or the commit where there is no version."""
        return str(self.version) if self.version else self.commit

    @property
    def shown(self) -> str:
        """The title for people: a commit that was never registered says so, and is no version."""
        return shown(self.title)

    @property
    def active(self) -> bool:
        """Whether it stands: registered and not withdrawn since (a bare commit always does)."""
        return not self.events or self.events[-1].action is REGISTER

    @property
    def registered(self) -> Event | None:
        """The event that registered it."""
        return next((each for each in self.events if each.action is REGISTER), None)


class Assignment(Struct, frozen=True, eq=False):
    """A version in an environment, since an event."""

    release: Release
    event: Event


class ModelState(Struct, eq=False):
    """Everything the tags say about one model. Read through the methods; built by `fold` alone."""

    name: str
    events: list[Event] = field(default_factory=list)
    releases: list[Release] = field(default_factory=list)
    stages: dict[str, list[tuple[Release, Event]]] = field(default_factory=dict)

    @property
    def active(self) -> bool:
        """Whether the model's last event is not its deprecation."""
        return bool(self.events) and self.events[-1].action is not DEPRECATE

    @property
    def versions(self) -> list[Release]:
        """Versions that stand, greatest first."""
        return sorted(self._released(), key=_precedence, reverse=True)

    @property
    def latest(self) -> Release | None:
        """The greatest version that stands, prereleases included, as GTO has it."""
        return max(self._released(), key=_precedence, default=None)

    @property
    def highest(self) -> Version | None:
        """The greatest version ever registered or withdrawn: a number is never used twice."""
        return max((each.version for each in self.releases if each.version), default=None)

    @property
    def counter(self) -> int:
        """The highest counter on any tag."""
        return max((each.name.counter or 0 for each in self.events), default=0)

    def find(self, version: Version) -> Release | None:
        """The release of a version: one that stands before one that does not, then the first."""
        found = [each for each in self.releases if each.version == version]
        return next((each for each in found if each.active), found[0] if found else None)

    def at(self, commit: str) -> list[Release]:
        """The versions registered on a commit that stand."""
        return [each for each in self.releases if each.version and each.active and each.commit == commit]

    def standing(self, stage: str) -> Iterator[Assignment]:
        """Releases assigned to an environment and not unassigned since, newest first."""
        told: set[int] = set()
        for release, event in reversed(self.stages.get(stage, ())):
            if id(release) not in told and release.active and event.action is ASSIGN:
                yield Assignment(release, event)
            told.add(id(release))

    def current(self, stage: str) -> Assignment | None:
        """What an environment was given last."""
        return next(self.standing(stage), None)

    def was_in(self, stage: str, release: Release) -> bool:
        """Whether a release was ever assigned to an environment."""
        return any(each is release and event.action is ASSIGN for each, event in self.stages.get(stage, ()))

    def _released(self) -> Iterator[Release]:
        return (each for each in self.releases if each.version and each.active)


_NEVER = Version(major=0, minor=0, patch=0)


def _precedence(release: Release) -> Precedence:
    return (release.version or _NEVER).precedence


class Registry(Struct, frozen=True, eq=False):
    """All models that tags speak of, and the tags that nothing could be made of."""

    models: Mapping[str, ModelState]
    oddities: tuple[Oddity, ...]

    @property
    def stages(self) -> tuple[str, ...]:
        """Every environment any tag speaks of, sorted."""
        return tuple(sorted({stage for model in self.models.values() for stage in model.stages}))

    def newest_before(self, limit: datetime) -> datetime | None:
        """The latest date on any event that is not beyond a limit."""
        dates = (each.when for model in self.models.values() for each in model.events)
        return max((each for each in dates if each < limit), default=None)

    def model(self, name: str) -> ModelState:
        """One model; an empty one when no tag speaks of it."""
        return self.models.get(name) or ModelState(name)


def shown(title: str) -> str:
    """A release's title for people, who do not read forty digits."""
    return f"unregistered {title[:10]}" if _COMMIT.fullmatch(title) else title


def fold(tags: Iterable[TagLike]) -> Registry:
    """The registry that these tags make. Any tag is taken or reported; none raises."""
    oddities: list[Oddity] = []
    events: dict[str, list[Event]] = {}
    for tag in tags:
        event = _event(tag, oddities)
        if event is not None:
            events.setdefault(event.name.model, []).append(event)
    models = {name: _model(name, events[name], oddities) for name in sorted(events)}
    return Registry(models, tuple(oddities))


def _event(tag: TagLike, oddities: list[Oddity]) -> Event | None:
    name = parse_name(tag.name)
    if name is None:
        oddities.append(Oddity(kind=Odd.FOREIGN, tag=tag.name, message="not a registry tag"))
    elif not tag.annotated:
        message = "a lightweight tag has no date and no author; registry tags are annotated"
        oddities.append(Oddity(kind=Odd.LIGHTWEIGHT, tag=tag.name, message=message))
    elif name.action is CREATE:
        message = "the word `created` is reserved and says nothing"
        oddities.append(Oddity(kind=Odd.RESERVED, tag=tag.name, message=message))
    elif not tag.commit:
        message = "it leads to no commit, or Git cannot read it: git fsck"
        oddities.append(Oddity(kind=Odd.NO_COMMIT, tag=tag.name, message=message))
    else:
        return Event(name, tag, tag.when or _EPOCH)
    return None


def _model(name: str, events: list[Event], oddities: list[Oddity]) -> ModelState:
    state = ModelState(name, _ordered(events, oddities))
    known: dict[tuple[Version, str], Release] = {}
    by_commit: dict[str, list[Release]] = {}
    for event in state.events:
        if event.name.version is not None:
            release = known.get((event.name.version, event.commit))
            if release is None:
                release = known[event.name.version, event.commit] = Release(event.commit, event.name.version)
                by_commit.setdefault(event.commit, []).append(release)
                state.releases.append(release)
            release.events.append(event)
    oddities.extend(_odd_versions(state.releases))
    for event in state.events:
        if event.name.stage is not None:
            candidates = by_commit.setdefault(event.commit, [])
            release = _assigned(event, candidates, oddities)
            if release not in candidates:
                candidates.append(release)
                state.releases.append(release)
            state.stages.setdefault(event.name.stage, []).append((release, event))
    return state


def _ordered(events: list[Event], oddities: list[Oddity]) -> list[Event]:
    """By counter where there is one; an event without takes its place by time."""
    counted = [each for each in events if each.name.counter is not None]
    counted.sort(key=lambda each: (each.name.counter or 0, each.when, each.tag.name))
    places = [(each.when, -1, each.tag.name, each) for each in events if each.name.counter is None]
    latest, before = _EPOCH, None
    for event in counted:
        if before is not None and event.name.counter == before.name.counter:
            message = f"counter {event.name.counter} also stands on {before.tag.name}"
            oddities.append(Oddity(kind=Odd.COUNTER_TWICE, tag=event.tag.name, message=message))
        if event.when < latest:
            message = "its date is before that of a smaller counter; the counter decides"
            oddities.append(Oddity(kind=Odd.OUT_OF_ORDER, tag=event.tag.name, message=message))
        latest, before = max(latest, event.when), event
        places.append((latest, event.name.counter or 0, event.tag.name, event))
    return [place[-1] for place in sorted(places, key=lambda place: place[:3])]


def _odd_versions(releases: Iterable[Release]) -> Iterator[Oddity]:
    standing: dict[Version, Release] = {}
    for release in releases:
        last = release.events[-1]
        if release.registered is None:
            message = f"{release.title} was never registered on this commit"
            yield Oddity(kind=Odd.UNKNOWN_VERSION, tag=last.tag.name, message=message)
        elif release.active and release.version is not None:
            first = standing.setdefault(release.version, release)
            if first is not release:
                message = f"{release.title} already stands on commit {first.commit[:10]}; that one counts"
                yield Oddity(kind=Odd.VERSION_TWICE, tag=last.tag.name, message=message)


def _assigned(event: Event, candidates: list[Release], oddities: list[Oddity]) -> Release:
    """The release a stage tag means: the one on its commit, a bare commit when there is none."""
    if not candidates:
        return Release(event.commit)
    standing = [each for each in candidates if each.active] or candidates
    if len(standing) == 1:
        return standing[0]
    said = Version.parse(event.message.get("Version") or "")
    meant = next((each for each in candidates if said and each.version == said), None)
    if meant is not None:
        return meant
    message = f"{len(standing)} versions stand on its commit and it names none; the greatest counts"
    oddities.append(Oddity(kind=Odd.TWO_ON_COMMIT, tag=event.tag.name, message=message))
    return max(standing, key=_precedence)
