"""A small simulation with known truth: false alarms at their level, coverage, power.

The bounds are four standard errors of the simulation wide; the large one runs by `make bench`.
"""

from math import sqrt

import numpy as np
import pytest

from mlci.core import metrics
from mlci.core.compare import compare
from mlci.core.config import Task
from mlci.core.diff import MetricVerdict
from mlci.core.predictions import Paired, Predictions
from tests.core.simulation import World, simulate

REPETITIONS = 100
NAMES = ["accuracy", "f1", "roc_auc", "brier"]


def slack(share):
    return 4 * sqrt(share * (1 - share) / REPETITIONS)


@pytest.mark.parametrize(
    "world",
    [World(rows=300), World(rows=1_000), World(rows=1_000, positives=0.05), World(rows=600, steps=10)],
    ids=["small", "usual", "rare", "ties"],
)
def test_equal_models_are_rarely_accused(world):
    for name, found in simulate(world, NAMES, REPETITIONS).items():
        assert found.covered > 0.95 - slack(0.95) - 0.01, name
        assert found.worse < 0.025 + slack(0.025) + 0.005, name
        assert found.verdicts.get(MetricVerdict.REGRESSED, 0) < 0.025 + slack(0.025), name


def test_a_planted_drop_is_seen_and_covered():
    world = World(rows=4_000, lost=0.35)
    found = simulate(world, ["f1", "recall", "roc_auc"], REPETITIONS)
    for name in ("recall", "roc_auc"):
        assert found[name].verdicts[MetricVerdict.REGRESSED] > 0.9, name
    assert all(each.covered > 0.95 - slack(0.95) - 0.01 for each in found.values())


def test_rows_that_depend_on_one_another_are_not_counted_twice():
    blind = World(rows=900, cluster=3)
    found = simulate(blind, ["roc_auc", "brier"], REPETITIONS)
    assert all(each.worse < 0.025 + slack(0.025) + 0.005 for each in found.values())
    assert all(each.covered > 0.95 - slack(0.95) - 0.01 for each in found.values())


@pytest.mark.parametrize("name", ["rmse", "r2", "mae"])
def test_intervals_of_a_regression_cover_what_is_true(name):
    """Two models of equal skill with errors of heavy tails: the truth is no difference."""
    covered = 0
    for repetition in range(REPETITIONS):
        rng = np.random.default_rng([3, repetition])
        truth, shared = rng.normal(size=400), rng.standard_t(6, 400)
        base, head = (
            Predictions(
                task=Task.REGRESSION,
                ids=np.arange(400),
                truth=truth,
                label=truth + 0.5 * shared + 0.3 * rng.normal(size=400),
            )
            for _ in range(2)
        )
        found = compare(Paired(base=base, head=head), [metrics.find(name, Task.REGRESSION)])[name]
        covered += found.interval.low <= 0 <= found.interval.high
    assert covered / REPETITIONS > 0.95 - slack(0.95) - 0.01


def test_calibration_and_precision_of_equal_models_are_rarely_called_different():
    for name, found in simulate(World(rows=800), ["ece", "pr_auc"], REPETITIONS).items():
        assert found.covered > 0.95 - slack(0.95) - 0.01, name
