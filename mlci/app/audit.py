"""One model's trail: every event with what stood in its tag, and how each deployment went."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from mlci.app.history import NOT_IN_JOURNAL, Happened, deployment, told
from mlci.app.registry.journals import read_entries
from mlci.core.config import Config
from mlci.core.registry import journal
from mlci.core.registry.fold import ModelState, Registry, fold, shown
from mlci.core.registry.journal import Entry, Kind
from mlci.core.registry.reference import known_model, known_stage
from mlci.core.registry.stated import Stated
from mlci.core.registry.version import Version
from mlci.core.strictjson import JsonValue
from mlci.core.wording import count
from mlci.errors import RefusedError, UsageError
from mlci.ports.git import Git

_MOST_METRICS = 3
_DATE = re.compile(r"\d{4}(-\d\d){0,2}|\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)
_FIRST_DAY = "0000-01-01"


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


def since(text: str) -> str:
    """The beginning of an ISO date that people typed. Raises UsageError for anything else."""
    begin = text.replace(" ", "T")
    if not _DATE.fullmatch(begin) or not _is_date(begin + _FIRST_DAY[len(begin) :]):
        raise UsageError(
            f"{text!r} is no date",
            id="date-invalid",
            where="--since",
            help="dates look like 2026, 2026-03, 2026-03-31 or 2026-03-31T08:00, in UTC",
        )
    return begin


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def audit(git: Git, name: str, *, filters: Filters = _ALL, config: Config | None = None) -> Trail:
    """The trail of a model. Raises MlciError for a model, environment or version that nothing speaks of."""
    registry = fold(git.tags())
    state = _model(registry, name, config)
    known_stage(registry, filters.environment, config)
    tags = {each.tag.name: each for each in state.events}
    tip = git.refs(journal.REF).get(journal.REF)
    entries = read_entries(git, tip)
    known = None if tip is None else journal.tags_of(entries)
    happened = [(each, tags[each.tag].message.trailers) for each in reversed(told(state, known))]
    happened += [
        _deployment(each) for each in entries if each.kind is Kind.DEPLOY and each.model == state.name
    ]
    if filters.version and all(each.version != str(filters.version) for each, _ in happened):
        raise RefusedError(
            f"nothing ever happened to {state.name}@{filters.version}",
            id="version-unknown",
            where="--version",
            help=f"mlci models {name} lists the versions there are",
        )
    steps = map(_marked, _steps(sorted(happened, key=lambda each: each[0].when)))
    return Trail(
        model=state.name,
        steps=tuple(each for each in steps if filters.take(each.happened)),
        runs=tuple(
            (stage, now.release.shown) for stage in sorted(state.stages) if (now := state.current(stage))
        ),
        retired=not state.active,
        oddities=tuple(f"{each.tag}: {each.message}" for each in registry.oddities if each.tag in tags),
    )


def _model(registry: Registry, name: str, config: Config | None) -> ModelState:
    called = known_model(registry, name, config)
    exact = [each for each in called if each.name == name]
    if len(exact or called) > 1:
        names = ", ".join(each.name for each in called)
        raise UsageError(f"{name} may mean several", id="model-ambiguous", help=f"choose one of: {names}")
    return (exact or called)[0]


def _deployment(entry: Entry) -> tuple[Happened, tuple[tuple[str, str], ...]]:
    facts = [(key, str(value)) for key, value in sorted(entry.details.items())]
    return deployment(entry), (*facts, *([("run", entry.run_url)] if entry.run_url else []))


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
            case Kind.UNASSIGN if known.get("Previous", each.version) != each.version:
                yield Step(happened=each, facts=facts, what=f"closed {title}'s older assignment to {place}")
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


def _marked(step: Step) -> Step:
    """The same, saying so where a tag was made or moved by hand: nobody judged what it tells."""
    if step.happened.journaled is not False:
        return step
    return replace(step, how="; ".join(filter(None, (NOT_IN_JOURNAL, step.how))), ok=False)


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
