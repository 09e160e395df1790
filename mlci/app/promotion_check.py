"""The gate of a promotion's pull request: what merging would do, and whether what it rests on holds."""

from collections.abc import Sequence

from msgspec import Struct

from mlci.app.promote import decision
from mlci.app.registry.kept import kept
from mlci.app.registry.ledger import Ledger, Snapshot
from mlci.app.registry.locked import locked_at
from mlci.app.registry.situation import contents_at, contents_here, desired_at, desired_in
from mlci.app.resolve import Resolved, described
from mlci.app.verify import on_remote
from mlci.core.config import Config, Model
from mlci.core.evidence import MODEL, Evidence
from mlci.core.registry.environments import Change, Move, Refusal
from mlci.core.registry.fold import Release
from mlci.core.registry.reference import Found
from mlci.core.registry.stated import Stated
from mlci.core.strictjson import JsonValue
from mlci.errors import Exit, MlciError
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files


class Answer(Struct, frozen=True, kw_only=True):
    """One question about a candidate: whether it is answered well (None: nobody can tell), and why.

    `forgiven` is a bad answer that does not block: an environment may always go back to what it ran.
    """

    what: str
    ok: bool | None
    why: str
    help: str = ""
    broken: bool = False
    forgiven: bool = False

    @property
    def blocks(self) -> bool:
        """Whether this alone forbids the merge."""
        return self.ok is False and not self.forgiven

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {"what": self.what, "ok": self.ok, "why": self.why, "blocks": self.blocks}


class Candidate(Struct, frozen=True, kw_only=True):
    """One change that merging would make, its answers, and the metrics of what runs now and then."""

    change: Change
    answers: tuple[Answer, ...] = ()
    now: tuple[Stated, ...] = ()
    then: tuple[Stated, ...] = ()
    same_test: bool | None = None

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {
            "change": str(self.change),
            "answers": [each.document() for each in self.answers],
            "metrics_now": [each.document() for each in self.now],
            "metrics_then": [each.document() for each in self.then],
            "same_test_data": self.same_test,
        }


