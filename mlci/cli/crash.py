"""A bug in mlci leaves a file to paste: what ran, on what, and where it broke; never a secret."""

import importlib.metadata
import platform
import shlex
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from mlci import __version__
from mlci.wiring import confidential

_LIBRARIES = (
    "click",
    "msgspec",
    "PyYAML",
    "Jinja2",
    "GitPython",
    "PyGithub",
    "python-gitlab",
    "dvc",
    "polars",
    "numpy",
)


def write_crash(error: BaseException, arguments: Sequence[str]) -> Path:
    """Write the report of a bug to a new file in the temporary directory, and say where."""
    import tempfile

    content = crash_text(error, arguments)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", errors="backslashreplace", prefix="mlci-crash-", suffix=".txt", delete=False
    ) as file:
        file.write(content)
    return Path(file.name)


def crash_text(error: BaseException, arguments: Sequence[str]) -> str:
    """The report of a bug as text, secrets and the home directory hidden."""
    versions = [f"{name} {_version(name)}" for name in _LIBRARIES]
    lines = [
        f"mlci {__version__}",
        f"Python {sys.version.split()[0]} ({platform.python_implementation()})",
        f"platform {platform.platform()}",
        *versions,
        f"command mlci {shlex.join(arguments)}",
        "",
        *"".join(traceback.format_exception(error)).splitlines(),
    ]
    return confidential("\n".join(lines) + "\n")


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "absent"
