"""The journal: what stands beside the tags in `refs/mlci/registry`, one commit an event.

`events/N.json` says what happened, `counters.json` which numbers were ever used, and
`<project>/<model>/<version>/evidence/<gate>.json` what a version was judged by.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct, field

from mlci.core.digest import sha256
from mlci.core.registry.fold import Event, Registry
from mlci.core.registry.tag import Action
from mlci.core.registry.version import Version
from mlci.core.strictjson import JsonValue, NotJson, dumps, loads

REF = "refs/mlci/registry"
# Where the journal lies on a server that takes branches and tags only.
BRANCH = "refs/heads/mlci/registry"
COUNTERS = "counters.json"
EVIDENCE_LIMIT = 1024 * 1024
SCHEMA = 1
_EVENT = re.compile(r"events/([0-9]+)\.json")


class Kind(StrEnum):
    """What an event is about: one of a tag's actions, or a deployment."""

    REGISTER = "register"
    DEREGISTER = "deregister"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    DEPRECATE = "deprecate"
    DEPLOY = "deploy"


class Entry(Struct, frozen=True, kw_only=True):
    """One event as the journal keeps it. `details` are the facts that only some kinds have."""

    kind: Kind
    model: str
    version: str = ""
    commit: str
    when: str
    tag: str = ""
    environment: str = ""
    actor: str = ""
    run_url: str = ""
    bundle: str = ""
    details: Mapping[str, JsonValue] = field(default_factory=dict)


class Counters(Struct, frozen=True, kw_only=True):
    """High-water marks: how many events there were, and for each model the last counter and version."""

    events: int = 0
    counter: Mapping[str, int] = field(default_factory=dict)
    highest: Mapping[str, Version] = field(default_factory=dict)

    def raised(self, registry: Registry) -> "Counters":
        """The same, no lower than what the tags themselves say."""
        models = registry.models.items()
        counter = {name: model.counter for name, model in models if model.counter}
        highest = {name: model.highest for name, model in models if model.highest}
        return self.beside(Counters(counter=counter, highest=highest), events=self.events)

    def beside(self, other: "Counters", *, events: int) -> "Counters":
        """The higher of both, mark by mark."""
        counter, highest = dict(self.counter), dict(self.highest)
        for name, number in other.counter.items():
            counter[name] = max(counter.get(name, 0), number)
        for name, version in other.highest.items():
            highest[name] = max(highest.get(name, version), version)
        return Counters(events=events, counter=counter, highest=highest)

    def after(self, entry: Entry, counter: int | None) -> "Counters":
        """The marks once an event has happened."""
        counters, highest = dict(self.counter), dict(self.highest)
        if counter is not None:
            counters[entry.model] = max(counters.get(entry.model, 0), counter)
        version = Version.parse(entry.version) if entry.kind is Kind.REGISTER else None
        if version is not None:
            highest[entry.model] = max(highest.get(entry.model, version), version)
        return Counters(events=self.events + 1, counter=counters, highest=highest)


def bundle_digest(evidence: Mapping[str, bytes]) -> str:
    """The sha256 over a bundle: the sorted lines `<sha256 of the file>  <name>`."""
    lines = [f"{sha256(evidence[name])}  {name}\n" for name in sorted(evidence)]
    return sha256("".join(lines).encode())


def evidence_path(project: str, model: str, version: str, gate: str = "") -> str:
    """Where the evidence of a version lies; without a gate, the directory of all of it."""
    place = f"{project}/{model.rpartition(':')[2]}/{version}/evidence"
    return f"{place}/{gate}.json" if gate else place


def event_files(
    project: str,
    counters: Counters,
    entry: Entry,
    *,
    counter: int | None = None,
    evidence: Mapping[str, bytes] | None = None,
) -> tuple[dict[str, bytes], Counters]:
    """The files that one event's commit adds or replaces, and the marks after it."""
    after = counters.after(entry, counter)
    files = {f"events/{after.events}.json": entry_json(entry), COUNTERS: counters_json(after)}
    for gate, content in (evidence or {}).items():
        files[evidence_path(project, entry.model, entry.version, gate)] = content
    return files, after


