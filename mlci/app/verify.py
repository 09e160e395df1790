"""Whether a version still is what was registered: tag, lock, journal and bytes against one another."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mlci.app.registry.journals import read_entries
from mlci.app.registry.kept import kept
from mlci.app.registry.locked import locked_at
from mlci.app.resolve import Resolved, resolve
from mlci.app.stages.rehash import verify as verify_bytes
from mlci.core.config import Config
from mlci.core.dvc.files import Hashed
from mlci.core.registry import journal
from mlci.core.registry.fold import Event, fold
from mlci.core.registry.journal import Kind
from mlci.core.registry.proof import Proof
from mlci.errors import IntegrityError, MlciError
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files
from mlci.ports.git import Git, Signature

# What every tag of ours says; one without any of it was made by hand or by another tool.
PROMISES = ("Version", "Model-Hash", "Lock-Hash")
# What must be proven, not only not refuted: a signature is nobody's duty, and so is evidence of other tools.
NECESSARY = ("registration", "lock hash", "model hash", "bytes", "remote bytes")
_OF_DVC = {"bytes", "remote bytes"}


def verify(
    git: Git,
    dvc: Dvc,
    files_at: Callable[[Path], Files],
    scratch: Path,
    config: Config,
    prefix: str,
    reference: str,
) -> tuple[Resolved, tuple[Proof, ...]]:
    """Hold a version's promises against what Git, the journal and the DVC remote have now."""
    found = resolve(git, reference, config=config, prefix=prefix)
    proofs = (
        *_signed(git, found),
        _registered(git, found),
        *_lock(git, prefix, found),
        _evidence(git, config, found),
        *_bytes(git, dvc, files_at(scratch), config, prefix, found),
    )
    return found, proofs


def settle(found: Resolved, proofs: Sequence[Proof], *, allow_unproven: bool = False) -> None:
    """Raise IntegrityError when a promise is broken, or when what must be proven cannot be."""
    if broken := [each.what for each in proofs if each.ok is False]:
        raise IntegrityError(
            f"{found.model} {found.version} is not what was registered: {', '.join(broken)}",
            id="version-broken",
            where=found.tag,
            help="stop using it: mlci rollback ENV MODEL, then find out who changed it",
        )
    unproven = [each.what for each in proofs if each.ok is None and each.what in NECESSARY]
    if unproven and not allow_unproven:
        here = "mlci reconcile --check brings tags and journal here; then verify again"
        raise IntegrityError(
            f"{found.model} {found.version} is not provable: {', '.join(unproven)}",
            id="version-unproven",
            where=found.tag,
            help="mlci doctor looks at the DVC remote" if _OF_DVC.issuperset(unproven) else here,
        )


def withdrawn(git: Git, found: Resolved) -> str:
    """By which tag a version, or its whole model, was withdrawn, and why; empty for one that stands."""
    state = fold(git.tags()).model(found.model)
    ended = [] if state.active else state.events[-1:]
    if not found.active:
        ended = [each for each in state.events if str(each.name.version) == found.version][-1:]
    told = (f"{each.tag.name} on {each.when:%Y-%m-%d} by {_who(each)}{_why(each)}" for each in ended)
    return next((f"{found.model} {found.version} was withdrawn: {each}" for each in told), "")


def _who(event: Event) -> str:
    return event.message.get("Actor") or event.actor or "nobody who is named"


def _why(event: Event) -> str:
    reason = event.message.get("Reason")
    return f" ({reason})" if reason else ""


def _signed(git: Git, found: Resolved) -> Iterator[Proof]:
    """The signature of its tag, where it has one: nobody is made to sign."""
    kind, said = git.signature(found.tag) if found.tag else (Signature.NONE, "")
    why = " ".join(said.split()) or kind.value
    match kind:
        case Signature.NONE:
            yield Proof(what="signature", ok=None, why="its tag is not signed")
        case Signature.UNKNOWN:
            yield Proof(what="signature", ok=None, why=f"git cannot tell: {why}")
        case _:
            yield Proof(what="signature", ok=kind is Signature.GOOD, why=why)


