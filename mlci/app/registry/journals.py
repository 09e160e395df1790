"""The journal as Git holds it: its events and marks, and one journal made of two."""

from collections.abc import Mapping, Sequence

from mlci.core.registry import journal
from mlci.core.registry.fold import Registry
from mlci.core.registry.journal import Counters, Entry
from mlci.core.registry.witness import Witness, witness
from mlci.ports.git import Git


def read_entries(git: Git, ref: str | None) -> list[Entry]:
    """The events of a journal, in order; what cannot be read is left out."""
    return [entry for entry in _events(git, ref) if entry is not None]


def _events(git: Git, ref: str | None) -> list[Entry | None]:
    if ref is None:
        return []
    numbered = [(journal.event_number(each.path), each.path) for each in git.tree(ref, "events")]
    paths = [path for number, path in sorted((n, path) for n, path in numbered if n is not None)]
    contents = git.blobs([(ref, path) for path in paths])
    return [journal.read_entry(content) if content else None for content in contents]


def journaled(git: Git) -> frozenset[tuple[str, str]] | None:
    """The tags that the journal here tells of, each with its commit; None where there is no journal."""
    tip = git.resolve(journal.REF)
    return None if tip is None else journal.tags_of(read_entries(git, tip))


def witness_here(git: Git) -> Witness | None:
    """What the journal here tells of versions; None where there is no journal."""
    return witness_of(git, git.resolve(journal.REF))


def witness_of(git: Git, ref: str | None) -> Witness | None:
    """What a journal tells of versions; None where there is none.

    One of which an event cannot be read may have told of any version, so it is no witness either.
    """
    events = _events(git, ref)
    told = [each for each in events if each is not None]
    return witness(told) if ref is not None and len(told) == len(events) else None


def read_marks(git: Git, ref: str | None, registry: Registry) -> Counters:
    """The marks of a journal, no lower than what the tags say; damaged ones are counted anew."""
    content = git.blobs([(ref, journal.COUNTERS)])[0] if ref else None
    counters = journal.read_counters(content) if content else None
    if ref and counters is None:
        events = [journal.event_number(each.path) or 0 for each in git.tree(ref, "events")]
        counters = Counters(events=max(events, default=0))
    return (counters or Counters()).raised(registry)


def joined(
    git: Git, first: str, second: str, counters: Counters, registry: Registry
) -> tuple[Mapping[str, bytes], Counters]:
    """The files that the first journal lacks of the second, and the marks of both. None lacked, no files."""
    known = {_identity(each) for each in read_entries(git, first)}
    missing = [each for each in read_entries(git, second) if _identity(each) not in known]
    files = _evidence(git, first, second)
    for number, entry in enumerate(missing, counters.events + 1):
        files[f"events/{number}.json"] = journal.entry_json(entry)
    after = counters.beside(read_marks(git, second, registry), events=counters.events + len(missing))
    return ({**files, journal.COUNTERS: journal.counters_json(after)} if files else {}), after


def _identity(entry: Entry) -> Sequence[str]:
    """What no two events share: a rebuilt journal tells the same event in other words."""
    return (entry.kind.value, entry.model, entry.version, entry.environment, entry.tag, entry.when)


def _evidence(git: Git, first: str, second: str) -> dict[str, bytes]:
    there = {each.path for each in git.tree(first)}
    lacking = [each.path for each in git.tree(second) if each.path not in there]
    paths = [each for each in lacking if journal.event_number(each) is None and each != journal.COUNTERS]
    contents = git.blobs([(second, path) for path in paths])
    return {path: content for path, content in zip(paths, contents, strict=True) if content is not None}