def entry_json(entry: Entry) -> bytes:
    """The document of an event; what it does not have is left out."""
    document: dict[str, JsonValue] = {"schema": SCHEMA, "kind": entry.kind.value}
    for key in ("model", "version", "commit", "when", "tag", "environment", "actor", "run_url", "bundle"):
        if value := getattr(entry, key):
            document[key] = value
    if entry.details:
        document["details"] = dict(entry.details)
    return dumps(document).encode()


def read_entry(content: bytes) -> Entry | None:
    """An event's document, or None when it is not one we can read."""
    document = _object(content)
    details = document.pop("details", {})
    kind = document.pop("kind", None)
    if document.pop("schema", None) != SCHEMA or kind not in list(Kind) or not isinstance(details, dict):
        return None
    texts = {key: value for key, value in document.items() if isinstance(value, str)}
    try:
        return Entry(kind=Kind(str(kind)), details=details, **texts)
    except TypeError:
        return None


def event_number(path: str) -> int | None:
    """The number of an event's file, None for any other file."""
    match = _EVENT.fullmatch(path)
    return int(match[1]) if match else None


def counters_json(counters: Counters) -> bytes:
    """The document of the marks."""
    names = sorted({*counters.counter, *counters.highest})
    models: dict[str, JsonValue] = {}
    for name in names:
        version = counters.highest.get(name)
        models[name] = {
            "counter": counters.counter.get(name, 0),
            "highest": str(version) if version else None,
        }
    return dumps({"schema": SCHEMA, "events": counters.events, "models": models}).encode()


def read_counters(content: bytes) -> Counters | None:
    """The marks of a document, or None when it is not one we can read."""
    document = _object(content)
    events, models = document.get("events"), document.get("models")
    if document.get("schema") != SCHEMA or not isinstance(events, int) or not isinstance(models, dict):
        return None
    counter: dict[str, int] = {}
    highest: dict[str, Version] = {}
    for name, marks in models.items():
        if not isinstance(marks, dict) or not isinstance(marks.get("counter"), int):
            return None
        if marks["counter"]:
            counter[name] = int(str(marks["counter"]))
        version = Version.parse(str(marks.get("highest")))
        if version is not None:
            highest[name] = version
    return Counters(events=events, counter=counter, highest=highest)


def rebuilt(registry: Registry) -> tuple[dict[str, bytes], Counters]:
    """The journal that the tags alone allow: every event and mark, no evidence."""
    titles = {
        id(event): release.title
        for model in registry.models.values()
        for stage in model.stages.values()
        for release, event in stage
    }
    entries = [of_event(each, titles.get(id(each), "")) for each in _in_order(registry)]
    files = {f"events/{number}.json": entry_json(entry) for number, entry in enumerate(entries, 1)}
    counters = Counters(events=len(entries)).raised(registry)
    return {**files, COUNTERS: counters_json(counters)}, counters


def of_event(event: Event, assigned: str = "") -> Entry:
    """The entry that a tag gives by itself; `assigned` is the release that a stage tag means."""
    message = event.message
    version = str(event.name.version) if event.name.version else assigned
    return Entry(
        kind=Kind(event.action.value),
        model=event.name.model,
        version=version,
        commit=event.commit,
        when=event.when.isoformat(),
        tag=event.tag.name,
        environment=event.name.stage or "",
        actor=message.get("Actor") or event.actor,
        run_url=message.get("Run") or "",
        bundle=message.get("Evidence-Digest") or "",
    )


def tags_of(entries: Iterable[Entry]) -> frozenset[tuple[str, str]]:
    """The tags that the journal tells of, each with its commit: another one was made, or moved, by hand."""
    return frozenset((each.tag, each.commit) for each in entries if each.kind is not Kind.DEPLOY)


def deployed(entries: Iterable[Entry]) -> frozenset[str]:
    """The assignment tags whose deployment ended well."""
    return frozenset(
        each.tag for each in entries if each.kind is Kind.DEPLOY and each.details.get("ok") is True
    )


def _in_order(registry: Registry) -> list[Event]:
    events = [each for model in registry.models.values() for each in model.events]
    known = [each for each in events if each.action is not Action.CREATE]
    return sorted(known, key=lambda each: (each.when, each.name.counter or 0, each.tag.name))


def _object(content: bytes) -> dict[str, JsonValue]:
    try:
        document = loads(content)
    except NotJson:
        return {}
    return document if isinstance(document, dict) else {}
