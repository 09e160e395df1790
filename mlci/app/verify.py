"""Whether a version still is what was registered: tag, lock, journal and bytes against one another."""

from collections.abc import Callable, Iterator
from pathlib import Path

from mlci.app.kept import kept
from mlci.app.locked import locked_at
from mlci.app.rehash import verify as verify_bytes
from mlci.app.resolve import Resolved, resolve
from mlci.core.config import Config
from mlci.core.proof import Proof
from mlci.errors import MlciError
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files
from mlci.ports.git import Git, Signature


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
        *_lock(git, prefix, found),
        _evidence(git, config, found),
        _bytes(git, dvc, files_at(scratch), config, prefix, found),
    )
    return found, proofs


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
    there = kept(git, config.project, found.model, found.version)
    return _same("evidence", found.message.get("Evidence-Digest"), there.digest, "the journal")


def _bytes(git: Git, dvc: Dvc, files: Files, config: Config, prefix: str, found: Resolved) -> Proof:
    (locked,) = locked_at(git, prefix, [found.commit])
    held = locked.holding(found.path) if locked else None
    if held is None:
        return Proof(what="bytes", ok=None, why="dvc.lock of its commit has no such output")
    name = "output"
    done = dvc.get(held[0], found.commit, files.root / name, remote=config.remotes.read)
    if not done.ok:
        return Proof(what="bytes", ok=None, why=f"they cannot be fetched: {done.last_lines(3)}")
    try:
        verify_bytes(files, name, held[1])
    except MlciError as error:
        return Proof(what="bytes", ok=False, why=error.message)
    return Proof(what="bytes", ok=True, why=f"md5 {held[1].value}, hashed again")


def _same(what: str, promised: str | None, there: str, where: str) -> Proof:
    if not promised:
        return Proof(what=what, ok=None, why="its tag does not say")
    if promised == there:
        return Proof(what=what, ok=True, why=f"tag and {where} agree")
    return Proof(what=what, ok=False, why=f"the tag says {promised}, {where} {there or 'nothing'}")
