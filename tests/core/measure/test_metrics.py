"""Point values are scikit-learn's, with ties, weights and classes that never occur."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from sklearn import metrics as oracle

from mlci.core.config import Direction, Task
from mlci.core.measure import metrics
from mlci.errors import ConfigError, WorldError
from tests.core.samples import binary, multiclass, regression

BINARY = {
    "accuracy": lambda y, p, s, w: oracle.accuracy_score(y, p, sample_weight=w),
    "balanced_accuracy": lambda y, p, s, w: oracle.balanced_accuracy_score(y, p, sample_weight=w),
    "precision": lambda y, p, s, w: oracle.precision_score(y, p, sample_weight=w, zero_division=0),
    "recall": lambda y, p, s, w: oracle.recall_score(y, p, sample_weight=w, zero_division=0),
    "specificity": lambda y, p, s, w: oracle.recall_score(
        y, p, pos_label=0, sample_weight=w, zero_division=0
    ),
    "fpr": lambda y, p, s, w: 1 - oracle.recall_score(y, p, pos_label=0, sample_weight=w, zero_division=1),
    "f1": lambda y, p, s, w: oracle.f1_score(y, p, sample_weight=w, zero_division=0),
    "mcc": lambda y, p, s, w: oracle.matthews_corrcoef(y, p, sample_weight=w),
    "roc_auc": lambda y, p, s, w: oracle.roc_auc_score(y, s, sample_weight=w),
    "pr_auc": lambda y, p, s, w: oracle.average_precision_score(y, s, sample_weight=w),
    "log_loss": lambda y, p, s, w: oracle.log_loss(y, s, sample_weight=w, labels=[0, 1]),
    "brier": lambda y, p, s, w: oracle.brier_score_loss(y, s, sample_weight=w),
}
AVERAGED = {
    "f1_macro": lambda y, p, w: oracle.f1_score(y, p, average="macro", sample_weight=w, zero_division=0),
    "f1_weighted": lambda y, p, w: oracle.f1_score(
        y, p, average="weighted", sample_weight=w, zero_division=0
    ),
    "precision_macro": lambda y, p, w: oracle.precision_score(
        y, p, average="macro", sample_weight=w, zero_division=0
    ),
    "recall_macro": lambda y, p, w: oracle.recall_score(
        y, p, average="macro", sample_weight=w, zero_division=0
    ),
}
REGRESSION = {
    "mae": oracle.mean_absolute_error,
    "mse": oracle.mean_squared_error,
    "rmse": oracle.root_mean_squared_error,
    "r2": oracle.r2_score,
    "mape": oracle.mean_absolute_percentage_error,
}


def computed(name, predictions):
    return metrics.value(metrics.find(name, predictions.task), predictions)


def close(value):
    return pytest.approx(value, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", sorted(BINARY))
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(2, 60), steps=st.integers(1, 12))
def test_binary_values_are_scikit_learns(name, weighted, seed, rows, steps):
    one = binary(rows=rows, seed=seed, steps=steps, weighted=weighted, both=True)
    expected = BINARY[name](one.truth, one.label, one.scores, one.weight)
    assert computed(name, one) == close(expected)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", sorted(AVERAGED))
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(1, 60))
def test_averaged_values_are_scikit_learns(name, weighted, seed, rows):
    one = multiclass(rows=rows, seed=seed, classes=4, weighted=weighted)
    assert computed(name, one) == close(AVERAGED[name](one.truth, one.label, one.weight))


@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(20, 80))
def test_multiclass_values_are_scikit_learns(seed, rows):
    one = multiclass(rows=rows, seed=seed, classes=3, weighted=True)
    y, p, s, w = one.truth, one.label, one.scores, one.weight
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # scikit-learn remarks on classes that occur on one side only
        assert computed("balanced_accuracy", one) == close(
            oracle.balanced_accuracy_score(y, p, sample_weight=w)
        )
    assert computed("mcc", one) == close(oracle.matthews_corrcoef(y, p, sample_weight=w))
    assert computed("log_loss", one) == close(oracle.log_loss(y, s, sample_weight=w, labels=[0, 1, 2]))
    if len(np.unique(y)) == 3:
        expected = oracle.roc_auc_score(y, s, sample_weight=w, multi_class="ovr", labels=[0, 1, 2])
        assert computed("roc_auc", one) == close(expected)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", sorted(REGRESSION))
@settings(max_examples=25)
@given(seed=st.integers(0, 2**32 - 1), rows=st.integers(2, 60))
def test_regression_values_are_scikit_learns(name, weighted, seed, rows):
    one = regression(rows=rows, seed=seed, weighted=weighted)
    expected = REGRESSION[name](one.truth, one.label, sample_weight=one.weight)
    assert computed(name, one) == pytest.approx(expected, rel=1e-12, abs=1e-12)


def test_calibration_error_is_the_weighted_gap_of_ten_bins():
    one = binary(rows=4, truth=[0, 1, 1, 1], scores=[0.15, 0.15, 0.95, 1.0])
    assert computed("ece", one) == close((2 * abs(0.5 - 0.15) + 2 * abs(1 - 0.975)) / 4)


def test_an_auc_of_one_class_is_not_a_number():
    assert np.isnan(computed("roc_auc", binary(rows=3, truth=[1, 1, 1], scores=[0.1, 0.2, 0.3])))


def test_an_alias_names_the_same_metric():
    assert metrics.find("auc", Task.BINARY) is metrics.find("roc_auc", Task.BINARY)
    assert metrics.find("fpr", Task.BINARY).direction is Direction.LOWER


def test_an_unknown_metric_says_which_one_was_meant():
    with pytest.raises(ConfigError, match="did you mean 'accuracy'") as caught:
        metrics.find("acuracy", Task.BINARY, "mlci.yaml:9:5")
    assert caught.value.id == "metric-unknown"


def test_a_metric_of_another_task_is_refused():
    with pytest.raises(ConfigError, match="is not for regression models"):
        metrics.find("f1", Task.REGRESSION)


def test_scores_outside_0_to_1_have_no_log_loss():
    with pytest.raises(WorldError, match="no probabilities"):
        computed("log_loss", binary(rows=2, truth=[0, 1], scores=[-1.0, 2.0]))


def test_weights_of_one_class_correlate_with_nothing():
    one = binary(rows=50, weighted=True, truth=[1] * 50, scores=np.arange(50) / 50)
    assert computed("mcc", one) == 0
    assert computed("mcc", one) == oracle.matthews_corrcoef(one.truth, one.label)


def test_shares_that_do_not_add_up_have_no_log_loss():
    """Scaled or not, the number would be another: scikit-learn warns, and takes them as they are."""
    one = multiclass(rows=50, classes=3)
    one = replace(one, scores=0.7 * one.scores + 0.1)
    rounded = replace(one, scores=np.round(one.scores, 2))
    assert computed("log_loss", rounded) == pytest.approx(computed("log_loss", one), rel=0.05)
    apart = replace(one, scores=np.where(np.arange(50)[:, None] < 7, 0.7, one.scores))
    with pytest.raises(WorldError, match="the scores of 7 rows are no probabilities") as caught:
        computed("log_loss", apart)
    assert caught.value.id == "predictions-invalid"
    assert computed("brier", apart) > 0
