"""`mlci test`: the gates, one line a finding."""

from typing import TYPE_CHECKING

import click

from mlci.cli import completing
from mlci.cli.output import Output, Tone
from mlci.cli.verb import verb
from mlci.errors import Exit
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.app.test import Tested
    from mlci.core.evidence import Evidence
    from mlci.core.finding import Finding
    from mlci.core.strictjson import JsonValue


@verb("mlci test", "mlci test data bias --json")
@click.argument("gate", nargs=-1, shell_complete=completing.gates)
def command(world: World, out: Output, gate: tuple[str, ...]) -> int:
    """Run the gates that mlci.yaml configures, or those that are named.

    The evidence is left in .mlci/evidence; it ends with 10 when a gate fails.
    """
    from mlci.app.commit import commit_under_test
    from mlci.app.test import test
    from mlci.core.finding import Verdict

    commit = commit_under_test(world.context(), world.repository())
    tested = test(world.project(), gate, world.hands(), context=world.context(), commit=commit)
    if out.json:
        out.document(_document(tested))
    else:
        _print(tested, out)
    return Exit.RED if tested.verdict is Verdict.FAILED else Exit.DONE


def _print(tested: "Tested", out: Output) -> None:
    for evidence in tested.evidence:
        _print_gate(evidence, out)
    if tested.unconfigured:
        out.note(f"not configured in mlci.yaml, so not run: {', '.join(tested.unconfigured)}")
    if tested.evidence:
        out.line(f"{_count(tested)}: {tested.verdict.value}", Tone.STRONG)


def _print_gate(evidence: "Evidence", out: Output) -> None:
    out.line(f"{evidence.gate}: {evidence.verdict.value}", Tone.STRONG)
    for finding in evidence.findings:
        _print_finding(finding, out)


def _print_finding(finding: "Finding", out: Output) -> None:
    sign, tone = _SIGNS[finding.status.value if finding.waived is None or finding.blocks else "waived"]
    first, *more = finding.message.splitlines() or [""]
    out.line(f"  {sign:5} {finding.check}  {finding.subject}: {first}", tone)
    for line in more:
        out.line(f"          {line}")
    if finding.waived:
        lasts = "expired" if finding.waived.expired else "waived"
        out.line(f"        {lasts} ({finding.waived.until}, {finding.waived.owner}): {finding.waived.reason}")
    for line in (finding.help or "").splitlines():
        out.line(f"        -> {line}")


_SIGNS = {
    "pass": ("ok", Tone.GOOD),
    "skip": ("skip", Tone.FAINT),
    "warn": ("warn", Tone.CAUTION),
    "waived": ("waive", Tone.CAUTION),
    "fail": ("FAIL", Tone.BAD),
    "error": ("ERROR", Tone.BAD),
}


def _count(tested: "Tested") -> str:
    number = len(tested.evidence)
    return f"{number} gate{'' if number == 1 else 's'}"


def _document(tested: "Tested") -> "JsonValue":
    from mlci.core.evidence import to_json
    from mlci.core.strictjson import loads

    return {
        "verdict": tested.verdict.value,
        "evidence": [loads(to_json(each)) for each in tested.evidence],
        "unconfigured": list(tested.unconfigured),
    }
