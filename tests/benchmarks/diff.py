"""What a diff costs: reading against `dvc metrics diff`, intervals against scikit-learn in a loop."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import yaml
from sklearn import metrics as oracle

from mlci.core.config import Task
from mlci.core.measure import metrics
from mlci.core.measure.compare import compare as changes
from tests.benchmarks.harness import Comparison, child, compare
from tests.core.simulation import World, draw
from tests.support.repository import repository

ROWS = 100_000
RESAMPLES = 1_000
LOOPS = 3
LEAVES = 20


def measure() -> Iterator[Comparison]:
    """Reading one file and a hundred, and accuracy, F1 and AUC with intervals on 100,000 rows."""
    for declared in (_of_the_file, _of_stages):
        yield from _reading(1, declared, at_most=1 / 5)
        yield from _reading(100, declared, at_most=1 / 10)
    yield from _intervals()


def _of_the_file(names: Sequence[str]) -> Mapping[str, object]:
    return {"metrics": [*names]}


def _of_stages(names: Sequence[str]) -> Mapping[str, object]:
    return {
        "stages": {
            f"evaluate{number}": {
                "cmd": f"python evaluate.py {number}",
                "deps": ["evaluate.py"],
                "metrics": [{name: {"cache": False}}],
            }
            for number, name in enumerate(names)
        }
    }


def _reading(
    files: int, declared: Callable[[Sequence[str]], Mapping[str, object]], at_most: float
) -> Iterator[Comparison]:
    """Both as programs, from start to end, on the same two commits."""
    with TemporaryDirectory() as directory:
        story = repository(Path(directory) / "work").with_dvc()
        names = [f"m{each}.json" for each in range(files)]
        for at in (0, 1):
            texts = {name: json.dumps({f"k{each}": each + at for each in range(LEAVES)}) for name in names}
            config = {"mlci.yaml": "version: 1\nproject: credit\n"}
            story.commit({**texts, **config, "dvc.yaml": yaml.safe_dump(declared(names))})
        yield compare(
            f"mlci diff, {files} files of {LEAVES} leaves, {declared.__name__.strip('_').replace('_', ' ')}",
            child(_program("mlci"), "diff", "HEAD~1", "HEAD", "--json", cwd=story.path),
            "dvc metrics diff",
            child(
                _program("dvc"), "metrics", "diff", "HEAD~1", "HEAD", "--json", cwd=story.path,
                environment={"DVC_NO_ANALYTICS": "1"},
            ),
            at_most=at_most,
            rounds=5,
        )  # fmt: skip


def _program(name: str) -> str:
    """The program as people call it."""
    return str(Path(sys.executable).with_name(name))


def _intervals() -> Iterator[Comparison]:
    paired = draw(World(rows=ROWS), np.random.default_rng(0))
    chosen = [metrics.find(name, Task.BINARY) for name in ("accuracy", "f1", "roc_auc")]
    found = compare(
        "accuracy, F1 and AUC with intervals, 100,000 rows",
        lambda: changes(paired, chosen),
        f"{LOOPS} of {RESAMPLES} turns of a scikit-learn bootstrap",
        lambda: _loop(paired),
        at_most=RESAMPLES / LOOPS / 100,
        rounds=5,
    )
    yield found
    share = LOOPS / RESAMPLES
    yield replace(
        found,
        peer="all of its turns, extrapolated",
        peer_seconds=found.peer_seconds / share,
        ratio=found.ratio * share,
        at_most=0.01,
    )


def _loop(paired) -> None:
    rng = np.random.default_rng(0)
    truth, base, head = paired.head.truth, paired.base, paired.head
    for _ in range(LOOPS):
        rows = rng.integers(0, ROWS, ROWS)
        for one in (base, head):
            oracle.accuracy_score(truth[rows], one.label[rows])
            oracle.f1_score(truth[rows], one.label[rows])
            oracle.roc_auc_score(truth[rows], one.scores[rows])
