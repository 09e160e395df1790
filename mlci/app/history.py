"""What happened to a model, or to all: one line an event, newest first."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec import Struct

from mlci.app.journals import journaled
from mlci.core.reference import known_model, known_stage
from mlci.core.registry import Event, ModelState, fold
from mlci.core.strictjson import JsonValue
from mlci.ports.git import Git

if TYPE_CHECKING:
    from mlci.core.config import Config

NOT_IN_JOURNAL = "not in the journal"


class Happened(Struct, frozen=True, kw_only=True):
    """One event, for reading. `journaled` is None where there is no journal to look into."""

    when: str
    model: str
    event: str
    version: str
    environment: str
    commit: str
    actor: str
    tag: str
    sentence: str
    journaled: bool | None = None

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {
            "when": self.when,
            "model": self.model,
            "event": self.event,
            "version": self.version,
            "environment": self.environment or None,
            "commit": self.commit,
            "actor": self.actor,
            "tag": self.tag,
            "message": self.sentence,
            "in_journal": self.journaled,
        }


def history(
    git: Git, *, name: str | None = None, environment: str | None = None, config: "Config | None" = None
) -> tuple[Happened, ...]:
    """The events that the local tags tell, newest first. Raises MlciError for a name that nothing has."""
    registry = fold(git.tags())
    known_stage(registry, environment, config)
    chosen = known_model(registry, name, config) if name else registry.models.values()
    journal = journaled(git)
    events = [each for state in chosen for each in told(state, journal)]
    wanted = [each for each in events if environment in (None, each.environment)]
    return tuple(sorted(wanted, key=lambda each: each.when, reverse=True))


def told(state: ModelState, journal: Collection[tuple[str, str]] | None) -> list[Happened]:
    """One model's events, newest first, held against the tags that the journal knows."""
    titles = {id(event): release.title for stage in state.stages.values() for release, event in stage}
    return [_happened(each, titles.get(id(each), ""), journal) for each in reversed(state.events)]


def _happened(event: Event, assigned: str, journal: Collection[tuple[str, str]] | None) -> Happened:
    message = event.message
    return Happened(
        when=event.when.isoformat(),
        model=event.name.model,
        event=event.action.value,
        version=str(event.name.version) if event.name.version else assigned,
        environment=event.name.stage or "",
        commit=event.commit,
        actor=message.get("Actor") or event.actor,
        tag=event.tag.name,
        sentence=message.sentence,
        journaled=None if journal is None else (event.tag.name, event.commit) in journal,
    )
