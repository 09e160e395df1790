"""`mlci doctor`: the health of everything mlci stands on."""

from typing import TYPE_CHECKING

from mlci.cli.output import Output, Tone
from mlci.cli.verb import verb
from mlci.errors import Exit
from mlci.wiring import World

if TYPE_CHECKING:
    from mlci.core.finding import Finding


@verb("mlci doctor", "mlci doctor --json")
def command(world: World, out: Output) -> int:
    """Look at Python, Git, DVC, the repository and the configuration; say what to type.

    Ends with 3 when something will not do until that is done.
    """
    from mlci.app.doctor import doctor
    from mlci.app.patient import Patient
    from mlci.core.finding import Verdict, verdict_of
    from mlci.ports.process import Command

    findings = doctor(
        Patient(
            process=world.process,
            context=world.context,
            repository=world.repository,
            project=world.project,
            files=world.files,
            ground=world.ground,
            dvc=world.dvc,
            user_python=world.user_python,
            after_push=world.after_push,
            command=lambda *argv: Command(argv=argv, cwd=world.directory, timeout=30.0),
        )
    )
    rows = [
        {"id": each.subject, "status": each.status.value, "message": each.message, "help": each.help}
        for each in findings
    ]
    out.answer({"checks": [dict(row) for row in rows]}, "\n".join(_shown(out, each) for each in findings))
    return Exit.WORLD if verdict_of(findings) is Verdict.FAILED else Exit.DONE


def _shown(out: Output, finding: "Finding") -> str:
    tone = {"pass": Tone.GOOD, "skip": Tone.FAINT, "warn": Tone.CAUTION}.get(finding.status, Tone.BAD)
    status = out.styled(f"{finding.status.value:4}", tone)
    line = f"{status}  {out.styled(f'{finding.subject}: {finding.message}', Tone.PLAIN)}"
    return f"{line}\n      {out.styled(f'help: {finding.help}', Tone.PLAIN)}" if finding.help else line
