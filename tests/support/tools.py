"""Programs of the development environment, run as a person would, away from the person's settings."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

BIN = Path(sys.executable).parent


def clean_environment(home: Path, **more: str) -> dict[str, str]:
    """An environment with nothing of the caller's in it but the way to programs."""
    path = os.pathsep.join((str(BIN), os.defpath, "/usr/local/bin"))
    return {"PATH": path, "HOME": str(home), "LANG": "C.UTF-8", "TZ": "UTC", "NO_COLOR": "1", **more}


def tool(
    name: str, *arguments: str, cwd: Path, environment: Mapping[str, str] | None = None, timeout: float = 120
) -> subprocess.CompletedProcess[str]:
    """Run a program that our environment holds."""
    return subprocess.run(
        [str(BIN / name), *arguments],
        cwd=cwd,
        env=dict(environment) if environment is not None else clean_environment(cwd),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
