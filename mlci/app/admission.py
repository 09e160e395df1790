"""Whether what a run left is enough to register by: complete, of this commit, green, stored for others."""

from collections.abc import Iterator
from datetime import date

from msgspec import Struct

from mlci import gates
from mlci.app.bundle import EVIDENCE, Bundle, read_bundle
from mlci.app.owed import BESIDE_GATES, missing_from
from mlci.app.registry.locked import Locked
from mlci.core.config import Config
from mlci.core.diff import Diff, MetricDiff, MetricVerdict, Occasion
from mlci.core.diff.findings import ROWS, VERDICT, doubts, findings, one_a_cause, subject
from mlci.core.dvc.files import Hashed, is_inside
from mlci.core.evidence import DIFF
from mlci.core.finding import Finding, Verdict
from mlci.core.waiver import waive
from mlci.errors import IntegrityError, RefusedError
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files


def admitted(config: Config, left: Files, head: str, locked: Locked, *, accept_incomparable: bool) -> Bundle:
    """The run's evidence: all of it, of this commit and its bytes, of gates that exist.

    Raises RefusedError, and IntegrityError when it is about other bytes than the lock's.
    """
    bundle = read_bundle(left)
    there = {each.gate for each in bundle.evidence}
    missing = missing_from(bundle, config).names
    if missing or bundle.diff is None:
        raise _unusable("evidence-missing", f"there is no evidence of {', '.join(missing) or 'the diff'}")
    unknown = sorted(there - set(gates.ids()) - BESIDE_GATES)
    if unknown:
        raise _unusable("evidence-unknown", f"there is evidence of no gate of ours: {', '.join(unknown)}")
    if bundle.commit != head:
        raise _unusable(
            "evidence-of-another-commit", f"the evidence is of {bundle.commit[:10]}, not {head[:10]}"
        )
    _hold(bundle, locked)
    if (told := _incomparable(bundle, bundle.diff)) and not accept_incomparable:
        raise RefusedError(
            told,
            id="not-comparable",
            help="mlci register --accept-incomparable 'why this is right'",
        )
    return bundle


def _incomparable(bundle: Bundle, diff: Diff) -> str:
    """What a person must accept: metrics held against nothing, or another test than before."""
    metrics = [subject(each) for each in _gated(bundle) if each.verdict is MetricVerdict.NOT_COMPARABLE]
    told = [f"{', '.join(metrics)} cannot be compared with the last version"] if metrics else []
    told += [
        f"{each.model} was judged by another test than the last version: {doubts(each)}"
        for each in diff.doubtful
    ]
    return "; ".join(told)


def _hold(bundle: Bundle, locked: Locked) -> None:
    """What the gates read must be what the commit's lock records under the same path."""
    recorded = {
        path: f"md5:{each.value}"
        for path, each in (*locked.deps.items(), *locked.outs.items())
        if each.algorithm == "md5" and each.value and not (each.is_directory or each.legacy)
    }
    read = {each.path: each.hash for one in bundle.evidence for each in one.inputs}
    other = sorted(path for path, value in read.items() if recorded.get(path, value) != value)
    if other:
        raise IntegrityError(
            f"the evidence was found with other bytes of {', '.join(other)} than dvc.lock records",
            id="evidence-of-other-bytes",
            where=EVIDENCE,
            help="dvc checkout, then mlci run",
        )


def _unusable(id: str, message: str) -> RefusedError:
    return RefusedError(message, id=id, where=".mlci/evidence", help="mlci run, on this commit")


class Red(Struct, frozen=True, kw_only=True):
    """What blocks a version: gates and subjects of the change by name, and the findings that say why."""

    names: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def red_of(bundle: Bundle, config: Config, today: date) -> Red:
    """What blocks: gates that failed, and what of the change a promotion does not forgive, nor anybody."""
    failed = [each for each in bundle.evidence if each.verdict is Verdict.FAILED and each.gate != DIFF]
    told = [each for one in bundle.evidence if one.gate == DIFF for each in one.findings]
    # A promotion asks more of a change than the pull request's run may have done: verdicts are asked anew.
    verdicts = findings(bundle.diff, Occasion.PROMOTION, limits=None) if bundle.diff else ()
    anew = waive(verdicts, config.waivers, today)
    kept = [each for each in told if each.check != VERDICT]
    # What cannot be compared, or was judged by another test, was admitted or refused before.
    red = [each for each in (*anew, *kept) if each.blocks and each.check != ROWS]
    incomparable = {subject(each) for each in _gated(bundle) if each.verdict is MetricVerdict.NOT_COMPARABLE}
    of_change = [each for each in red if each.check != VERDICT or each.subject not in incomparable]
    of_gates = (each for gate in failed for each in gate.findings if each.blocks)
    names = (*(each.gate for each in failed), *dict.fromkeys(each.subject for each in of_change))
    # Evidence and what is asked anew say the same of most.
    once = {(each.check, each.subject, each.message): each for each in one_a_cause(of_change)}
    return Red(names=names, findings=(*of_gates, *once.values()))


def _gated(bundle: Bundle) -> list[MetricDiff]:
    return [each for each in bundle.diff.metrics if each.gated] if bundle.diff else []


def stored(dvc: Dvc, config: Config, locked: Locked) -> None:
    """A version must be there for others: on a remote. Raises RefusedError.

    The remote is asked by hash, which is fast; what it seems to lack is asked of DVC, which knows outputs
    that have a remote of their own.
    """
    if not dvc.remotes():
        raise RefusedError(
            "there is no DVC remote, so nobody could fetch this version",
            id="dvc-remote-missing",
            help="dvc remote add --default storage URL, then dvc push",
        )
    remote = config.remotes.write or config.remotes.read
    held = dict(_promised(config, locked))
    plain = all(each.algorithm == "md5" and not each.cloud for each in held.values())
    if plain and not dvc.absent([each.value for each in held.values()], remote=remote):
        return
    missing = [each.path for each in dvc.not_in_remote(remote=remote)]
    forgotten = [path for path in missing if any(_touches(path, each) for each in held)]
    if forgotten:
        raise RefusedError(
            f"the remote does not hold {', '.join(forgotten)}",
            id="output-not-pushed",
            help=f"dvc push --remote {remote}" if remote else "dvc push",
        )


def _promised(config: Config, locked: Locked) -> Iterator[tuple[str, Hashed]]:
    """What a version hands to others: its model, and the predictions that the next one is compared with."""
    for model in config.models.values():
        for path in (model.path, model.predictions):
            held = locked.holding(path) if path else None
            if held and held[1].value:
                yield held


def _touches(one: str, other: str) -> bool:
    return is_inside(one, other) or is_inside(other, one.rstrip("/"))
