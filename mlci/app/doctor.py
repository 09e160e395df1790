"""Look at everything mlci stands on, and say for each thing that is not well what to type."""

import importlib.metadata
import platform
import re
from collections.abc import Callable, Iterator

from mlci.app.doctor_project import (
    examine_configuration,
    examine_data,
    examine_environments,
    examine_objectives,
    examine_pipeline,
)
from mlci.app.doctor_repository import examine_repository
from mlci.app.patient import Patient, bad, good, left_out
from mlci.core.finding import Finding
from mlci.errors import MlciError

OLDEST_GIT = (2, 38)
# What `mlci demo` needs beside mlci itself.
_DEMO = ("scikit-learn", "skops", "fastapi", "uvicorn")


def doctor(patient: Patient) -> tuple[Finding, ...]:
    """One finding for each thing looked at. Raises nothing that is wrong with the patient."""
    examinations = {
        "python": _our_python,
        "git": _git,
        "dvc": _dvc,
        "repository": examine_repository,
        "configuration": examine_configuration,
        "pipeline": examine_pipeline,
        "objectives": examine_objectives,
        "environments": examine_environments,
        "data": examine_data,
        "user-python": _user_python,
        "demo": _demo,
    }
    found = (_surely(subject, examine, patient) for subject, examine in examinations.items())
    return tuple(finding for each in found for finding in each)


def _surely(
    subject: str, examine: Callable[[Patient], Iterator[Finding]], patient: Patient
) -> Iterator[Finding]:
    try:
        yield from examine(patient)
    except MlciError as error:
        yield bad(subject, str(error), error.help)


def _our_python(_patient: Patient) -> Iterator[Finding]:
    yield good("python", f"mlci runs on Python {platform.python_version()}")


def _git(patient: Patient) -> Iterator[Finding]:
    said = patient.process.run(patient.command("git", "--version")).stdout.decode("ascii", "replace").strip()
    version = tuple(map(int, re.findall(r"\d+", said)[:2]))
    if version < OLDEST_GIT:
        yield bad(
            "git", f"{said or 'git'} is too old", f"install Git {'.'.join(map(str, OLDEST_GIT))} or newer"
        )
    else:
        yield good("git", said)


def _dvc(_patient: Patient) -> Iterator[Finding]:
    yield good("dvc", f"DVC {importlib.metadata.version('dvc')}")


def _user_python(patient: Patient) -> Iterator[Finding]:
    python = patient.user_python()
    found = python.probe()
    yield good(
        "user-python", f"the project's code runs on Python {found.get('python')} ({python.executable})"
    )


def _demo(_patient: Patient) -> Iterator[Finding]:
    missing = [name for name in _DEMO if not _installed(name)]
    if missing:
        yield left_out("demo", f"`mlci demo` needs {', '.join(missing)}", 'pip install "mlci[demo]"')
    else:
        yield good("demo", "`mlci demo` has all it needs")


def _installed(name: str) -> bool:
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
