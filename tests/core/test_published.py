"""Cases that others have published, and what small single-question tools answer: ours are the same.

McNemar: Agresti, Categorical Data Analysis, approval ratings (794 / 150 / 86 / 570). Newcombe (1998b),
differences of independent proportions: cases a, c and e. Holm (1979) and Benjamini-Hochberg (1995):
the fifteen p-values of the latter's example.
"""

import numpy as np
import pytest

from mlci.core import metrics
from mlci.core.compare import compare
from mlci.core.config import Task
from mlci.core.predictions import Paired, Predictions
from mlci.core.stats import benjamini_hochberg, holm, mcnemar_midp, newcombe

BOTH, BASE_ALONE, HEAD_ALONE, NEITHER = 794, 150, 86, 570
THROMBOLYSIS = [
    0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
    0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
]  # fmt: skip


def approvals():
    """Two classifiers that are right together, alone and not at all as often as the raters approved."""
    rows = BOTH + BASE_ALONE + HEAD_ALONE + NEITHER
    right = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [BOTH, BASE_ALONE, HEAD_ALONE, NEITHER], axis=0)
    truth = np.arange(rows) % 2
    base, head = (
        Predictions(
            task=Task.BINARY,
            ids=np.arange(rows),
            truth=truth,
            label=np.where(right[:, at] == 1, truth, 1 - truth),
            classes=("0", "1"),
        )
        for at in range(2)
    )
    return Paired(base=base, head=head)


def test_one_mcnemar_comes_out_as_published():
    found = compare(approvals(), [metrics.find("accuracy", Task.BINARY)])["accuracy"]
    assert found.difference == pytest.approx(-0.04, abs=1e-12)
    # Agresti: estimated difference -0.04, standard error 0.0095, interval (-0.06, -0.02), z0² = 17.36.
    assert found.error == pytest.approx(0.0095, abs=2e-4)
    assert (found.interval.low, found.interval.high) == pytest.approx((-0.0587, -0.0213), abs=1e-3)
    assert found.p_value == pytest.approx(3.1e-5, rel=0.15)
    assert found.p_value == mcnemar_midp(BASE_ALONE, HEAD_ALONE)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [((56, 70, 48, 80), 0.0524, 0.3339), ((6, 7, 2, 7), 0.0582, 0.8062), ((10, 10, 0, 10), 0.6075, 1.0)],
)
def test_differences_of_independent_shares_are_newcombes(counts, low, high):
    found = newcombe(*counts)
    assert (found.low, found.high) == pytest.approx((low, high), abs=1e-4)


def test_many_tests_at_once_keep_what_their_authors_kept():
    assert sum(each <= 0.05 for each in holm(THROMBOLYSIS)) == 3
    assert sum(each <= 0.05 for each in benjamini_hochberg(THROMBOLYSIS)) == 4