class Checked(Struct, frozen=True, kw_only=True):
    """What merging would do, and what of it no rule allows."""

    changed: tuple[str, ...] = ()
    candidates: tuple[Candidate, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    uncommitted: tuple[str, ...] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """What merging would do."""
        return tuple(each.change for each in self.candidates)

    @property
    def exit(self) -> Exit:
        """How the command ends: a broken promise is worse than a missing one."""
        blocking = [each for one in self.candidates for each in one.answers if each.blocks]
        if any(each.broken for each in blocking):
            return Exit.INTEGRITY
        return Exit.REFUSED if blocking or self.refusals else Exit.DONE

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {
            "changed": list(self.changed),
            "uncommitted": list(self.uncommitted),
            "changes": [str(each) for each in self.changes],
            "candidates": [each.document() for each in self.candidates],
            "refused": [each.document() for each in self.refusals],
        }


def check(
    ledger: Ledger, config: Config, prefix: str, head: str, dvc: Dvc, files: Files | None = None
) -> Checked:
    """What merging `head` would do to the environments; nothing when it changes none of their files.

    With `files` these count, as they lie here: at a desk people ask before they commit.
    """
    snapshot = ledger.read()
    base = ledger.git.merge_base(snapshot.tip, head) or snapshot.tip
    before, now = (contents_at(ledger.git, config, prefix, each) for each in (base, head))
    here = contents_here(ledger.git, files, config, prefix, now) if files else now
    names = [name for name in config.environments if here[name] != before[name]]
    uncommitted = tuple(
        each.file for each in config.environments.values() if here[each.name] != now[each.name]
    )
    if not names:
        return Checked(uncommitted=uncommitted)
    wanted = dict(desired_at(ledger.git, config, prefix, snapshot.tip))
    asked = desired_in(here, config, prefix)
    decided = decision(ledger, config, prefix, snapshot, {**wanted, **{name: asked[name] for name in names}})
    judge = Judge(ledger=ledger, config=config, prefix=prefix, snapshot=snapshot, dvc=dvc)
    return Checked(
        changed=tuple(names),
        candidates=tuple(judge.candidate(each) for each in decided.changes if each.environment in names),
        refusals=tuple(each for each in decided.refusals if each.environment in names),
        uncommitted=uncommitted,
    )


class Judge(Struct, frozen=True, kw_only=True):
    """Asks everything that a promotion rests on."""

    ledger: Ledger
    config: Config
    prefix: str
    snapshot: Snapshot
    dvc: Dvc

    def candidate(self, change: Change) -> Candidate:
        """A change with its answers; taking something away asks nothing."""
        if change.move is Move.REMOVE:
            return Candidate(change=change)
        back = change.move is Move.ROLL_BACK
        found = self._described(change, change.release)
        before = self._described(change, change.before) if change.before else None
        evidence = kept(
            self.ledger.git, self.config.project, found.model, found.version, ref=self.snapshot.journal
        )
        return Candidate(
            change=change,
            answers=(
                _stands(found),
                _allowed(change),
                self._complete(found, evidence.agrees(found.message), back=back),
                self._stored(found, back=back),
            ),
            now=before.metrics if before else (),
            then=found.metrics,
            same_test=self._same_test(change, before, evidence.evidence),
        )

    def _described(self, change: Change, release: Release) -> Resolved:
        return described(Found(change.model, release), config=self.config)

    def _complete(self, found: Resolved, agrees: bool | None, *, back: bool) -> Answer:
        what, redo = "evidence", f"mlci verify {found.model}@{found.version}"
        allowed = found.message.get("Allow-Failed")
        if agrees is False:
            why = "the journal does not hold what the tag promises"
            return Answer(what=what, ok=False, why=why, help=redo, broken=True, forgiven=back)
        if agrees is None and self.config.gates:
            why = "its tag names no evidence, and this project has gates"
            advice = "merge a change on main and let CI register it"
            return Answer(what=what, ok=False, why=why, help=advice, forgiven=back)
        if allowed:
            return Answer(what=what, ok=None, why=f"registered in spite of red evidence: {allowed}")
        why = "complete, as its tag promises" if agrees else "this project has no gates"
        return Answer(what=what, ok=True, why=why)

    def _stored(self, found: Resolved, *, back: bool) -> Answer:
        what, redo = "bytes", f"mlci verify {found.model}@{found.version}"
        (locked,) = locked_at(self.ledger.git, self.prefix, [found.commit])
        held = locked.holding(found.path) if locked and found.path else None
        if held is None:
            return Answer(what=what, ok=None, why="no lock of its commit names them")
        if found.hash not in ("", f"md5:{held[1].value}"):
            why = f"its tag says {found.hash}, dvc.lock of its commit md5:{held[1].value}"
            return Answer(what=what, ok=False, why=why, help=redo, broken=True, forgiven=back)
        if held[1].cloud or held[1].algorithm != "md5":
            return Answer(
                what=what, ok=None, why="the remote keeps versions itself; `mlci verify` fetches them"
            )
        try:
            absent = self.dvc.absent([held[1].value], remote=self.config.remotes.read)
        except MlciError as error:
            return Answer(what=what, ok=None, why=f"the remote cannot be asked: {error.message}")
        if absent:
            why = f"the remote does not hold {held[0]} (md5 {held[1].value})"
            advice = f"git switch --detach {found.tag} && dvc push"
            return Answer(what=what, ok=False, why=why, help=advice, forgiven=back)
        # What a remote has under a name need not be what the name says.
        proof = on_remote(self.dvc, self.config, *held)
        return Answer(
            what=what, ok=proof.ok, why=proof.why, help=redo, broken=proof.ok is False, forgiven=back
        )

    def _same_test(self, change: Change, before: Resolved | None, then: Sequence[Evidence]) -> bool | None:
        model = self.config.models.get(change.model.rpartition(":")[2])
        if before is None or model is None:
            return None
        now = kept(
            self.ledger.git, self.config.project, before.model, before.version, ref=self.snapshot.journal
        )
        hashes = _test_hash(model, now.evidence), _test_hash(model, then)
        return None if None in hashes else hashes[0] == hashes[1]


def _stands(found: Resolved) -> Answer:
    by = found.message.get("Actor")
    why = f"registered {found.registered[:10]}{f' by {by}' if by else ''} on {found.commit[:10]}"
    return Answer(what="version", ok=True, why=why)


def _allowed(change: Change) -> Answer:
    if change.warning:
        advice = f"merge what {change.environment} asks for once {change.untried} runs it"
        return Answer(what="rules", ok=False, why=change.warning, help=advice)
    back = f"{change.environment} ran it before"
    why = back if change.move is Move.ROLL_BACK else f"the rules of {change.environment} are met"
    return Answer(what="rules", ok=True, why=why)


def _test_hash(model: Model, evidence: Sequence[Evidence]) -> str | None:
    inputs = [one for each in evidence if each.gate == MODEL for one in each.inputs]
    return next((each.hash for each in inputs if each.path == model.test), None)
