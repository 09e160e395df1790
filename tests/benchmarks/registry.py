"""What it costs to read the registry: against `gto show`, and against what Git and Python cost alone."""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.harness import Comparison, child, compare
from tests.support import gto

MODELS = 20
AT_MOST = {100: 1 / 5, 1_000: 1 / 15, 5_000: 1 / 50}


def measure() -> Iterator[Comparison]:
    """`mlci models` at three sizes over twenty models, each against both."""
    for count, wanted in AT_MOST.items():
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "work"
            fill(path, count)
            mlci = child(sys.executable, "-m", "mlci", "models", "--json", cwd=path)
            peer = child(str(Path(sys.executable).with_name("gto")), "show", "--json", cwd=path)
            rounds = 5 if count < 5_000 else 2
            yield compare(f"mlci models, {count} tags", mlci, "gto show", peer, at_most=wanted, rounds=rounds)
            bare = f"git for-each-ref refs/tags && {sys.executable} -c 'import click, yaml'"
            floor = child("sh", "-c", bare, cwd=path)
            yield compare(f"mlci models, {count} tags", mlci, "git for-each-ref + import", floor, at_most=2.0)


def fill(path: Path, count: int) -> None:
    """A repository with so many tags: for each model versions, and every second one in an environment."""
    made = gto.commits(path, count)
    tags = []
    for number in range(count):
        model = f"model-{number % MODELS:02}"
        step = number // MODELS
        even = step % 2 == 0
        name = f"{model}@v0.{step + 1}.0" if even else f"{model}#{'prod' if step % 4 == 1 else 'dev'}#{step}"
        tags.append((name, made[number if even else number - MODELS], number))
    gto.annotate(path, tags)
