"""What others published or answered, and ours beside it: every number here has a source that was read."""

from math import comb

import numpy as np
import pytest

from mlci.core.config import Direction, Margin, Objective, Task
from mlci.core.diff import MetricVerdict
from mlci.core.measure import metrics
from mlci.core.measure.compare import compare
from mlci.core.measure.predictions import Paired, Predictions
from mlci.core.measure.stats import benjamini_hochberg, holm, mcnemar_midp, newcombe
from mlci.core.measure.verdicts import Measured, judge


def right(*, both=0, base_alone=0, head_alone=0, neither=0):
    """Two classifiers that are right together, alone and not at all so many times."""
    kinds = np.repeat([[1, 1], [1, 0], [0, 1], [0, 0]], [both, base_alone, head_alone, neither], axis=0)
    truth = np.arange(len(kinds)) % 2
    base, head = (labelled(truth, np.where(kinds[:, at] == 1, truth, 1 - truth)) for at in range(2))
    return Paired(base=base, head=head)


def labelled(truth, label, scores=None):
    return Predictions(
        task=Task.BINARY,
        ids=np.arange(len(truth)),
        truth=truth,
        label=label,
        classes=("0", "1"),
        scores=scores,
    )


def change(paired, name, task=Task.BINARY):
    return compare(paired, [metrics.find(name, task)])[name]


def verdict(found, margin, direction=Direction.HIGHER):
    objective = Objective(metric="m", may_drop=Margin(value=margin))
    row = Measured(
        metric="m", direction=direction, objective=objective, base=found.base, head=found.head, change=found
    )
    return judge([row])[0].verdict


def test_mcnemar_of_the_approval_ratings():
    # Agresti (1990), p. 350, the example of R's `mcnemar.test`; without continuity correction R says
    # chi-squared 17.356, p 3.099e-05. The mid-p of counts is near it, not equal.
    found = change(right(both=794, base_alone=150, head_alone=86, neither=570), "accuracy")
    assert found.difference == pytest.approx(-0.04, abs=1e-12)
    assert (found.difference / found.error) ** 2 == pytest.approx(17.356, rel=0.05)
    assert found.p_value == pytest.approx(3.099e-05, rel=0.1)
    assert found.p_value == mcnemar_midp(150, 86)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((6, 7, 2, 7), 0.0582, 0.8062),
        ((5, 56, 0, 29), -0.0381, 0.1926),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((0, 10, 0, 10), -0.2775, 0.2775),
        ((10, 10, 0, 20), 0.6791, 1.0),
        ((10, 10, 0, 10), 0.6075, 1.0),
    ],
)
def test_differences_of_independent_shares_are_newcombes(counts, low, high):
    # Newcombe (1998), Statistics in Medicine 17:873-890, Table II, method 10, cases a to h; the same
    # numbers stand in the tests of the R package propint (a, b) and of lerobot (a to d).
    found = newcombe(*counts)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


def test_many_tests_at_once_keep_what_their_authors_kept():
    # Benjamini and Hochberg (1995), section 4, fifteen p-values of a study of thrombolysis, as in the
    # documentation of scipy's `false_discovery_control`: four are kept, by Bonferroni and Holm three.
    study = [
        0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344,
        0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1.0000,
    ]  # fmt: skip
    assert sum(each <= 0.05 for each in holm(study)) == 3
    assert sum(each <= 0.05 for each in benjamini_hochberg(study)) == 4


def test_the_area_of_hanley_and_mcneils_ratings_is_statas():
    # Hanley and McNeil (1982), Radiology 143:29-36, Table I: 109 images in five ratings. Stata's manual,
    # [R] roctab, by DeLong's method: area 0.8932, standard error 0.0307, 95 % from 0.83295 to 0.95339.
    normal, abnormal = (33, 6, 6, 11, 2), (3, 2, 2, 11, 33)
    rating = np.concatenate([np.repeat(np.arange(1.0, 6.0), counts) for counts in (normal, abnormal)])
    truth = np.repeat([0, 1], [sum(normal), sum(abnormal)])
    nothing = labelled(truth, truth, np.zeros(len(truth)))
    found = change(Paired(base=nothing, head=labelled(truth, truth, rating)), "roc_auc")
    assert found.head == pytest.approx(0.8932, abs=5e-5)
    assert found.error == pytest.approx(0.0307, abs=5e-5)
    plain = found.error  # base says the same of all, so that all of the error is head's
    assert (found.head - 1.959964 * plain, found.head + 1.959964 * plain) == pytest.approx(
        (0.83295, 0.95339), abs=5e-6
    )
    # Ours reaches farther down, as the few pairs that are in the wrong order may be too few by luck.
    assert 0.79 < found.head_interval.low < 0.83295
    assert found.head_interval.high == pytest.approx(0.95339, abs=2e-3)


