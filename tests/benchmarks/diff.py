"""What intervals cost: against a bootstrap that calls scikit-learn in a loop, as ratios of one run."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from sklearn import metrics as oracle

from mlci.core import metrics
from mlci.core.compare import compare as changes
from mlci.core.config import Task
from tests.benchmarks.harness import Comparison, compare
from tests.core.simulation import World, draw

ROWS = 100_000
RESAMPLES = 1_000
LOOPS = 3


def measure() -> Iterator[Comparison]:
    """Accuracy, F1 and AUC with their intervals on 100,000 rows."""
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
