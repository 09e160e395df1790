"""What it costs to start: against importing click, which every click program pays."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.harness import Comparison, child, compare


def measure() -> Iterator[Comparison]:
    """`--version`, `--help` and a configuration error."""
    mlci = (sys.executable, "-m", "mlci")
    click = child(sys.executable, "-c", "import click")
    yaml = child(sys.executable, "-c", "import click, yaml")
    peer = "python -c 'import click'"
    yield compare("mlci --version", child(*mlci, "--version"), peer, click, at_most=1.5)
    yield compare("mlci --help", child(*mlci, "--help"), peer, click, at_most=2.0)
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "mlci.yaml").write_text("version: 1\nprojekt: credit\n")
        wrong = child(*mlci, "-C", directory, "sync", "--check", codes=(2,))
        yield compare("a configuration error", wrong, "python -c 'import click, yaml'", yaml)
