"""The journal as a witness of version tags, which whoever may push tags can make, move and delete."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from mlci.core.registry.fold import ModelState, Release
from mlci.core.registry.journal import Entry, Kind, tags_of
from mlci.core.registry.tag import ASSIGN, REGISTER
from mlci.core.registry.version import Version

_OF_VERSIONS = (Kind.REGISTER, Kind.DEREGISTER)


class Lost(Struct, frozen=True, kw_only=True):
    """A version of which the tags say another thing than the journal, in words, and what mends it."""

    model: str
    version: Version
    commit: str
    tag: str
    message: str
    help: str


class Witness(Struct, frozen=True, kw_only=True):
    """What the journal tells of: its tags, each with its commit, and what befell each model's versions."""

    tags: frozenset[tuple[str, str]]
    versions: Mapping[str, Sequence[Entry]]

    def vouches(self, release: Release) -> bool:
        """Whether the journal tells of a release's registration, on this commit."""
        return any(
            each.action is REGISTER and (each.tag.name, each.commit) in self.tags for each in release.events
        )

    def admits(self, state: ModelState, stage: str, release: Release) -> bool:
        """Whether an environment may run a release: the journal tells of it, or of its having run there."""
        return self.vouches(release) or any(
            each is release and event.action is ASSIGN and (event.tag.name, event.commit) in self.tags
            for each, event in state.stages.get(stage, ())
        )

    def lost(self, state: ModelState) -> Iterator[Lost]:
        """The versions that a tag made, moved or deleted by hand took away, or brought back."""
        told: dict[tuple[str, str], list[Entry]] = {}
        for entry in self.versions.get(state.name, ()):
            told.setdefault((entry.version, entry.commit), []).append(entry)
        there = {each.tag.name: each.commit for each in state.events}
        releases = {(each.title, each.commit): each for each in state.releases}
        for (title, commit), entries in told.items():
            version = Version.parse(title)
            said = _contradiction(entries, releases.get((title, commit)), there)
            if version and said:
                tag, message, mend = said
                retire = f"mlci retire {state.name.rpartition(':')[2]}@{title} --reason TEXT"
                yield Lost(
                    model=state.name,
                    version=version,
                    commit=commit,
                    tag=tag,
                    message=message,
                    help=f"{mend}; or withdraw it: {retire}",
                )


def witness(entries: Iterable[Entry]) -> Witness:
    """What these events of a journal tell of versions."""
    told = list(entries)
    versions: dict[str, list[Entry]] = {}
    for each in told:
        if each.kind in _OF_VERSIONS:
            versions.setdefault(each.model, []).append(each)
    return Witness(tags=tags_of(told), versions=versions)


def _contradiction(
    entries: Sequence[Entry], release: Release | None, there: Mapping[str, str]
) -> tuple[str, str, str] | None:
    """Which tag denies one version's events by what is `there`, in words, and what mends it."""
    entry = entries[-1]
    stands = release is not None and release.active
    if withdrawn := [each for each in entries if each.kind is Kind.DEREGISTER]:
        gone = withdrawn[-1].tag
        if not stands or any(there.get(each.tag) == each.commit for each in withdrawn):
            return None
        return gone, f"the journal has {entry.version} withdrawn by {gone}, whose tag is gone", _back(gone)
    has = f"the journal has {entry.tag} on {entry.commit[:10]}"
    if entry.tag not in there:
        return entry.tag, f"{has}, its tag is gone", _back(entry.tag)
    if there[entry.tag] != entry.commit:
        elsewhere = f"{has}, its tag stands on {there[entry.tag][:10]}"
        return entry.tag, elsewhere, _back(entry.tag, force=True)
    if release is not None and not stands:
        other = release.events[-1].tag.name
        overruled = f"{has}, and knows no {other}, which withdraws it"
        return other, overruled, f"git push origin ':refs/tags/{other}'"
    return None


def _back(tag: str, *, force: bool = False) -> str:
    """How a clone that still has a tag gives it back; fetching by itself takes none away and moves none."""
    return f"git push {'--force ' if force else ''}origin 'refs/tags/{tag}', from a clone that still has it"
