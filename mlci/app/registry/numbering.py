"""Which number a version gets, and why: a major one where the model's signature changed, else a minor one."""

from collections.abc import Sequence

from msgspec import Struct

from mlci.app.registry.ledger import Snapshot
from mlci.core import evidence as documents
from mlci.core.evidence import MODEL, Evidence
from mlci.core.registry import journal
from mlci.core.registry.fold import ModelState, Release
from mlci.core.registry.signature import Signature
from mlci.core.registry.version import FIRST, Part, Version
from mlci.core.strictjson import NotJson
from mlci.ports.git import Git

TRAILER = "Signature-Hash"


class Numbered(Struct, frozen=True, kw_only=True):
    """A version's number, and what there is to know about it."""

    version: Version
    note: str = ""


class Numbering(Struct, frozen=True, kw_only=True):
    """What numbers are given by: the part that somebody asked for, and what the gates saw of the models."""

    git: Git
    project: str
    asked: Part | None
    evidence: Sequence[Evidence]

    def next(self, snapshot: Snapshot, state: ModelState, before: Release | None) -> Numbered:
        """The number that follows all there ever were. `before` is the version that this one replaces."""
        marked = snapshot.counters.highest.get(state.name)
        known = [each for each in (marked, state.highest) if each is not None]
        if not known:
            return Numbered(version=FIRST)
        part, note = (self.asked, "") if self.asked else self._part(snapshot, state, before)
        return Numbered(version=max(known).bump(part), note=note)

    def signature(self, model: str) -> Signature | None:
        """What the model takes and says now, as its gate saw it."""
        return signature_in(self.evidence, model)

    def _part(self, snapshot: Snapshot, state: ModelState, before: Release | None) -> tuple[Part, str]:
        now = self.signature(_local(state.name))
        if now is None:
            return _minor(state, "its signature is not known")
        if before is None:
            return _minor(state, "no version on this branch to compare it with")
        event = before.registered
        promised = event.message.get(TRAILER) if event else None
        if promised is None:
            return _minor(state, f"the signature of {before.title} is not known")
        if now.digest == promised:
            return Part.MINOR, ""
        old = self._kept(snapshot, state.name, before)
        changes = ", ".join(now.changes(old)) if old and old.digest == promised else "has another signature"
        if not changes:
            return Part.MINOR, ""  # only columns that were empty once are otherwise
        return Part.MAJOR, f"{state.name}: unlike {before.title} it {changes}, so the version is a major one"

    def _kept(self, snapshot: Snapshot, model: str, before: Release) -> Signature | None:
        path = journal.evidence_path(self.project, model, before.title, MODEL)
        content = self.git.blobs([(snapshot.journal, path)])[0] if snapshot.journal else None
        try:
            return signature_in([documents.from_json(content)], _local(model)) if content else None
        except NotJson:
            return None  # the tag's hash tells that it changed; what changed, this cannot tell any more


def _minor(state: ModelState, why: str) -> tuple[Part, str]:
    return Part.MINOR, f"{state.name}: {why}, so the version is a minor one"


def signature_in(evidence: Sequence[Evidence], model: str) -> Signature | None:
    """A model's signature in what the gates left; None where none of them could tell."""
    figures = next((each.figures for each in evidence if each.gate == MODEL), {})
    signatures = figures.get("signatures")
    return Signature.read(signatures.get(model)) if isinstance(signatures, dict) else None


def _local(model: str) -> str:
    return model.rpartition(":")[2]