def _registered(git: Git, found: Resolved) -> Proof:
    """Whether the tag is the one that the journal tells of: anybody who pushes tags can move one."""
    what, tip = "registration", git.refs(journal.REF).get(journal.REF)
    ours = [
        each for each in read_entries(git, tip) if (each.model, each.version) == (found.model, found.version)
    ]
    known = next((each for each in reversed(ours) if each.kind is Kind.REGISTER), None)
    silent = [key for key in PROMISES if not found.message.get(key)]
    if known is None:
        why = "its tag promises nothing, and the journal here does not know it" if silent else ""
        return Proof(what=what, ok=None, why=why or "the journal here does not know it")
    if known.commit != found.commit:
        why = f"the journal has it on {known.commit[:10]}, its tag is on {found.commit[:10] or 'nothing'}"
        return Proof(what=what, ok=False, why=why)
    if silent and known.bundle:
        why = f"the journal has it judged, its tag says no {', '.join(silent)}"
        return Proof(what=what, ok=False, why=why)
    return Proof(what=what, ok=True, why="tag and the journal agree")


def _lock(git: Git, prefix: str, found: Resolved) -> Iterator[Proof]:
    (locked,) = locked_at(git, prefix, [found.commit])
    held = locked.holding(found.path) if locked else None
    there = {
        "lock": f"sha256:{locked.digest}" if locked else "",
        "model": f"md5:{held[1].value}" if held else "",
    }
    said = {"lock": found.message.get("Lock-Hash"), "model": found.hash}
    for what, promised in said.items():
        yield _same(f"{what} hash", promised, there[what], "dvc.lock of its commit")


def _evidence(git: Git, config: Config, found: Resolved) -> Proof:
    if journal.REF not in git.refs(journal.REF):
        return Proof(what="evidence", ok=None, why="there is no journal here")
    there = kept(git, config.project, found.model, found.version)
    return _same("evidence", found.message.get("Evidence-Digest"), there.digest, "the journal")


def _bytes(git: Git, dvc: Dvc, files: Files, config: Config, prefix: str, found: Resolved) -> Iterator[Proof]:
    (locked,) = locked_at(git, prefix, [found.commit])
    held = locked.holding(found.path) if locked else None
    if held is None:
        yield Proof(what="bytes", ok=None, why="dvc.lock of its commit has no such output")
        return
    yield _given(dvc, files, config, found.commit, *held)
    yield on_remote(dvc, config, *held)


def _given(dvc: Dvc, files: Files, config: Config, commit: str, path: str, recorded: Hashed) -> Proof:
    """The bytes that DVC gives here. What its cache holds it does not ask the remote for."""
    what, name = "bytes", "output"
    copy = f"{path} as DVC gives it here, from {'its cache' if dvc.cached(recorded.value) else 'the remote'}"
    done = dvc.get(path, commit, files.root / name, remote=config.remotes.read)
    if not done.ok:
        return Proof(what=what, ok=None, why=f"they cannot be fetched: {done.last_lines(3)}")
    try:
        verify_bytes(files, name, recorded)
    except MlciError as error:
        return Proof(what=what, ok=False, why=f"{copy}: {error.message}")
    return Proof(what=what, ok=True, why=f"md5 {recorded.value}, hashed again; {copy}")


def on_remote(dvc: Dvc, config: Config, path: str, recorded: Hashed) -> Proof:
    """The bytes that a deployment gets, which has nobody's cache: hashed as the remote holds them."""
    what, remote = "remote bytes", config.remotes.read or dvc.default_remote()
    if remote is None:
        return Proof(what=what, ok=None, why="there is no DVC remote, so nobody else could fetch them")
    if recorded.cloud or recorded.algorithm != "md5":
        return Proof(what=what, ok=None, why=f"{remote} keeps versions itself, and no md5 names them")
    if silent := dvc.unreadable(remote):
        return Proof(what=what, ok=None, why=f"{remote} cannot be read: {silent.why}")
    try:
        found = dvc.hashed([recorded.value], remote=remote)
    except MlciError as error:
        return Proof(what=what, ok=None, why=f"{remote} cannot be read: {error.message}")
    wrong = {name: value for name, value in found.items() if value != name.removesuffix(".dir")}
    if wrong:
        name, value = next(iter(wrong.items()))
        holds = f"holds other bytes, md5 {value}," if value else "holds nothing"
        more = f", and {len(wrong) - 1} more are wrong" if len(wrong) > 1 else ""
        return Proof(what=what, ok=False, why=f"{remote} {holds} as {name} of {path}{more}")
    return Proof(what=what, ok=True, why=f"md5 {recorded.value}, hashed again as {remote} holds it")


def _same(what: str, promised: str | None, there: str, where: str) -> Proof:
    if not promised:
        return Proof(what=what, ok=None, why="its tag does not say")
    if promised == there:
        return Proof(what=what, ok=True, why=f"tag and {where} agree")
    return Proof(what=what, ok=False, why=f"the tag says {promised}, {where} {there or 'nothing'}")
