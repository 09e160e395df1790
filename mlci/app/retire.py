"""Take a version, or a whole model, out of service for good."""

from mlci.app.audit import audit
from mlci.app.audit_page import audit_page
from mlci.app.bundle import REPORT, keep_from_git
from mlci.app.promote import chosen, name_of
from mlci.app.registry.journals import witness_of
from mlci.app.registry.ledger import Intent, Ledger, Snapshot, Written
from mlci.app.registry.situation import desired_at
from mlci.core.config import Config
from mlci.core.context import RunContext
from mlci.core.plan import FileWrite, Plan
from mlci.core.registry.fold import ModelState, Release
from mlci.core.registry.journal import Kind
from mlci.core.registry.version import Version
from mlci.errors import RefusedError, UsageError
from mlci.ports.files import Files
from mlci.ports.git import Git
from mlci.render import html


def retire(
    ledger: Ledger,
    config: Config,
    prefix: str,
    context: RunContext,
    *,
    model: str,
    version: str | None,
    reason: str,
    write: bool = True,
) -> tuple[tuple[Written, ...], tuple[Intent, ...]]:
    """Withdraw a version, or deprecate the model when none is named; what was written, or would be.

    Raises RefusedError while an environment runs it or is asked to. A second run writes nothing. A version
    whose tag was taken away by hand is withdrawn on the commit that the journal has.
    """
    if not reason.strip():
        raise UsageError(
            "a version is withdrawn for a reason, which its tag keeps",
            id="usage",
            where="--reason",
            help="mlci retire MODEL[@VERSION] --reason 'trained on wrong labels'",
        )
    name = name_of(config, prefix, model)

    def intents(snapshot: Snapshot) -> list[Intent]:
        state = snapshot.registry.model(name)
        lost = _lost(ledger, snapshot, state, version)
        if lost is None and _gone(state, version):
            return []
        release = lost or (chosen(state, version) if version else state.latest)
        if release is None:
            raise RefusedError(f"{name} has no version", id="version-unknown", help="mlci models")
        _unused(ledger, config, prefix, snapshot, state, model, release if version else None)
        return [_intent(state, release, version is not None, reason, context)]

    return (ledger.settle(intents), ()) if write else ((), tuple(intents(ledger.read())))


def leave_page(files: Files, git: Git, name: str) -> str:
    """Leave the whole trail of a retired model as a page, which is no change of the work tree; its path."""
    slug = name.replace(":", "-").replace("/", "-")
    page = html.page(audit_page(audit(git, name)))
    path = f"{REPORT}/{slug}-retired.html"
    keep_from_git(files)
    files.apply(Plan(files=(FileWrite(path=path, content=page.encode()),)))
    return path


def _lost(ledger: Ledger, snapshot: Snapshot, state: ModelState, version: str | None) -> Release | None:
    """The version as the journal has it, where the tags deny it."""
    told = witness_of(ledger.git, snapshot.journal) if version else None
    wanted = Version.parse(version or "")
    lost = (each for each in (told.lost(state) if told else ()) if each.version == wanted)
    return next((Release(each.commit, each.version) for each in lost), None)


def _gone(state: ModelState, version: str | None) -> bool:
    if version is None:
        return bool(state.events) and not state.active
    wanted = Version.parse(version)
    release = state.find(wanted) if wanted else None
    return release is not None and not release.active


def _unused(
    ledger: Ledger,
    config: Config,
    prefix: str,
    snapshot: Snapshot,
    state: ModelState,
    local: str,
    release: Release | None,
) -> None:
    """Nothing runs it (any version, when none is given), and no file asks for it."""
    running = {stage: state.current(stage) for stage in state.stages}
    users = [stage for stage, each in running.items() if each and _is(each.release, release)]
    for name, desired in desired_at(ledger.git, config, prefix, snapshot.tip).items():
        asked = desired.lines.get(local)
        if asked is not None and (release is None or asked == release.version):
            users.append(name)
    if users:
        what = f"{state.name} {release.title}" if release else state.name
        raise RefusedError(
            f"{', '.join(sorted(set(users)))} runs {what}, or is asked to",
            id="in-use",
            help="promote another version there, or remove its line and `mlci reconcile`",
        )


def _is(running: Release, release: Release | None) -> bool:
    """Whether that is what runs; a commit whose tag is gone runs without a version."""
    if release is None:
        return True
    return running.commit == release.commit and running.version in (None, release.version)


def _intent(state: ModelState, release: Release, one: bool, reason: str, context: RunContext) -> Intent:
    facts = {"Reason": reason, "Actor": context.actor or "", "Run": context.run_url or ""}
    return Intent(
        kind=Kind.DEREGISTER if one else Kind.DEPRECATE,
        model=state.name,
        commit=release.commit,
        version=release.version if one else None,
        sentence=f"Withdraw {state.name} {release.title}" if one else f"Deprecate {state.name}",
        trailers=tuple((key, value) for key, value in facts.items() if value),
        actor=context.actor or "",
        run_url=context.run_url or "",
        details={"reason": reason},
    )
