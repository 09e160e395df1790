"""A reproduction that failed, told to those who read the report, and need not be allowed to see the data."""

import shlex
from pathlib import PurePosixPath

from mlci.app.bundle import REPORT
from mlci.app.stages.watch import Watch
from mlci.core.config import Rows
from mlci.core.lastwords import broke_at, exit_code
from mlci.core.wording import count
from mlci.errors import WorldError
from mlci.ports.files import Files
from mlci.ports.process import Finished

LOG = f"{REPORT}/pipeline.log"
SHOWN_LINES = 12


def failure(done: Finished, watch: Watch, files: Files, rows: Rows) -> tuple[str, str]:
    """What is said of it, and what to type. What the stage said last is left in a file beside the report."""
    name = watch.broke()
    if name is None and not watch.ran:
        # No code of the user's ran: DVC speaks of its own files.
        return f"dvc repro {_how(done)}: {done.last_lines(8)}", "dvc repro --dry"
    lines = [*watch.last_lines]
    files.write(LOG, "".join(f"{each}\n" for each in lines).encode("utf-8", "surrogateescape"))
    kept = f"; {count(len(watch.ran), 'stage')} finished and will not run again" if watch.ran else ""
    which = f"the stage {name}" if name else "dvc repro"
    shown = "\n".join(lines[-SHOWN_LINES:]) if rows is Rows.SAMPLES else _safe(lines, files)
    said = f"{which} {_how(done)}{kept}; what it said last stands in the job's log and in {LOG}"
    return f"{said}\n{shown}".rstrip(), f"mlci run --stage {shlex.quote(name)}" if name else "mlci run"


def _how(done: Finished) -> str:
    if done.timed_out:
        return "took too long"
    code = exit_code(done.last_lines(1))
    return "failed" if code is None else f"failed with exit code {code}"


def _safe(lines: list[str], files: Files) -> str:
    top = files.root.as_posix()

    def own(path: str) -> str | None:
        place = PurePosixPath(path)
        inside = place.relative_to(top) if place.is_relative_to(top) else place
        if inside.suffix != ".py" or "site-packages" in inside.parts:
            return None
        try:
            return str(inside) if files.exists(str(inside)) else None
        except WorldError:
            return None  # it lies elsewhere

    return broke_at(lines, own)
