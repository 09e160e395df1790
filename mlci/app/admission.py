"""Whether what a run left is enough to register by: complete, of this commit, green, stored for others."""

from mlci import gates
from mlci.app.bundle import EVIDENCE, Bundle, read_bundle
from mlci.app.reproduce import GATE as PIPELINE
from mlci.core.config import Config
from mlci.core.diff import MetricDiff, MetricVerdict, Occasion
from mlci.core.diff_findings import subject
from mlci.core.finding import Verdict
from mlci.errors import RefusedError
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files

DIFF = "diff"
# What a run leaves beside the gates: the diff's findings, and whether the lock was right.
_BESIDE_GATES = frozenset({DIFF, PIPELINE})


def admitted(config: Config, left: Files, head: str, *, accept_incomparable: bool) -> Bundle | None:
    """The run's evidence: all of it, of this commit, of gates that exist. Raises RefusedError."""
    if not config.gates and not left.exists(EVIDENCE):
        return None
    bundle = read_bundle(left)
    there = {each.gate for each in bundle.evidence}
    missing = sorted(set(config.gates) - there)
    if missing:
        raise _unusable("evidence-missing", f"there is no evidence of {', '.join(missing)}")
    unknown = sorted(there - set(gates.ids()) - _BESIDE_GATES)
    if unknown:
        raise _unusable("evidence-unknown", f"there is evidence of no gate of ours: {', '.join(unknown)}")
    if bundle.commit != head:
        raise _unusable(
            "evidence-of-another-commit", f"the evidence is of {bundle.commit[:10]}, not {head[:10]}"
        )
    incomparable = [subject(each) for each in _gated(bundle) if each.verdict is MetricVerdict.NOT_COMPARABLE]
    if incomparable and not accept_incomparable:
        raise RefusedError(
            f"{', '.join(incomparable)} cannot be compared with the last version",
            id="not-comparable",
            help="mlci register --accept-incomparable 'why this is right'",
        )
    return bundle


def _unusable(id: str, message: str) -> RefusedError:
    return RefusedError(message, id=id, where=".mlci/evidence", help="mlci run, on this commit")


def red_of(bundle: Bundle | None) -> tuple[str, ...]:
    """What blocks: gates that failed, and metrics that a promotion does not forgive."""
    if bundle is None:
        return ()
    # The diff is judged by its metrics: a row that cannot be compared was admitted or refused before.
    unreadable = bool(bundle.diff and bundle.diff.problems)
    failed = [
        each.gate
        for each in bundle.evidence
        if each.verdict is Verdict.FAILED and (each.gate != DIFF or unreadable or bundle.diff is None)
    ]
    metrics = [each for each in _gated(bundle) if each.verdict is not MetricVerdict.NOT_COMPARABLE]
    return (*failed, *(subject(each) for each in metrics if each.blocks(Occasion.PROMOTION)))


def _gated(bundle: Bundle) -> list[MetricDiff]:
    return [each for each in bundle.diff.metrics if each.gated] if bundle.diff else []


def stored(dvc: Dvc, config: Config) -> None:
    """A version must be there for others: on a remote. Raises RefusedError."""
    if not dvc.remotes():
        raise RefusedError(
            "there is no DVC remote, so nobody could fetch this version",
            id="dvc-remote-missing",
            help="dvc remote add --default storage URL, then dvc push",
        )
    missing = [each.path for each in dvc.not_in_remote(remote=config.remotes.write or config.remotes.read)]
    models = [model.path for model in config.models.values()]
    forgotten = [path for path in missing if any(_touches(path, each) for each in models)]
    if forgotten:
        raise RefusedError(
            f"the remote does not hold {', '.join(forgotten)}", id="output-not-pushed", help="dvc push"
        )


def _touches(one: str, other: str) -> bool:
    return one == other or one.startswith(f"{other}/") or other.startswith(f"{one.rstrip('/')}/")
