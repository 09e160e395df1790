"""The program `mlci` in tests: as a child, the way people run it, or in this process, for speed."""

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mlci.__main__ import run

# What would make a child believe that CI runs it, or colour its words.
_FOREIGN = (
    "CI",
    "CI_",
    "GITHUB_",
    "GITLAB_",
    "GH_",
    "RUNNER_",
    "MLCI_",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLUMNS",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run of the program ended."""

    code: int
    stdout: str
    stderr: str


def child_environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """This process's environment without CI, and with what the test adds."""
    own = {name: value for name, value in os.environ.items() if not _foreign(name)}
    return {**own, "PYTHONUTF8": "1", **(extra or {})}


def run_mlci(
    *arguments: str,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    python: Sequence[str] = (),
    timeout: float = 60.0,
) -> Ended:
    """Run the real program in a child; `python` are options of the interpreter itself."""
    return run_python(*python, "-m", "mlci", *arguments, cwd=cwd, environment=environment, timeout=timeout)


def run_python(
    *arguments: str,
    cwd: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float = 60.0,
) -> Ended:
    """Run this interpreter in a child that finds mlci."""
    child = subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=child_environment({**_findable(), **(environment or {})}),
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    return Ended(
        code=child.returncode,
        stdout=child.stdout.decode("utf-8", "replace"),
        stderr=child.stderr.decode("utf-8", "replace"),
    )


def run_here(*arguments: str) -> Ended:
    """Run a command line in this process, in its current directory."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(arguments)
    return Ended(code=code, stdout=out.getvalue(), stderr=err.getvalue())


def _findable() -> dict[str, str]:
    return {"PYTHONPATH": str(Path(__file__).parents[2])}


def _foreign(name: str) -> bool:
    return any(name == each or (each.endswith("_") and name.startswith(each)) for each in _FOREIGN)