# What `evalgate-cli` 0.2.0 answered: two-sided exact p of the discordant rows, and its verdict.
# (It calls any rise an improvement, however small; a verdict of ours needs the interval above zero.)
EVALGATE_PAIRED = [
    (150, 86, 3.715936139571442e-05, "regression"),
    (12, 3, 0.03515625, "regression"),
    (8, 2, 0.109375, "noise"),
    (5, 5, 1.0, "unchanged"),
    (0, 0, 1.0, "unchanged"),
    (10, 25, 0.01667384780012071, "improvement"),
]


@pytest.mark.parametrize(("base_alone", "head_alone", "exact", "said"), EVALGATE_PAIRED)
def test_paired_rows_come_out_as_evalgate_says(base_alone, head_alone, exact, said):
    found = change(right(both=400, base_alone=base_alone, head_alone=head_alone, neither=60), "accuracy")
    # Mid-p counts what was observed half where the exact test counts it whole.
    observed = comb(base_alone + head_alone, head_alone) / 2 ** (base_alone + head_alone)
    assert min(1.0, found.p_value + observed) == pytest.approx(exact, rel=1e-12)
    ours = verdict(found, 1e-9)
    assert (ours is MetricVerdict.REGRESSED) is (said == "regression")
    assert (ours is MetricVerdict.IMPROVED) is (said == "improvement")


@pytest.mark.parametrize(
    ("head", "base", "p", "said"),
    [
        # Its README says 0.6232 of the first; the program says what stands here.
        ((894, 1000), (900, 1000), 0.658931, "noise"),
        ((1740, 2000), (1800, 2000), 0.002942, "regression"),
    ],
)
def test_two_shares_come_out_as_evalgate_says(head, base, p, said):
    found = newcombe(*head, *base)
    assert (found.high < 0) is (p < 0.05) is (said == "regression")


# What `regression-substrate` 0.3.0 answered on the scores below, by `gate(a, b, clusters)`:
# its verdict, and the 95 % interval of the mean paired difference from 5,000 resamples.
SUBSTRATE = [
    (300, 0.05, -0.062176, -0.042784, "REGRESSION"),
    (300, -0.05, 0.037824, 0.057216, "SHIP"),
    (300, 0.003, -0.015176, 0.004216, "HOLD"),
    (120, 0.01, -0.030311, 0.001289, "HOLD"),
    (60, 0.03, -0.061443, -0.017318, "REGRESSION"),
]


def scored(rows, drop):
    """Scores of two versions on the same inputs; the second is lower by so much on average."""
    at = np.arange(rows)
    first = 0.3 + 0.6 * (at * 37 % 101) / 101
    return first, first - drop + 0.3 * ((at * 53 % 97) / 97 - 0.5)


@pytest.mark.parametrize(("rows", "drop", "low", "high", "said"), SUBSTRATE)
def test_mean_scores_come_out_as_regression_substrate_says(rows, drop, low, high, said):
    # A score is a distance from zero to us: the mean absolute error of saying it where 0 is true.
    base, head = (
        Predictions(task=Task.REGRESSION, ids=np.arange(rows), truth=np.zeros(rows), label=each)
        for each in scored(rows, drop)
    )
    found = change(Paired(base=base, head=head), "mae", Task.REGRESSION)
    width = high - low
    assert (found.interval.low, found.interval.high) == pytest.approx((low, high), abs=0.05 * width)
    ours = {MetricVerdict.REGRESSED: "REGRESSION", MetricVerdict.IMPROVED: "SHIP"}
    assert ours.get(verdict(found, 1e-9), "HOLD") == said
