"""Make the registry say what the environment files on the main branch say."""

from msgspec import Struct

from mlci import __version__
from mlci.app.registry.ledger import Intent, Ledger, Snapshot, Written
from mlci.app.registry.situation import situation
from mlci.core.config import Config
from mlci.core.context import RunContext
from mlci.core.registry.environments import Change, Decision, Move, Refusal, decide
from mlci.core.registry.journal import Kind
from mlci.core.strictjson import JsonValue


class Reconciled(Struct, frozen=True, kw_only=True):
    """What was written, what is still to be written (`check`, `dry_run`), and what no rule allows.

    `warnings` say of a change, written or not, which rule it keeps only by the letter, and which version
    is not followed.
    """

    written: tuple[Written, ...] = ()
    pending: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    warnings: tuple[str, ...] = ()

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {
            "written": [each.tag for each in self.written],
            "pending": [str(each) for each in self.pending],
            "refused": [each.document() for each in self.refusals],
            "warnings": list(self.warnings),
        }


def reconcile(
    ledger: Ledger,
    config: Config,
    prefix: str,
    context: RunContext,
    *,
    prune: bool = False,
    write: bool = True,
) -> Reconciled:
    """Assign what the main branch, as it is on the remote now, asks for. A second run writes nothing."""
    if not write:
        decision = _decided(ledger, config, prefix, ledger.read(), prune=prune)
        return Reconciled(pending=decision.changes, refusals=decision.refusals, warnings=decision.warnings)
    last = Decision()

    def intents(snapshot: Snapshot) -> list[Intent]:
        nonlocal last
        ledger.require_main(snapshot)
        last = _decided(ledger, config, prefix, snapshot, prune=prune)
        return [_intent(each, snapshot, context) for each in last.changes]

    written = ledger.settle(intents)
    return Reconciled(written=written, refusals=last.refusals, warnings=last.warnings)


def _decided(ledger: Ledger, config: Config, prefix: str, snapshot: Snapshot, *, prune: bool) -> Decision:
    """What is to be done. A remote may show a journal a moment before its tags, so it is asked twice."""
    decision = decide(situation(ledger.git, config, prefix, snapshot), prune=prune)
    if not decision.contradicted:
        return decision
    return decide(situation(ledger.git, config, prefix, ledger.read()), prune=prune)


def _intent(change: Change, snapshot: Snapshot, context: RunContext) -> Intent:
    before = change.before.title if change.before else ""
    facts = {
        "Version": change.release.title,
        "Environment": change.environment,
        "Previous": before,
        "Desired-By": snapshot.tip,
        "Actor": context.actor or "",
        "Run": context.run_url or "",
        "Mlci": __version__,
    }
    return Intent(
        kind=Kind.UNASSIGN if change.move is Move.REMOVE else Kind.ASSIGN,
        model=change.model,
        commit=change.release.commit,
        version=change.release.version,
        title=change.release.title,
        environment=change.environment,
        sentence=_sentence(change),
        trailers=tuple((key, value) for key, value in facts.items() if value),
        actor=context.actor or "",
        run_url=context.run_url or "",
        details={"move": change.move.value, "desired_by": snapshot.tip, "previous": before},
    )


def _sentence(change: Change) -> str:
    what = f"{change.model} {change.release.shown}"
    match change.move:
        case Move.REMOVE if change.superseded:
            return f"Close the older assignment of {what} in {change.environment}, or it would come back"
        case Move.REMOVE:
            return f"Take {what} out of {change.environment}"
        case Move.ROLL_BACK:
            return f"Roll {change.model} in {change.environment} back to {change.release.shown}"
        case Move.PROMOTE:
            return f"Promote {what} to {change.environment}" + (
                f", after {change.before.shown}" if change.before else ""
            )
