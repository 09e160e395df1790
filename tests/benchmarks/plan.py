"""What a plan costs: against `dvc status` and `dvc repro --dry`, which answer less."""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.benchmarks.harness import Comparison, child, compare
from tests.support.repository import repository

DVC = (sys.executable, "-m", "dvc")
MLCI = (sys.executable, "-m", "mlci", "plan", "--json")
QUIET = {"DVC_NO_ANALYTICS": "1"}
STAGES = 50
MANY_STAGES = 200
MANY_FILES = 10_000


def measure() -> Iterator[Comparison]:
    """50 and 200 stages in chains of ten, and a directory of 10,000 files, nothing changed."""
    with tempfile.TemporaryDirectory() as directory:
        for count in (STAGES, MANY_STAGES):
            place = Path(directory, str(count))
            fill(place, count)
            ours = child(*MLCI, cwd=place)
            if count == STAGES:
                status = child(*DVC, "status", cwd=place, environment=QUIET)
                dry = child(*DVC, "repro", "--dry", cwd=place, environment=QUIET)
                yield compare("mlci plan, 50 stages", ours, "dvc status", status, at_most=1 / 8, rounds=5)
                yield compare("mlci plan, 50 stages", ours, "dvc repro --dry", dry, at_most=1 / 10, rounds=5)
            yield _bare(f"mlci plan, {count} stages (wanted: 1 s)", ours)
        place = Path(directory, "files")
        fill_directory(place)
        yield _bare("mlci plan, 10,000 files (wanted: 0.5 s)", child(*MLCI, cwd=place))


def _bare(name: str, ours) -> Comparison:
    return compare(
        name,
        ours,
        "python -c 'import click, yaml'",
        child(sys.executable, "-c", "import click, yaml"),
        rounds=5,
    )


def fill(place: Path, count: int) -> None:
    """So many stages, reproduced; each reads a source and the stage before it."""
    story = repository(place).with_dvc()
    stages = {}
    for number in range(count):
        (place / f"s{number}.txt").write_text(str(number))
        before = [f"o{number - 1}"] if number % 10 else []
        deps = [f"s{number}.txt", *before]
        command = f"cat {' '.join(deps)} > o{number}"
        stages[f"stage{number}"] = {"cmd": command, "deps": deps, "params": ["lr"], "outs": [f"o{number}"]}
    (place / "params.yaml").write_text("lr: 0.1\n")
    (place / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    (place / "mlci.yaml").write_text("version: 1\nproject: bench\n")
    story.reproduce()
    _settle()


def fill_directory(place: Path) -> None:
    """One tracked directory of many files, and a stage that reads it."""
    story = repository(place).with_dvc()
    (place / "lake").mkdir()
    for number in range(MANY_FILES):
        (place / "lake" / f"{number:05}").write_text(str(number))
    (place / "dvc.yaml").write_text(
        "stages: {count: {cmd: 'ls lake | wc -l > n', deps: [lake], outs: [n]}}\n"
    )
    (place / "mlci.yaml").write_text("version: 1\nproject: bench\n")
    story.dvc("add", "--quiet", "lake")
    story.reproduce()
    _settle()


def _settle() -> None:
    """What is younger than two seconds is not remembered."""
    time.sleep(2.1)
