"""One model's trail: every event with what stood in its tag, and how each deployment went."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from mlci.app.history import Happened, told
from mlci.app.journals import read_entries
from mlci.core import journal
from mlci.core.journal import Entry, Kind
from mlci.core.registry import ModelState, Registry, fold, shown
from mlci.core.stated import Stated
from mlci.core.strictjson import JsonValue
from mlci.core.tag import is_called
from mlci.core.version import Version
from mlci.core.wording import count
from mlci.errors import RefusedError, UsageError
from mlci.ports.git import Git

_MOST_METRICS = 3


class Step(Struct, frozen=True, kw_only=True):
    """One event of the trail: what happened, the facts recorded with it, and both in a few words.

    `ok` is False for what went wrong, None where nothing could.
    """

    happened: Happened
    facts: tuple[tuple[str, str], ...]
    what: str
    how: str = ""
    ok: bool | None = None

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        document = self.happened.document()
        facts: list[JsonValue] = [[key, value] for key, value in self.facts]
        return {**document, "facts": facts} if isinstance(document, dict) else document


class Trail(Struct, frozen=True, kw_only=True):
    """All that is known of one model, oldest first; what it runs as now, and the tags of it that are odd."""

    model: str
    steps: tuple[Step, ...]
    runs: tuple[tuple[str, str], ...]
    retired: bool
    oddities: tuple[str, ...]

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {
            "model": self.model,
            "retired": self.retired,
            "environments": dict(self.runs),
            "steps": [each.document() for each in self.steps],
            "oddities": list(self.oddities),
        }

    @property
    def state(self) -> str:
        """Where it stands now, in one line."""
        running = [f"{environment} runs {title}" for environment, title in self.runs]
        words = (["retired"] if self.retired else []) + (running or ["no environment runs it"])
        return ", ".join(words)


class Filters(Struct, frozen=True, kw_only=True):
    """Which events are asked for. `since` is the beginning of an ISO date."""

    environment: str | None = None
    version: Version | None = None
    event: Kind | None = None
    since: str | None = None

    def take(self, each: Happened) -> bool:
        """Whether an event is among them."""
        return (
            self.environment in (None, each.environment)
            and (self.version is None or str(self.version) == each.version)
            and self.event in (None, each.event)
            and (self.since is None or each.when >= self.since)
        )


_ALL = Filters()


def audit(git: Git, name: str, *, filters: Filters = _ALL) -> Trail:
    """The trail of a model. Raises RefusedError when no tag speaks of it."""
    registry = fold(git.tags())
    state = _model(registry, name)
    tags = {each.tag.name: each for each in state.events}
    entries = read_entries(git, git.refs(journal.REF).get(journal.REF))
    happened = [(each, tags[each.tag].message.trailers) for each in reversed(told(state))]
    happened += [
        _deployment(each) for each in entries if each.kind is Kind.DEPLOY and each.model == state.name
    ]
    steps = _steps(sorted(happened, key=lambda each: each[0].when))
    return Trail(
        model=state.name,
        steps=tuple(each for each in steps if filters.take(each.happened)),
        runs=tuple(
            (stage, now.release.shown) for stage in sorted(state.stages) if (now := state.current(stage))
        ),
        retired=not state.active,
        oddities=tuple(f"{each.tag}: {each.message}" for each in registry.oddities if each.tag in tags),
    )


def _model(registry: Registry, name: str) -> ModelState:
    called = [each for each in registry.models.values() if is_called(each.name, name)]
    exact = [each for each in called if each.name == name]
    if len(exact or called) > 1:
        names = ", ".join(each.name for each in called)
        raise UsageError(f"{name} may mean several", id="model-ambiguous", help=f"choose one of: {names}")
    if not called:
        raise RefusedError(
            f"the registry knows no {name}", id="model-unknown", help="git fetch --tags, then mlci models"
        )
    return (exact or called)[0]


def _deployment(entry: Entry) -> tuple[Happened, tuple[tuple[str, str], ...]]:
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
    facts = [(key, str(value)) for key, value in sorted(entry.details.items())]
    return happened, (*facts, *([("run", entry.run_url)] if entry.run_url else []))


def _steps(happened: Sequence[tuple[Happened, tuple[tuple[str, str], ...]]]) -> Iterator[Step]:
    ran: set[tuple[str, str]] = set()
    for each, facts in happened:
        known = dict(facts)
        place, title = each.environment, shown(each.version)
        match each.event:
            case Kind.REGISTER:
                how, ok = _judged(facts)
                yield Step(happened=each, facts=facts, what=f"registered {title}", how=how, ok=ok)
            case Kind.ASSIGN:
                back = (place, title) in ran
                ran.add((place, title))
                before = known.get("Previous", "")
                what = f"{place} back to {title}" if back else f"{place} runs {title}"
                yield Step(
                    happened=each, facts=facts, what=what, how=f"before: {shown(before)}" if before else ""
                )
            case Kind.UNASSIGN:
                yield Step(happened=each, facts=facts, what=f"{title} taken out of {place}")
            case Kind.DEPLOY:
                ok = known.get("ok") == "True"
                what = f"deployed {title} in {place}" if ok else f"deploying {title} in {place} failed"
                yield Step(happened=each, facts=facts, what=what, ok=ok)
            case Kind.DEREGISTER:
                yield Step(happened=each, facts=facts, what=f"withdrew {title}", how=known.get("Reason", ""))
            case _:
                yield Step(happened=each, facts=facts, what="deprecated", how=known.get("Reason", ""))


def _judged(facts: Sequence[tuple[str, str]]) -> tuple[str, bool | None]:
    """What a version was registered with: its first metrics, and how its gates ended."""
    metrics = [stated.short for key, value in facts if key == "Metric" and (stated := Stated.parse(value))]
    gates = [value.partition("=") for key, value in facts if key == "Gate"]
    other = [f"{gate} {verdict}" for gate, _, verdict in gates if verdict != "passed"]
    passed = len(gates) - len(other)
    tally = [f"{count(passed, 'gate')} passed"] if passed else []
    allowed = [f"allowed: {value}" for key, value in facts if key == "Allow-Failed"]
    parts = [", ".join([*other, *tally]), *allowed, ", ".join(metrics[:_MOST_METRICS])]
    return "; ".join(filter(None, parts)), (not allowed if gates else None)
