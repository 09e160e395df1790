"""A small simulation with known truth: false alarms at their level, coverage, power.

The bounds are four standard errors of the simulation wide; the large one runs by `make bench`.
"""

from math import sqrt

import pytest

from mlci.core.diff import MetricVerdict
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
