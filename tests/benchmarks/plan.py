"""What a plan costs: against `dvc status` and `dvc repro --dry`, which answer less."""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

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
        for kind, stage in (("thin", thin), ("usual", usual)):
            place = Path(directory, kind)
            fill(place, STAGES, stage)
            ours = child(*MLCI, cwd=place)
            status = child(*DVC, "status", cwd=place, environment=QUIET)
            dry = child(*DVC, "repro", "--dry", cwd=place, environment=QUIET)
            name = f"mlci plan, {STAGES} {kind} stages"
            yield compare(name, ours, "dvc status", status, at_most=1 / 8, rounds=5)
            yield compare(name, ours, "dvc repro --dry", dry, at_most=1 / 10, rounds=5)
        place = Path(directory, "many")
        fill(place, MANY_STAGES, usual)
        yield _bare(f"mlci plan, {MANY_STAGES} stages (wanted: 1 s)", child(*MLCI, cwd=place))
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


def thin(number: int) -> dict[str, Any]:
    """A stage that reads a source and the stage before it."""
    deps = [f"s{number}.txt", *_before(number)]
    return {
        "cmd": f"cat {' '.join(deps)} > o{number}",
        "deps": deps,
        "params": ["lr"],
        "outs": [f"o{number}"],
    }


def usual(number: int) -> dict[str, Any]:
    """A stage as people write them: a script, data, the stage before, parameters of its own, a metric."""
    deps = [f"run{number}.py", f"s{number}.txt", *_before(number)]
    return {
        "cmd": f"cat {' '.join(deps)} > o{number} && echo '{{\"rows\": {number}}}' > m{number}.json",
        "deps": deps,
        "params": ["lr", f"stage{number}.rate"],
        "outs": [f"o{number}"],
        "metrics": [{f"m{number}.json": {"cache": False}}],
    }


def _before(number: int) -> list[str]:
    return [f"o{number - 1}"] if number % 10 else []


def fill(place: Path, count: int, stage: Callable[[int], dict[str, Any]]) -> None:
    """So many stages, reproduced."""
    story = repository(place).with_dvc()
    for number in range(count):
        (place / f"s{number}.txt").write_text(str(number))
        (place / f"run{number}.py").write_text(f"# {number}\n")
    params = {"lr": 0.1, **{f"stage{number}": {"rate": number / 100} for number in range(count)}}
    (place / "params.yaml").write_text(yaml.safe_dump(params))
    (place / "dvc.yaml").write_text(
        yaml.safe_dump({"stages": {f"stage{number}": stage(number) for number in range(count)}})
    )
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
