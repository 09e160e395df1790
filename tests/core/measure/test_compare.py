"""Intervals of a change: against published numbers, slow oracles, and their own mirror image."""

import warnings

import numpy as np
import pytest
from msgspec.structs import replace

from mlci.core.config import Direction, Margin, Objective, Task
from mlci.core.diff import MetricVerdict
from mlci.core.measure import metrics, stats
from mlci.core.measure.bootstrap import freedom
from mlci.core.measure.compare import compare, own
from mlci.core.measure.predictions import Paired, Predictions
from mlci.core.measure.spread import Normal, Sides
from mlci.core.measure.verdicts import Measured, judge
from tests.core.samples import binary, regression
from tests.core.simulation import World, draw


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


def test_an_auc_of_many_rows_has_delongs_interval():
    found = changes(pair_of(rows=20_000), "roc_auc")["roc_auc"]
    assert found.interval.high - found.interval.low == pytest.approx(2 * 1.959964 * found.error, rel=1e-2)


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


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    "world",
    [
        World(rows=150),
        World(rows=300, cluster=3),
        World(rows=100, lapses=0.01),
        World(task=Task.MULTICLASS, rows=200),
        World(task=Task.MULTICLASS, rows=300, cluster=3),
        World(task=Task.REGRESSION, rows=100),
    ],
    ids=lambda world: f"{world.task.value} {world.cluster} {world.lapses}",
)
def test_every_metric_mirrors_to_the_last_digit(world, weighted):
    paired = draw(world, np.random.default_rng(5))
    if weighted:
        weight = np.random.default_rng(1).uniform(0.2, 3, len(paired.head))
        paired = Paired(base=replace(paired.base, weight=weight), head=replace(paired.head, weight=weight))
    names = [each.name for each in metrics.METRICS.values() if world.task in each.tasks]
    there = changes(paired, *names)
    back = changes(Paired(base=paired.head, head=paired.base), *names)
    for name in names:
        one, other = there[name].interval, back[name].interval
        assert (one is None) is (other is None), name
        if one is not None:
            assert (one.low, one.high) == (-other.high, -other.low), name
            assert one.low <= there[name].difference <= one.high, name


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
    apart = gain - gain.mean()
    slope = (1 + 60 / 40) * (apart**3).sum() / (apart**2).sum() / 40
    reach, lean = 2.022691 * error, 2.022691**2 * max(0.0, slope)
    reach = (lean + np.sqrt(lean**2 + 4 * reach**2)) / 2
    assert found["mae"].interval.high == pytest.approx(gain.mean() + reach, rel=1e-4)
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


@pytest.mark.parametrize("name", ["f1", "pr_auc", "mcc"])
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
    # Where few rows bear a difference, draws reach less far than the truth may lie.
    assert low - 3 * fast.error < fast.interval.low < low + 0.6 * fast.error
    assert high - 0.6 * fast.error < fast.interval.high < high + 3 * fast.error


