"""One model's trail: every event with what stood in its tag, and how each deployment went."""

from dataclasses import dataclass

from mlci.app.history import Happened, told
from mlci.app.ledger import read_entries
from mlci.core import journal
from mlci.core.journal import Entry, Kind
from mlci.core.registry import fold
from mlci.core.strictjson import JsonValue
from mlci.errors import RefusedError
from mlci.ports.git import Git


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One event of the trail, oldest first: what happened, and the facts that were recorded with it."""

    happened: Happened
    facts: tuple[tuple[str, str], ...]

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        document = self.happened.document()
        facts: list[JsonValue] = [[key, value] for key, value in self.facts]
        return {**document, "facts": facts} if isinstance(document, dict) else document


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """All that is known of one model, and the tags of it that are odd."""

    model: str
    steps: tuple[Step, ...]
    oddities: tuple[str, ...]

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        steps = [each.document() for each in self.steps]
        return {"model": self.model, "steps": steps, "oddities": list(self.oddities)}

    def text(self) -> str:
        """The trail as plain lines, oldest event first."""
        lines = [f"{self.model}: {len(self.steps)} events"]
        for step in self.steps:
            each = step.happened
            place = f" in {each.environment}" if each.environment else ""
            lines += ["", f"{each.when}  {each.event} {each.version}{place}  by {each.actor or 'unknown'}"]
            lines += [f"    {each.sentence}", f"    tag: {each.tag}", f"    commit: {each.commit}"]
            lines += [f"    {key.lower().replace('-', ' ')}: {value}" for key, value in step.facts]
        lines += ["", *(f"odd: {each}" for each in self.oddities)] if self.oddities else []
        return "\n".join(lines) + "\n"


def audit(git: Git, name: str) -> Trail:
    """The trail of a model. Raises RefusedError when no tag speaks of it."""
    registry = fold(git.tags())
    if name not in registry.models:
        raise RefusedError(
            f"the registry knows no {name}", id="model-unknown", help="git fetch --tags, then mlci models"
        )
    state = registry.models[name]
    tags = {each.tag.name: each for each in state.events}
    steps = [Step(happened=each, facts=tags[each.tag].message.trailers) for each in reversed(told(state))]
    entries = read_entries(git, git.refs(journal.REF).get(journal.REF))
    steps += [_deployment(each) for each in entries if each.kind is Kind.DEPLOY and each.model == name]
    odd = tuple(f"{each.tag}: {each.message}" for each in registry.oddities if each.tag in tags)
    return Trail(model=name, steps=tuple(sorted(steps, key=lambda each: each.happened.when)), oddities=odd)


def _deployment(entry: Entry) -> Step:
    ok = entry.details.get("ok") is True
    happened = Happened(
        when=entry.when,
        model=entry.model,
        event=entry.kind.value,
        version=entry.version,
        environment=entry.environment,
        commit=entry.commit,
        actor=entry.actor,
        tag=entry.tag,
        sentence="The deployment succeeded" if ok else "The deployment failed",
    )
    facts = [(key, str(value)) for key, value in sorted(entry.details.items()) if key != "ok"]
    return Step(happened=happened, facts=(*facts, *([("run", entry.run_url)] if entry.run_url else [])))
