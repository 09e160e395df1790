"""`mlci test`: run the gates that mlci.yaml configures, and leave their evidence."""

from collections.abc import Sequence

from msgspec import Struct

from mlci import __version__, gates
from mlci.app.bundle import EVIDENCE, clear_report, evidence_path, write_evidence
from mlci.app.project import Project
from mlci.core.context import RunContext
from mlci.core.evidence import Evidence, from_json
from mlci.core.finding import Verdict, verdict_of
from mlci.core.problems import did_you_mean
from mlci.core.schema import Problems
from mlci.core.strictjson import NotJson
from mlci.core.waiver import waive
from mlci.errors import UsageError
from mlci.gates import Hands, Request
from mlci.ports.files import Files


class Tested(Struct, frozen=True, kw_only=True):
    """What the gates found; `unconfigured` are the gates that mlci.yaml does not speak of."""

    evidence: tuple[Evidence, ...]
    unconfigured: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict:
        """The verdict over all gates."""
        return verdict_of(tuple(finding for each in self.evidence for finding in each.findings))


def test(
    project: Project, gate_ids: Sequence[str], hands: Hands, *, context: RunContext, commit: str
) -> Tested:
    """Run gates (all configured ones, when none is named) on what lies in the project.

    Raises UsageError for a gate that does not exist or is not configured.
    """
    configured = tuple(each for each in gates.ids() if each in project.config.gates)
    chosen = _chosen(gate_ids, configured)
    _forget(hands.files, chosen, commit)
    evidence = tuple(_evidence(project, each, hands, context, commit) for each in chosen)
    absent = tuple(each for each in gates.ids() if each not in configured)
    return Tested(evidence=evidence, unconfigured=absent)


def _chosen(named: Sequence[str], configured: tuple[str, ...]) -> tuple[str, ...]:
    for each in named:
        if each not in gates.ids():
            raise UsageError(
                f"there is no gate {each!r}", id="gate-unknown", help=did_you_mean(each, gates.ids(), "gates")
            )
        if each not in configured:
            raise UsageError(
                f"mlci.yaml does not configure the gate {each!r}",
                id="gate-unconfigured",
                where=f"gates.{each}",
                help=f"mlci explain {each}",
            )
    return tuple(each for each in configured if not named or each in named)


def _evidence(project: Project, gate_id: str, hands: Hands, context: RunContext, commit: str) -> Evidence:
    gate = gates.gate(gate_id)
    began = hands.clock.monotonic()
    hands.progress.step(f"testing {gate.title.lower()}")
    options = gate.options.read(project.config.gates[gate_id], Problems())
    outcome = gate.run(Request(config=project.config, options=options, context=context, hands=hands))
    found = Evidence(
        gate=gate_id,
        commit=commit,
        findings=waive(outcome.findings, project.config.waivers, hands.clock.now().date()),
        inputs=outcome.inputs,
        seeds=outcome.seeds,
        tools={"mlci": __version__, **outcome.tools},
        seconds=round(hands.clock.monotonic() - began, 3),
        figures=outcome.figures,
    )
    hands.progress.done(found.verdict.value)
    write_evidence(hands.files, found)
    return found


def _forget(files: Files, chosen: Sequence[str], commit: str) -> None:
    """No answer from before may be taken for one about this commit, also when we are interrupted."""
    paths = list(files.list(EVIDENCE)) if files.exists(EVIDENCE) else []
    old = {path for path in paths if _speaks_of_another(files.read_if_there(path), commit)}
    if old:
        clear_report(files)
    for path in sorted(old | {each for each in map(evidence_path, chosen) if each in paths}):
        files.delete(path)


def _speaks_of_another(content: bytes | None, commit: str) -> bool:
    if content is None:
        return False
    try:
        return from_json(content).commit != commit
    except NotJson:
        return True