def test_the_limit_of_many_units_is_what_resampling_them_says(monkeypatch):
    paired = pair_of(rows=3_000, weighted=True, cluster=np.arange(3_000) // 2)
    resampled = changes(paired, "f1", "ece")
    monkeypatch.setattr("mlci.core.measure.bootstrap.MANY_UNITS", 100)
    by_limit = changes(paired, "f1", "ece")
    for name in ("f1", "ece"):
        assert by_limit[name].error == pytest.approx(resampled[name].error, rel=0.1)


def labelled(truth, label, **more):
    return replace(binary(rows=len(truth), truth=truth, scores=np.zeros(len(truth))), label=label, **more)


def lapses(rows=100, lost=0, won=0, **more):
    """Two models that say alike but for some rows; their scores differ a little in each."""
    truth = np.arange(rows) % 2
    base, head = (
        labelled(truth, truth.copy(), scores=0.3 + step * np.ones(rows), **more) for step in (0, 0.1)
    )
    head.label[:lost] = 1 - truth[:lost]
    base.label[lost : lost + won] = 1 - truth[lost : lost + won]
    return Paired(base=base, head=head)


def test_models_that_were_not_seen_to_differ_may_still_differ():
    """Of 100 rows, 2 % that head alone gets wrong are all missed by one sample in eight."""
    for name, rows in (("accuracy", 100), ("recall", 50), ("fpr", 50)):
        found = changes(lapses(), name)[name]
        assert (found.difference, found.p_value) == (0, 1)
        assert -found.interval.low == pytest.approx(found.interval.high, rel=1e-12)
        assert found.interval.high == pytest.approx(1.96**2 / (rows + 1.96**2), rel=1e-3)
        assert found.known.noticeable() > found.interval.high
    for name in ("f1", "mcc", "balanced_accuracy", "precision"):
        assert changes(lapses(), name)[name].interval.low < -0.01


ONE_WORD = ("accuracy", "recall", "precision", "f1", "mcc", "balanced_accuracy")


def test_labels_that_are_all_alike_do_not_make_two_models_one():
    """A hundred rows show none of the 2 % that head gets wrong to one sample in eight."""
    truth = np.arange(100) % 2
    both = Paired(base=labelled(truth, truth, scores=None), head=labelled(truth, truth.copy(), scores=None))
    for name, found in changes(both, *ONE_WORD).items():
        assert (found.difference, found.p_value) == (0, 1), name
        assert found.interval.low < -0.02, name
        assert found.interval.low == -found.interval.high, name
    for name, found in changes(replace(both, same=True), *ONE_WORD).items():
        assert (found.interval.low, found.interval.high) == (0, 0), name


@pytest.mark.parametrize("scores", [[0.0, 1.0], [0.2, 0.4]])
def test_scores_that_say_no_more_than_the_label_prove_no_more(scores):
    truth = np.arange(100) % 2
    one = labelled(truth, truth, scores=np.array(scores)[truth])
    assert changes(Paired(base=one, head=one), "accuracy")["accuracy"].interval.low < -0.02
    fine = replace(one, scores=np.linspace(0, 1, 100))
    assert changes(Paired(base=fine, head=fine), "accuracy")["accuracy"].interval.low == 0


def test_weighted_and_clustered_labels_that_are_all_alike_are_no_proof_either():
    truth = np.arange(300) % 2
    for more in ({"weight": np.linspace(0.5, 2, 300)}, {"cluster": np.arange(300) // 5}):
        one = labelled(truth, truth, scores=None, **more)
        found = changes(Paired(base=one, head=one), "accuracy", "f1")
        assert found["accuracy"].interval.low < -0.005
        assert found["f1"].interval is None or found["f1"].interval.low < -0.005


def test_a_metric_of_counts_reaches_as_far_as_tangos_interval_where_few_rows_differ():
    """Balanced accuracy of as many positives as negatives is accuracy, by another way."""
    for lost, won in ((1, 0), (3, 0), (4, 1), (8, 3)):
        found = changes(lapses(rows=200, lost=lost, won=won), "accuracy", "balanced_accuracy")
        exact, other = found["accuracy"].interval, found["balanced_accuracy"].interval
        assert other.low == pytest.approx(exact.low, rel=0.12)
        known = found["balanced_accuracy"].known
        assert known.p_above(other.low - 1e-6) <= 0.025 < known.p_above(other.low + 1e-6)


def test_a_cluster_that_is_nearly_all_leaves_few_degrees_of_freedom():
    even = pair_of(rows=400, cluster=np.arange(400) // 10)
    sizes = np.repeat(np.arange(40), np.where(np.arange(40) < 1, 361, 1))
    uneven = Paired(base=replace(even.base, cluster=sizes), head=replace(even.head, cluster=sizes))
    assert (freedom(even.base), freedom(uneven.base), freedom(replace(even.base, cluster=None))) == (
        39,
        1,
        399,
    )
    for name in ("accuracy", "brier"):
        found = changes(uneven, name)[name]
        known = found.known.least if name == "accuracy" else found.known
        assert found.interval.high - found.difference > 12 * known.error, name


@pytest.mark.parametrize("name", ["accuracy", "f1", "roc_auc", "brier", "ece"])
def test_what_head_keeps_of_base_is_known_as_well_as_the_difference(name):
    paired = pair_of(rows=400)
    found = changes(paired, name)[name]
    whole = found.beside(1.0).interval()
    assert (whole.low, whole.high) == (found.interval.low, found.interval.high)
    less = found.beside(0.9).interval()
    assert less.low < found.head - 0.9 * found.base < less.high
    nothing = found.beside(0.0).interval()
    assert nothing.high - nothing.low == pytest.approx(
        found.head_interval.high - found.head_interval.low, rel=0.25
    )


def test_whole_clusters_that_were_not_seen_to_differ_may_still_differ():
    paired = lapses(rows=300, cluster=np.arange(300) // 10)
    found = changes(paired, "accuracy", "f1")
    assert found["accuracy"].interval.high == pytest.approx(1.96**2 / (30 + 1.96**2), rel=1e-3)
    assert found["f1"].interval is None


def test_more_classes_are_lent_unseen_rows_too():
    truth = np.arange(90) % 3
    one = Predictions(
        task=Task.MULTICLASS, ids=np.arange(90), truth=truth, label=truth, classes=("a", "b", "c"),
        scores=np.eye(3)[truth],
    )  # fmt: skip
    other = replace(one, scores=0.9 * np.eye(3)[truth] + 0.1 / 3)
    for name in ("f1_macro", "mcc", "recall_macro"):
        found = changes(Paired(base=one, head=other), name)[name]
        assert found.interval.low < -0.01 < 0.01 < found.interval.high
        assert found.head_interval.low < 0.99


def test_the_interval_of_shares_and_its_p_value_agree():
    for lost in range(12):
        for won in range(4):
            found = changes(lapses(lost=lost, won=won), "accuracy")["accuracy"]
            for margin in (0.0, 0.01, 0.05):
                beyond = found.interval.high < -margin
                assert (found.p_beyond(margin, Direction.HIGHER) <= 0.025) is beyond


def test_an_error_rate_turns_with_its_labels():
    paired = lapses(lost=7, won=1)
    fpr, specificity = changes(paired, "fpr")["fpr"], changes(paired, "specificity")["specificity"]
    assert fpr.difference == pytest.approx(-specificity.difference)
    assert (fpr.interval.low, fpr.interval.high) == pytest.approx(
        (-specificity.interval.high, -specificity.interval.low)
    )


def of_ranks(positive, negative):
    truth = np.repeat([1, 0], [len(positive), len(negative)])
    return binary(rows=len(truth), truth=truth, scores=np.concatenate([positive, negative]))


def test_a_perfect_order_of_few_rows_is_not_sure_to_be_perfect():
    low, high = np.linspace(0.1, 0.4, 300), np.linspace(0.6, 0.9, 30)
    perfect = of_ranks(high, low)
    found = changes(Paired(base=perfect, head=of_ranks(high + 0.01, low)), "roc_auc")["roc_auc"]
    assert (found.base, found.head, found.difference) == (1, 1, 0)
    assert found.head_interval.high == 1
    assert 0.95 < found.head_interval.low < 0.99
    assert found.interval.low < -0.005
    precision = changes(Paired(base=perfect, head=of_ranks(high + 0.01, low)), "pr_auc")["pr_auc"]
    assert (precision.difference, precision.interval, precision.head_interval) == (0, None, None)
    worst = changes(Paired(base=perfect, head=of_ranks(1 - high, 1 - low)), "roc_auc")["roc_auc"]
    assert (worst.head, worst.head_interval.low) == (0, 0)
    assert worst.interval.high < -0.9


def test_the_interval_of_an_auc_near_one_reaches_to_where_few_rows_may_be():
    rng = np.random.default_rng(3)
    positive, negative = rng.normal(3.3, 1, 30), rng.normal(0, 1, 300)
    base = of_ranks(positive, negative)
    found = changes(Paired(base=base, head=of_ranks(positive - 0.3 * rng.random(30), negative)), "roc_auc")
    found = found["roc_auc"]
    below, above = found.difference - found.interval.low, found.interval.high - found.difference
    assert below > 1.1 * 1.96 * found.error
    assert below > above
    assert found.head_interval.high <= 1
    assert found.head - found.head_interval.low > found.head_interval.high - found.head


def test_nothing_of_a_perfect_model_is_certain():
    truth = np.repeat([0, 1], [300, 30])
    perfect = binary(rows=330, truth=truth, scores=np.where(truth, 0.9, 0.1) + np.arange(330) / 10_000)
    names = ["precision", "recall", "accuracy", "f1", "mcc", "balanced_accuracy", "roc_auc"]
    for name, found in changes(Paired(base=perfect, head=perfect), *names).items():
        assert found.head_interval.low < found.head == found.head_interval.high, name
    precision = changes(Paired(base=perfect, head=perfect), "precision")["precision"]
    assert precision.head_interval == stats.wilson(30, 30)


@pytest.mark.parametrize("name", ["accuracy", "precision", "f1", "roc_auc", "pr_auc", "brier", "ece"])
@pytest.mark.parametrize("cluster", [None, np.arange(24_000) % 12_000])
def test_a_models_own_interval_does_not_depend_on_what_it_is_compared_with(name, cluster):
    paired = pair_of(rows=24_000, cluster=cluster)
    alone = changes(Paired(base=paired.head, head=paired.head), name)[name]
    beside = changes(paired, name)[name]
    assert alone.head_interval == beside.head_interval
    assert own(paired.head, [metrics.find(name, Task.BINARY)])[name].interval == alone.head_interval
    assert (alone.interval.low, alone.interval.high, alone.error) == (0, 0, 0)


@pytest.mark.parametrize("name", ["accuracy", "f1", "ece", "brier"])
def test_one_cluster_tells_nothing(name):
    paired = pair_of(rows=100, cluster=np.zeros(100, np.intp))
    found = changes(paired, name)[name]
    assert (found.interval, found.head_interval, found.p_value) == (None, None, None)


def test_thirty_clusters_are_judged_by_student():
    paired = pair_of(rows=300, cluster=np.arange(300) // 10)
    for name, found in changes(paired, "f1", "precision", "accuracy").items():
        reach = stats.student_quantile(0.975, 29) * np.sqrt(30 / 29) * found.error
        assert found.interval.low <= found.difference - reach * 0.999999, name
        assert found.interval.high >= found.difference + reach * 0.999999, name
        margin = found.interval.high + 1e-6
        assert found.p_beyond(-margin, Direction.HIGHER) <= 0.025 < found.p_beyond(0.0, Direction.HIGHER)


@pytest.mark.parametrize("name", ["f1", "ece", "precision"])
def test_the_limit_of_many_units_mirrors_and_knows_the_same_model(name):
    paired = pair_of(rows=24_000, better=0.01, cluster=np.arange(24_000) % 12_000)
    there = changes(paired, name)[name]
    back = changes(Paired(base=paired.head, head=paired.base), name)[name]
    assert (back.interval.low, back.interval.high) == (-there.interval.high, -there.interval.low)
    assert back.error == there.error
    assert there.interval.low == float(f"{there.interval.low:.12g}")


@pytest.mark.parametrize("rows", [300, 1_000])
def test_a_calibration_error_lies_in_its_interval_and_so_does_the_truth(rows):
    """Noise alone makes the error of ten bins greater; resampling adds as much once more."""
    inside = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        scores = rng.uniform(0.02, 0.98, rows)
        one = binary(rows=rows, truth=(rng.random(rows) < scores).astype(np.intp), scores=scores)
        sure = replace(one, scores=np.clip(scores + 0.1 * (scores > 0.5), 0, 1))
        found = changes(Paired(base=one, head=sure), "ece")["ece"]
        assert found.head_interval.low <= found.head <= found.head_interval.high
        assert found.interval.low <= found.difference <= found.interval.high
        own = changes(Paired(base=one, head=one), "ece")["ece"].head_interval
        inside += own.low == 0
    assert inside > 30


def test_a_metric_that_has_no_value_in_some_resample_has_no_interval():
    """Two of a hundred rows are selected: in one of eight resamples there is none, and 0/0 is no number."""
    shown = metrics.Metric(
        name="shown", title="Shown", tasks=frozenset({Task.BINARY}), direction=Direction.HIGHER,
        arithmetic=metrics.OfSums(
            parts=lambda one: np.column_stack([(one.label & one.truth), one.label]).astype(float),
            compute=lambda sums: sums[..., 0] / sums[..., 1],
        ),
    )  # fmt: skip
    truth = np.arange(100) % 2
    label, more = np.zeros(100, np.intp), np.zeros(100, np.intp)
    label[[1, 2]], more[[1, 2, 4]] = 1, 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = compare(Paired(base=labelled(truth, label), head=labelled(truth, more)), [shown])["shown"]
    assert (found.interval, found.head_interval, found.error) == (None, None, 0)
    row = Measured(
        metric="shown", direction=Direction.HIGHER, base=found.base, head=found.head, change=found, n=100,
        objective=Objective(metric="shown", may_drop=Margin(value=0.01)),
    )  # fmt: skip
    (judged,) = judge([row])
    assert (judged.verdict, judged.note) == (MetricVerdict.INCONCLUSIVE, "point values only")


def test_rows_that_weigh_nothing_have_no_values():
    one = replace(pair_of(rows=100).head, weight=np.zeros(100))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = changes(Paired(base=one, head=one), "accuracy", "brier", "roc_auc", "f1", "ece", "pr_auc")
    for each in found.values():
        assert np.isnan(each.head)
        assert (each.interval, each.head_interval) == (None, None)


@pytest.mark.parametrize("name", ["mae", "mse", "rmse", "r2", "mape"])
def test_predictions_beyond_all_bounds_have_no_interval_and_make_no_noise(name):
    one = regression(rows=50)
    huge = replace(one, label=np.where(np.arange(50) == 7, 1e300, one.label))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = changes(Paired(base=one, head=huge), name)[name]
        assert metrics.value(metrics.find(name, Task.REGRESSION), huge) == found.head
    assert found.interval is None or np.isfinite([found.interval.low, found.interval.high]).all()
    assert (found.interval is None) or np.isfinite(found.head)


@pytest.mark.parametrize("far", [1e150, 1e300])
def test_an_error_beyond_all_measure_has_an_interval_while_it_is_a_number(far):
    one = regression(rows=50)
    huge = replace(one, label=np.where(np.arange(50) == 7, far, one.label))
    found = changes(Paired(base=one, head=huge), "mae")["mae"]
    assert found.error == pytest.approx(far / 50, rel=1e-6)
    assert found.interval.low < found.difference < found.interval.high < 2 * far


def test_a_truth_that_is_all_the_same_has_no_spread_to_explain():
    rng = np.random.default_rng(0)
    constant = replace(regression(rows=50), truth=np.full(50, 0.1), weight=rng.uniform(0.1, 3, 50))
    constant = replace(constant, label=constant.truth + rng.normal(0, 1, 50))
    found = changes(Paired(base=constant, head=constant), "r2")["r2"]
    assert (found.head, found.head_interval) == (0, None)


def many_classes(classes, rows=3_000, **more):
    rng = np.random.default_rng(0)
    truth = rng.integers(0, classes, rows)
    base, head = (np.where(rng.random(rows) < 0.9, truth, rng.integers(0, classes, rows)) for _ in range(2))
    names = tuple(str(code) for code in range(classes))
    return Paired(
        **{
            side: Predictions(
                task=Task.MULTICLASS, ids=np.arange(rows), truth=truth, label=label, classes=names, **more
            )
            for side, label in (("base", base), ("head", head))
        }
    )  # fmt: skip


def test_hundreds_of_classes_are_drawn_less_often_and_thousands_not_at_all():
    found = changes(many_classes(100), "accuracy", "f1_macro")
    assert found["f1_macro"].interval.low < found["f1_macro"].difference < found["f1_macro"].interval.high
    found = changes(many_classes(1_000), "accuracy", "f1_macro")
    assert found["accuracy"].interval.low < found["accuracy"].difference < found["accuracy"].interval.high
    assert (found["f1_macro"].interval, found["f1_macro"].head_interval) == (None, None)


def test_clusters_of_many_classes_take_only_the_cells_that_occur():
    found = changes(many_classes(30, cluster=np.arange(3_000) // 4), "f1_macro", "accuracy")
    for each in found.values():
        assert each.interval.low < each.difference < each.interval.high


def test_labels_of_many_classes_that_are_all_alike_look_the_same_either_way():
    one = many_classes(100).base
    found = changes(Paired(base=one, head=one), "f1_macro")["f1_macro"]
    assert found.interval.low == -found.interval.high < 0


def test_a_loss_that_no_row_of_the_sample_shows_is_not_excluded():
    """Of 100 rows, 2 % that head gets wrong are all missed by one in eight: Brier said "within 0.001"."""
    rng = np.random.default_rng(1)
    truth = np.arange(100) % 2
    wrong = np.where(np.arange(100) < 10, 1 - truth, truth)
    base, head = (
        binary(rows=100, truth=truth, scores=np.clip(0.1 + 0.8 * wrong + noise * rng.normal(size=100), 0, 1))
        for noise in (0, 0.01)
    )
    found = changes(Paired(base=base, head=head), "brier")["brier"]
    assert found.error < 0.001
    assert 0.01 < found.interval.high < 0.04
    assert (
        found.known.p_below(found.interval.high * 1.001)
        <= 0.025
        < found.known.p_below(found.interval.high * 0.999)
    )


def test_many_rows_that_bear_a_loss_leave_its_interval_as_it_was():
    found = changes(draw(World(rows=4_000), np.random.default_rng(2)), "brier")["brier"]
    assert found.interval.high - found.interval.low == pytest.approx(2 * 1.960557 * found.error, rel=0.03)


def test_average_precision_of_few_rows_counts_each_row_among_those_above_it():
    """Of scores that say nothing it is the share of positives, and of sixty rows it is more, on average."""
    rng, metric = np.random.default_rng(1), metrics.find("pr_auc", Task.BINARY)
    samples = [binary(rows=60, truth=np.arange(60) % 2, scores=rng.random(60)) for _ in range(500)]
    found = np.array([metrics.value(metric, one) for one in samples])
    excess = np.array([metric.arithmetic.excess(one) for one in samples])
    assert found.mean() > 0.53
    assert (found - excess).mean() == pytest.approx(0.5, abs=0.01)
    copies = replace(samples[0].take(np.repeat(np.arange(60), 4)), cluster=np.repeat(np.arange(60), 4))
    assert metric.arithmetic.excess(copies) == pytest.approx(excess[0], rel=1e-9)
    # Where the first rows are surer than the others it is less, and never more.
    skilled = [draw(World(rows=60, rare=0.5), np.random.default_rng([1, each])).head for each in range(200)]
    truth = metrics.value(metric, draw(World(rows=200_000, rare=0.5), np.random.default_rng(0)).head)
    mean = np.mean([metrics.value(metric, one) for one in skilled])
    assert 0 < mean - truth < np.mean([metric.arithmetic.excess(one) for one in skilled])


def test_average_precision_of_few_mistakes_is_known_by_so_few():
    rng = np.random.default_rng(3)
    positive, negative = rng.normal(4, 1, 50), rng.normal(0, 1, 500)
    base = of_ranks(positive, negative)
    found = changes(Paired(base=base, head=of_ranks(positive - 0.5 * rng.random(50), negative)), "pr_auc")[
        "pr_auc"
    ]
    assert found.known.freedom < 40
    assert found.interval.low < found.difference - stats.student_quantile(0.975, 40) * found.error
    many = changes(draw(World(rows=2_000), np.random.default_rng(4)), "pr_auc")["pr_auc"]
    assert many.known.freedom > 100


def test_an_area_that_may_be_nearer_to_a_half_is_less_sure():
    """Head's 0.99 may be 0.97 by luck, and a model of 0.97 is less sure than one of 0.99 is."""
    sides = Sides(head=0.99, base=0.98, keep=1.0, of_head=1e-5, of_base=2e-5, shared=5e-6)
    assert sides.growth(0.02, -1) == pytest.approx(0.97 * 0.03 / (0.99 * 0.01))
    assert sides.growth(0.02, 1) == pytest.approx(0.96 * 0.04 / (0.98 * 0.02))
    assert sides.growth(0.7, -1) == pytest.approx(0.25 / (0.99 * 0.01))
    assert replace(sides, head=0.4).growth(0.1, -1) == 1
    plain = Normal(value=0.01, error=0.0045)
    known = replace(plain, sides=sides)
    low, high = known.interval().low, known.interval().high
    assert low < plain.interval().low
    assert high > plain.interval().high
    assert known.p_above(low - 1e-9) <= 0.025 < known.p_above(low + 1e-9)
    moved = replace(known, beyond=(0.001, 0.002)).interval()
    assert (moved.low, moved.high) == pytest.approx((low - 0.001, high + 0.002))
