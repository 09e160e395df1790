"""What stands in the registry, by model."""

from collections.abc import Collection

from msgspec import Struct

from mlci.app.history import NOT_IN_JOURNAL
from mlci.app.journals import journaled
from mlci.core.config import Config
from mlci.core.reference import known_model
from mlci.core.registry import ModelState, Odd, Oddity, Release, fold
from mlci.core.strictjson import JsonValue
from mlci.ports.git import Git


class Standing(Struct, frozen=True, kw_only=True):
    """A version that stands, when it was registered, and where it runs."""

    version: str
    registered: str
    commit: str
    runs: tuple[str, ...]
    journaled: bool | None

    @property
    def marked(self) -> str:
        """The version for people, who must see that a tag was made by hand."""
        return f"{self.version} ({NOT_IN_JOURNAL})" if self.journaled is False else self.version


class Row(Struct, frozen=True, kw_only=True):
    """One model: its latest version, and what each environment runs."""

    model: str
    latest: str | None
    active: bool
    runs: dict[str, str]
    versions: tuple[Standing, ...]

    @property
    def newest(self) -> str:
        """The latest version for people, marked where its tag was made by hand."""
        return next((each.marked for each in self.versions if each.version == self.latest), "-")


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
                "not_in_journal": [one.version for one in each.versions if one.journaled is False],
            }
            for each in self.rows
        }
        odd: list[JsonValue] = [
            {"tag": each.tag, "kind": each.kind.value, "message": each.message} for each in self.oddities
        ]
        return {"models": rows, "oddities": odd}


def models(git: Git, *, name: str | None = None, all: bool = False, config: Config | None = None) -> Models:
    """Read the registry from the local tags: deprecated models only by name, or when `all` are asked for.

    Raises MlciError for a name that nothing has.
    """
    registry = fold(git.tags())
    chosen = known_model(registry, name, config) if name else registry.models.values()
    journal = journaled(git)
    rows = tuple(_row(each, journal) for each in chosen if all or name or each.active)
    return Models(rows=rows, stages=registry.stages, oddities=registry.oddities)


def _row(state: ModelState, journal: Collection[tuple[str, str]] | None) -> Row:
    runs = {stage: current.release.shown for stage in state.stages if (current := state.current(stage))}
    return Row(
        model=state.name,
        latest=state.latest.title if state.latest else None,
        active=state.active,
        runs=runs,
        versions=tuple(_standing(state, each, journal) for each in state.versions),
    )


def _standing(state: ModelState, release: Release, journal: Collection[tuple[str, str]] | None) -> Standing:
    assigned = ((stage, state.current(stage)) for stage in sorted(state.stages))
    event = release.events[-1]
    return Standing(
        version=release.title,
        registered=event.when.isoformat(),
        commit=release.commit,
        runs=tuple(stage for stage, now in assigned if now and now.release is release),
        journaled=None if journal is None else (event.tag.name, event.commit) in journal,
    )
