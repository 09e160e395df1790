"""What a metric rests on: rows, a class or each, counted as what is independent and as weights count."""

import numpy as np
import pytest

from mlci.core.config import Task
from mlci.core.measure.enough import denominators, enough
from mlci.core.measure.metrics import find
from mlci.core.measure.predictions import Predictions


def rows(truth, *, label=None, task=Task.BINARY, weight=None, cluster=None):
    truth = np.asarray(truth)
    return Predictions(
        task=task,
        ids=np.arange(len(truth)),
        truth=truth,
        label=truth if label is None else np.asarray(label),
        classes=() if task is Task.REGRESSION else tuple("abcdefgh"[: int(truth.max()) + 1]),
        weight=None if weight is None else np.asarray(weight, dtype=float),
        cluster=None if cluster is None else np.asarray(cluster),
    )


def classes(*counts):
    return np.repeat(np.arange(len(counts)), counts)


def told(name, one):
    return [(each.kind, each.amount) for each in denominators(find(name, one.task), one)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", [("rows", 4_000)]),
        ("log_loss", [("rows", 4_000)]),
        ("recall", [("positives", 20)]),
        ("f1", [("positives", 20)]),
        ("specificity", [("negatives", 3_980)]),
        ("fpr", [("negatives", 3_980)]),
        ("roc_auc", [("positives", 20), ("negatives", 3_980)]),
        ("pr_auc", [("positives", 20), ("negatives", 3_980)]),
        ("balanced_accuracy", [("positives", 20), ("negatives", 3_980)]),
    ],
)
def test_a_metric_of_two_classes_rests_on_what_it_counts(name, expected):
    one = rows(classes(3_980, 20))
    assert told(name, one) == expected
    assert enough(find(name, Task.BINARY), one) is all(amount >= 30 for _, amount in expected)


def test_precision_rests_on_positive_answers():
    one = rows(classes(100, 100), label=classes(190, 10))
    assert told("precision", one) == [("positive answers", 10)]
    assert not enough(find("precision", Task.BINARY), one)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("accuracy", ("rows", 1_010)),
        ("f1_weighted", ("rows", 1_010)),
        ("f1_macro", ("rows of its rarest class", 10)),
        ("recall_macro", ("rows of its rarest class", 10)),
        ("roc_auc", ("rows of its rarest class", 10)),
    ],
)
def test_a_macro_metric_needs_rows_of_each_class(name, expected):
    one = rows(classes(500, 500, 10), task=Task.MULTICLASS)
    assert told(name, one) == [expected]
    assert enough(find(name, Task.MULTICLASS), one) is (expected[1] >= 30)


def test_a_class_that_is_never_true_excuses_nothing():
    one = rows(classes(500, 500, 0, 50), label=np.full(1_050, 2), task=Task.MULTICLASS)
    assert told("f1_macro", one) == [("rows of its rarest class", 50)]


def test_positives_count_by_the_clusters_that_hold_them():
    truth = np.zeros(800, dtype=int)
    truth[:30] = 1
    one = rows(truth, cluster=np.arange(800) // 10)
    assert told("roc_auc", one) == [("clusters with positives", 3), ("clusters with negatives", 77)]
    assert told("accuracy", one) == [("clusters", 80)]


def test_unequal_weights_count_as_so_many_equal_ones():
    weight = np.where(np.arange(1_000) < 5, 1_000.0, 0.001)
    (found,) = denominators(find("accuracy", Task.BINARY), rows(classes(500, 500), weight=weight))
    assert found.amount == pytest.approx(5, abs=0.01)
    assert told("accuracy", rows(classes(500, 500), weight=np.arange(1_000) < 20)) == [("rows", 20)]
    assert told("mae", rows(np.ones(9), task=Task.REGRESSION, weight=np.zeros(9))) == [("rows", 0)]
    assert enough(find("accuracy", Task.BINARY), rows(classes(15, 15), weight=np.full(30, 0.1)))


def test_weights_of_clusters_count_once_a_cluster():
    cluster = np.arange(1_000) // 10
    weight = np.where(cluster < 4, 1_000.0, 0.001)
    (found,) = denominators(
        find("accuracy", Task.BINARY), rows(classes(500, 500), weight=weight, cluster=cluster)
    )
    assert (found.kind, round(found.amount, 2)) == ("clusters", 4.0)
    even = np.arange(1_000) // 25
    (found,) = denominators(
        find("accuracy", Task.BINARY), rows(classes(500, 500), weight=np.full(1_000, 2.0), cluster=even)
    )
    assert found.amount == pytest.approx(40)


def test_forty_clusters_of_which_one_is_nearly_all_are_one():
    uneven = np.repeat(np.arange(40), np.where(np.arange(40) < 1, 961, 1))
    (found,) = denominators(find("accuracy", Task.BINARY), rows(classes(500, 500), cluster=uneven))
    assert found.amount == pytest.approx(1_000**2 / (961**2 + 39))
    assert not found.enough
