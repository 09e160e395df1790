"""What happened to a model, or to all: one line an event, newest first."""

from msgspec import Struct

from mlci.core.registry import Event, ModelState, fold
from mlci.core.strictjson import JsonValue
from mlci.core.tag import is_called
from mlci.ports.git import Git


class Happened(Struct, frozen=True, kw_only=True):
    """One event, for reading."""

    when: str
    model: str
    event: str
    version: str
    environment: str
    commit: str
    actor: str
    tag: str
    sentence: str

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
        }


def history(git: Git, *, name: str | None = None, environment: str | None = None) -> tuple[Happened, ...]:
    """The events that the local tags tell, newest first."""
    registry = fold(git.tags())
    chosen = [each for each in registry.models.values() if name is None or is_called(each.name, name)]
    events = [each for state in chosen for each in told(state)]
    wanted = [each for each in events if environment in (None, each.environment)]
    return tuple(sorted(wanted, key=lambda each: each.when, reverse=True))


def told(state: ModelState) -> list[Happened]:
    """One model's events, newest first."""
    titles = {id(event): release.title for stage in state.stages.values() for release, event in stage}
    return [_happened(each, titles.get(id(each), "")) for each in reversed(state.events)]


def _happened(event: Event, assigned: str) -> Happened:
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
    )
