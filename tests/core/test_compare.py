"""Intervals of a change: against published numbers, slow oracles, and their own mirror image."""

import numpy as np
import pytest
from msgspec.structs import replace

from mlci.core import metrics
from mlci.core.compare import compare
from mlci.core.config import Direction, Task
from mlci.core.predictions import Paired, Predictions
from tests.core.samples import binary, regression


def pair_of(*, rows=400, seed=0, better=0.0, weighted=False, cluster=None):
    """Two binary models on the same rows; head's scores lean to the truth by `better`."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 2, rows)
    scores = np.clip(0.5 + 0.25 * (2 * truth - 1) + rng.normal(0, 0.3, rows), 0, 1)
    moved = np.clip(scores + rng.normal(0, 0.05, rows) + better * (2 * truth - 1), 0, 1)
    weight = rng.uniform(0.5, 2, rows) if weighted else None
    base, head = (
        replace(binary(rows=rows, truth=truth, scores=each, cluster=cluster), weight=weight)
        for each in (scores, moved)
    )
    return Paired(base=base, head=head)


def changes(paired, *names):
    return compare(paired, [metrics.find(name, paired.head.task) for name in names])


def test_delong_equals_the_definition_by_placements():
    paired = pair_of(rows=80)
    found = changes(paired, "roc_auc")["roc_auc"]

    def placements(one):
        up, down = one.scores[one.truth == 1][:, None], one.scores[one.truth == 0][None, :]
        wins = (up > down) + 0.5 * (up == down)
        return wins.mean(axis=1), wins.mean(axis=0)

    (base_up, base_down), (head_up, head_down) = placements(paired.base), placements(paired.head)
    up, down = head_up - base_up, head_down - base_down
    variance = up.var(ddof=1) / len(up) + down.var(ddof=1) / len(down)
    assert found.difference == pytest.approx(up.mean(), abs=1e-12)
    assert found.error == pytest.approx(np.sqrt(variance), rel=1e-10)
    assert found.interval.high - found.interval.low == pytest.approx(2 * 1.959964 * found.error, rel=1e-6)


def test_the_bootstrap_of_accuracy_is_the_paired_wald_interval_on_many_rows():
    paired = pair_of(rows=20_000, better=0.02)
    found = changes(paired, "accuracy")["accuracy"]
    gain = (paired.head.label == paired.head.truth) * 1.0 - (paired.base.label == paired.base.truth)
    assert found.error == pytest.approx(gain.std() / np.sqrt(len(gain)), rel=0.03)
    assert found.interval.low == pytest.approx(gain.mean() - 1.96 * found.error, abs=2e-4)


def test_the_cell_bootstrap_is_the_row_bootstrap():
    paired = pair_of(rows=500)
    by_cells = changes(paired, "f1")["f1"]
    ones = np.ones(500)
    weighted = Paired(base=replace(paired.base, weight=ones), head=replace(paired.head, weight=ones))
    by_rows = changes(weighted, "f1")["f1"]
    assert by_rows.error == pytest.approx(by_cells.error, rel=0.1)
    assert by_rows.difference == by_cells.difference


def test_clusters_of_copies_widen_the_interval_as_much_as_they_must():
    once = pair_of(rows=300)
    copies = np.repeat(np.arange(300), 4)
    four = Paired(base=once.base.take(copies), head=once.head.take(copies))
    clustered = Paired(base=replace(four.base, cluster=copies), head=replace(four.head, cluster=copies))
    for name in ("accuracy", "roc_auc", "brier"):
        single, blind, aware = (changes(each, name)[name].error for each in (once, four, clustered))
        assert blind == pytest.approx(single / 2, rel=0.1)
        assert aware == pytest.approx(single, rel=0.1)


@pytest.mark.parametrize("name", ["accuracy", "brier"])
def test_a_slice_counts_only_the_clusters_it_holds(name):
    close = pair_of(rows=120, cluster=np.arange(120) // 4)
    far = np.arange(120) // 4 * 1_000
    apart = Paired(base=replace(close.base, cluster=far), head=replace(close.head, cluster=far))
    assert changes(apart, name)[name].error == changes(close, name)[name].error


@pytest.mark.parametrize("name", ["accuracy", "f1", "mcc", "roc_auc", "pr_auc", "brier", "ece"])
def test_the_other_way_round_is_the_mirror_image(name):
    paired = pair_of(rows=150, better=0.05)
    there = changes(paired, name)[name]
    back = changes(Paired(base=paired.head, head=paired.base), name)[name]
    assert back.difference == -there.difference
    assert (back.interval.low, back.interval.high) == pytest.approx(
        (-there.interval.high, -there.interval.low), abs=1e-15
    )
    assert back.p_value == pytest.approx(there.p_value)


@pytest.mark.parametrize("name", ["accuracy", "f1", "roc_auc", "pr_auc", "log_loss"])
def test_a_model_does_not_differ_from_itself(name):
    one = pair_of(rows=100).base
    found = changes(Paired(base=one, head=one), name)[name]
    assert (found.difference, found.interval.low, found.interval.high) == (0, 0, 0)
    assert found.p_value == 1.0


def test_the_same_rows_give_the_same_numbers():
    first, second = (changes(pair_of(), "f1", "pr_auc") for _ in range(2))
    assert [each.interval for each in first.values()] == [each.interval for each in second.values()]


def test_mean_losses_use_student_on_row_differences():
    base, head = regression(rows=40, seed=1), regression(rows=40, seed=1, noise=1.5)
    found = changes(Paired(base=base, head=head), "mae", "rmse")
    gain = np.abs(head.truth - head.label) - np.abs(base.truth - base.label)
    error = gain.std(ddof=1) / np.sqrt(40)
    assert found["mae"].error == pytest.approx(error, rel=1e-10)
    assert found["mae"].interval.high == pytest.approx(gain.mean() + 2.022691 * error, rel=1e-4)
    assert found["rmse"].p_beyond(0.0, Direction.LOWER) < 0.05


def test_many_classes_fit_into_memory():
    rng = np.random.default_rng(0)
    truth, base, head = (rng.integers(0, 60, 3_000) for _ in range(3))
    names = tuple(str(code) for code in range(60))
    base, head = (
        Predictions(task=Task.MULTICLASS, ids=np.arange(3_000), truth=truth, label=label, classes=names)
        for label in (base, head)
    )
    paired = Paired(base=base, head=head)
    found = changes(paired, "accuracy")["accuracy"]
    assert found.interval.low < found.difference < found.interval.high


def test_an_auc_of_one_class_has_no_interval():
    one = binary(rows=40, truth=[1] * 40, scores=[0.3] * 40)
    found = changes(Paired(base=one, head=one), "roc_auc")["roc_auc"]
    assert np.isnan(found.head)
    assert found.interval is None


@pytest.mark.parametrize("name", ["pr_auc", "rmse", "r2", "roc_auc"])
def test_influences_are_the_derivatives_by_the_weights(name):
    rng = np.random.default_rng(4)
    one = regression(rows=120) if name in {"rmse", "r2"} else pair_of(rows=120).head
    if one.scores is not None:
        one = replace(one, scores=np.round(one.scores, 1))
    one = replace(one, weight=rng.exponential(1, 120) + 0.1)
    metric = metrics.find(name, one.task)
    influence = (
        metrics.area_with_influence(one)[1] if name == "roc_auc" else metric.arithmetic.compute(one)[1]
    )
    step = 1e-6
    for row in range(0, 120, 7):
        heavier = one.weight.copy()
        heavier[row] += step
        slope = (metrics.value(metric, replace(one, weight=heavier)) - metrics.value(metric, one)) / step
        assert influence[row] == pytest.approx(slope * one.weight[row], abs=1e-7)


@pytest.mark.parametrize("name", ["f1", "ece", "pr_auc", "mcc"])
@pytest.mark.parametrize("clustered", [False, True])
def test_the_fast_ways_say_what_resampling_rows_says(name, clustered):
    paired = pair_of(rows=600, weighted=True, cluster=np.arange(600) // 2 if clustered else None)
    fast = changes(paired, name)[name]
    metric, rng = metrics.find(name, Task.BINARY), np.random.default_rng(11)
    unit = np.arange(600) // 2 if clustered else np.arange(600)
    drawn = []
    for _ in range(1_000):
        times = np.bincount(rng.integers(0, unit[-1] + 1, unit[-1] + 1), minlength=unit[-1] + 1)[unit]
        base, head = (
            metrics.value(metric, replace(each, weight=each.weight * times))
            for each in (paired.base, paired.head)
        )
        drawn.append(head - base)
    assert fast.error == pytest.approx(np.std(drawn), rel=0.1)
    low, high = np.quantile(drawn, (0.025, 0.975))
    assert (fast.interval.low, fast.interval.high) == pytest.approx((low, high), abs=0.6 * fast.error)


def test_the_limit_of_many_units_is_what_resampling_them_says(monkeypatch):
    paired = pair_of(rows=3_000, weighted=True, cluster=np.arange(3_000) // 2)
    resampled = changes(paired, "f1", "ece")
    monkeypatch.setattr("mlci.core.bootstrap.MANY_UNITS", 100)
    by_limit = changes(paired, "f1", "ece")
    for name in ("f1", "ece"):
        assert by_limit[name].error == pytest.approx(resampled[name].error, rel=0.1)
