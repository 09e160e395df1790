"""What happened to a model, or to all: one line an event, newest first."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from msgspec import Struct

from mlci.app.registry.journals import read_entries
from mlci.core.registry import journal
from mlci.core.registry.fold import Event, ModelState, fold
from mlci.core.registry.journal import Entry, Kind
from mlci.core.registry.reference import known_model, known_stage
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
    failed: bool = False

    @property
    def named(self) -> str:
        """What happened, for people, who must see what failed and what was made by hand."""
        words = f"{self.event} failed" if self.failed else self.event
        return f"{words}, {NOT_IN_JOURNAL}" if self.journaled is False else words

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
            "failed": self.failed,
        }


def history(
    git: Git, *, name: str | None = None, environment: str | None = None, config: "Config | None" = None
) -> tuple[Happened, ...]:
    """The events that tags and journal tell, newest first. Raises MlciError for a name that nothing has."""
    tags, tip = git.tags(), git.resolve(journal.REF)
    entries = read_entries(git, tip)
    registry = fold(tags)
    known_stage(registry, environment, config)
    chosen = known_model(registry, name, config) if name else [*registry.models.values()]
    known = None if tip is None else journal.tags_of(entries)
    events = [each for state in chosen for each in told(state, known)]
    names = {each.name for each in chosen}
    events += [deployment(each) for each in entries if each.kind is Kind.DEPLOY and each.model in names]
    wanted = [each for each in events if environment in (None, each.environment)]
    return tuple(sorted(wanted, key=lambda each: each.when, reverse=True))


def told(state: ModelState, known: Collection[tuple[str, str]] | None) -> list[Happened]:
    """One model's events, newest first, held against the tags that the journal knows."""
    titles = {id(event): release.title for stage in state.stages.values() for release, event in stage}
    return [_happened(each, titles.get(id(each), ""), known) for each in reversed(state.events)]


def deployment(entry: Entry) -> Happened:
    """How a deployment went: the journal alone tells of it."""
    failed = entry.details.get("ok") is not True
    return Happened(
        when=entry.when,
        model=entry.model,
        event=entry.kind.value,
        version=entry.version,
        environment=entry.environment,
        commit=entry.commit,
        actor=entry.actor,
        tag=entry.tag,
        sentence="The deployment failed" if failed else "The deployment succeeded",
        journaled=True,
        failed=failed,
    )


def _happened(event: Event, assigned: str, known: Collection[tuple[str, str]] | None) -> Happened:
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
        journaled=None if known is None else (event.tag.name, event.commit) in known,
    )
