"""What stands in the registry, by model."""

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from mlci.app.history import NOT_IN_JOURNAL
from mlci.app.registry.journals import journaled
from mlci.core.registry.fold import Assignment, Event, ModelState, Odd, Oddity, Release, TagLike, fold
from mlci.core.registry.reference import known_model
from mlci.core.strictjson import JsonValue
from mlci.ports.git import Git

if TYPE_CHECKING:
    from mlci.core.config import Config


class Standing(Struct, frozen=True, kw_only=True):
    """A version that stands, when it was registered, and where it runs."""

    release: Release
    runs: tuple[str, ...]
    journaled: bool | None

    @property
    def version(self) -> str:
        """What it is called."""
        return self.release.title

    @property
    def registered(self) -> str:
        """When, as ISO 8601."""
        return self.release.events[-1].when.isoformat()

    @property
    def marked(self) -> str:
        """The version for people, who must see that a tag was made by hand."""
        return f"{self.version} ({NOT_IN_JOURNAL})" if self.journaled is False else self.version


class Row(Struct, frozen=True, kw_only=True):
    """One model: its latest version, and what environments run, some put there `by_hand`."""

    model: str
    latest: str | None
    active: bool
    runs: dict[str, str]
    by_hand: tuple[str, ...]
    versions: tuple[Standing, ...]

    @property
    def newest(self) -> str:
        """The latest version for people, marked where its tag was made by hand."""
        return next((each.marked for each in self.versions if each.version == self.latest), "-")

    def running(self, stage: str) -> str:
        """What an environment runs for people, marked where somebody put it there by hand."""
        return self.runs.get(stage, "-") + (f" ({NOT_IN_JOURNAL})" if stage in self.by_hand else "")


class Models(Struct, frozen=True, kw_only=True):
    """All models that the local tags speak of, and the tags that nothing could be made of."""

    rows: tuple[Row, ...]
    stages: tuple[str, ...]
    oddities: tuple[Oddity, ...]

    @property
    def told(self) -> tuple[Oddity, ...]:
        """The oddities a person should hear of: tags of other tools are nobody's fault."""
        return tuple(each for each in self.oddities if each.kind is not Odd.FOREIGN)

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        rows: dict[str, JsonValue] = {
            each.model: {
                "latest": each.latest,
                "active": each.active,
                "environments": {stage: each.runs.get(stage) for stage in self.stages},
                "versions": [one.version for one in each.versions],
                "environments_not_in_journal": list(each.by_hand),
                "not_in_journal": [one.version for one in each.versions if one.journaled is False],
            }
            for each in self.rows
        }
        odd: list[JsonValue] = [
            {"tag": each.tag, "kind": each.kind.value, "message": each.message} for each in self.oddities
        ]
        return {"models": rows, "oddities": odd}


def models(
    git: Git,
    tags: Iterable[TagLike],
    *,
    name: str | None = None,
    all: bool = False,
    config: "Config | None" = None,
) -> Models:
    """What these tags of the repository say: deprecated models only by name, or when `all` are asked for.

    Raises MlciError for a name that nothing has.
    """
    journal = journaled(git)
    registry = fold(tags)
    chosen = known_model(registry, name, config) if name else registry.models.values()
    rows = tuple(_row(each, journal) for each in chosen if all or name or each.active)
    return Models(rows=rows, stages=registry.stages, oddities=registry.oddities)


def _row(state: ModelState, journal: Collection[tuple[str, str]] | None) -> Row:
    now = {stage: current for stage in sorted(state.stages) if (current := state.current(stage))}
    return Row(
        model=state.name,
        latest=state.latest.title if state.latest else None,
        active=state.active,
        runs={stage: each.release.shown for stage, each in now.items()},
        by_hand=tuple(stage for stage, each in now.items() if not _told(each.event, journal)),
        versions=tuple(_standing(each, now, journal) for each in state.versions),
    )


def _standing(
    release: Release, now: Mapping[str, Assignment], journal: Collection[tuple[str, str]] | None
) -> Standing:
    event = release.events[-1]
    return Standing(
        release=release,
        runs=tuple(stage for stage, each in now.items() if each.release is release),
        journaled=None if journal is None else _told(event, journal),
    )


def _told(event: Event, journal: Collection[tuple[str, str]] | None) -> bool:
    """Whether the journal, where there is one, tells of an event."""
    return journal is None or (event.tag.name, event.commit) in journal
