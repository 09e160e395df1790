"""What is measured of a model: its own value on all rows, the change on the pairs, and what is odd."""

import polars as pl
import pytest
from msgspec.structs import replace

from mlci.core.config import Columns, Direction, Margin, Objective, Task
from mlci.core.diff import FloorStatus, MetricVerdict, Occasion
from mlci.core.diff.findings import findings
from mlci.core.measure import custom_metrics
from mlci.core.measure.metrics import Metric, OfRows
from mlci.gates.model import gate
from mlci.gates.model.sample import measure
from mlci.gates.subjects import read_predictions
from tests.app.test_diff import CONFIG, INCOME, SLICED, Place, as_parquet, metric, people, predictions, sliced
from tests.support.decided import blocks

HALF = Margin(value=0.02)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def config(*objectives, **more):
    return replace(CONFIG, models={"income": replace(INCOME, **more)}, objectives=objectives)


def of(name, **limits):
    return Objective(metric=name, **limits)


def changed(**columns):
    return as_parquet(pl.read_parquet(predictions()).with_columns(**columns))


def grown(rows=2_000):
    """The same thousand rows, and as many more that are all answered wrongly."""
    more = pl.read_parquet(predictions(rows=rows - 1_000, start=1_000))
    return as_parquet(
        pl.concat([pl.read_parquet(predictions()), more.with_columns(y_pred=1 - pl.col("y_true"))])
    )


def test_floors_hold_heads_own_value_and_the_change_is_of_the_pairs(place):
    asked = config(of("accuracy", at_least=0.6, may_drop=HALF))
    found = place.diff(place.commit(), place.commit(predicted=grown(), model="n"), config=asked)
    row = metric(found, "accuracy")
    assert (row.n, row.head_n) == (1_000, 2_000)
    assert row.difference == 0.0
    assert row.head == pytest.approx(row.base / 2)
    assert row.head_interval.low < row.head < row.head_interval.high < row.base
    assert [each.status for each in row.floors] == [FloorStatus.MISSED]
    assert blocks(found, Occasion.PULL_REQUEST)
    (limit,) = [each for each in findings(found, Occasion.PULL_REQUEST) if each.check == "diff.objective"]
    assert limit.n == 2_000
    told = "income: values of this change are of all its 2,000 rows, differences of the 1,000 that are paired"
    assert found.notes == (f"{told} with base's",)


def test_a_slice_that_only_head_has_is_measured_and_compared_with_nothing(place):
    place.story.write({"test.csv": people(2_000, north=1_000)})
    found = place.diff(place.commit(), place.commit(predicted=grown(), model="n"), config=SLICED)
    rows = sliced(found, "accuracy")
    alone, both = rows["region=south"], rows["region=north"]
    assert (alone.head, alone.base, alone.head_n, alone.verdict) == (0.0, None, 1_000, None)
    assert (both.difference, both.n, both.head_n) == (0.0, 1_000, 1_000)


def test_a_gate_and_a_diff_tell_one_interval(place):
    asked = config(of("f1"), of("roc_auc"), of("ece"), of("accuracy"))
    head = place.commit(predicted=predictions(skill=0.75, seed=4), model="n")
    place.story.write({INCOME.predictions: predictions(skill=0.75, seed=4)})
    rows = read_predictions(place.request().tables, INCOME)
    found = place.diff(place.commit(), head, config=asked)
    for name in ("f1", "roc_auc", "ece", "accuracy"):
        row, told = metric(found, name), measure(rows, gate.find(name, Task.BINARY))
        assert (row.head, row.head_interval) == (told.point, told.interval)


@pytest.mark.parametrize("name", ["log_loss", "brier", "ece"])
def test_a_base_whose_scores_are_no_probabilities_stops_no_change_that_mends_it(place, name):
    percent = changed(y_score=pl.col("y_score") * 100)
    base, head = place.commit(predicted=percent), place.commit(model="n")
    row = metric(found := place.diff(base, head, config=config(of(name, at_most=5.0, may_drop=HALF))), name)
    assert (row.verdict, row.problem) == (MetricVerdict.NOT_COMPARABLE, "")
    assert row.note.endswith("some lie outside 0 to 1 (of the base's predictions)")
    assert row.head is not None
    assert not blocks(found, Occasion.PULL_REQUEST)
    row = metric(found := place.diff(head, base, config=config(of(name, may_drop=HALF))), name)
    assert row.problem.endswith("some lie outside 0 to 1 (of this change's predictions)")
    assert "write probabilities" in row.advice
    assert blocks(found, Occasion.PULL_REQUEST)


def test_another_scale_of_scores_is_told_where_no_metric_sees_it(place):
    base, head = place.commit(), place.commit(predicted=changed(y_score=pl.col("y_score") * 100), model="n")
    (told,) = place.diff(base, head).notes
    assert told.startswith("income: the scores of the base lie within 0 to 1, those of this change do not;")
    (told,) = place.diff(head, base).notes
    assert told.startswith("income: the scores of this change lie within 0 to 1, those of the base do not")
    assert place.diff(base, base).notes == ()
    unscored = as_parquet(pl.read_parquet(predictions()).drop("y_score"))
    assert place.diff(place.commit(predicted=unscored, model="o"), head).notes == ()


def test_a_test_set_of_one_class_is_told_as_one(place):
    base, head = place.commit(), place.commit(predicted=changed(y_true=pl.lit(0)), model="n")
    asked = config(of("roc_auc", at_least=0.5))
    found = place.diff(None, head, config=asked)
    assert metric(found, "roc_auc").problem == "roc_auc has no value: no row of the test set is '1'"
    assert (
        "income: no row of the test set is '1', and what needs both classes, such as an AUC, has no value"
        in (found.notes)
    )
    one_class = as_parquet(pl.read_parquet(predictions()).filter(pl.col("y_true") == 1))
    row = metric(place.diff(place.commit(predicted=one_class), base, config=asked), "roc_auc")
    assert row.verdict is MetricVerdict.NOT_COMPARABLE
    assert row.note == "roc_auc has no value on the rows that both have: no row of the test set is '0'"


def test_a_change_does_not_get_out_of_a_verdict_by_answering_little(place):
    shy = changed(y_pred=((pl.col("y_true") == 0) & (pl.col("id") < 50)).cast(pl.Int64))
    base, head = place.commit(), place.commit(predicted=shy, model="n")
    row = metric(place.diff(base, head, config=config(of("precision", may_drop=HALF))), "precision")
    assert row.verdict is MetricVerdict.REGRESSED
    row = metric(place.diff(head, base, config=config(of("precision", may_drop=HALF))), "precision")
    assert row.verdict is MetricVerdict.INSUFFICIENT


def test_classes_that_are_called_otherwise_are_not_compared(place):
    words = pl.col("y_true", "y_pred").replace_strict({0: "no", 1: "yes"})
    before = as_parquet(pl.read_parquet(predictions()).with_columns(words))
    words = pl.col("y_true", "y_pred").replace_strict({0: "no", 1: "yep"})
    now = as_parquet(pl.read_parquet(predictions()).with_columns(words))
    found = place.diff(place.commit(predicted=before), place.commit(predicted=now))
    told = "the classes are called otherwise: 'no' and 'yes' in the base, 'no' and 'yep' in this change"
    assert found.pairings[0].reason.startswith(told)
    assert metric(found).verdict is MetricVerdict.NOT_COMPARABLE


def test_a_class_that_is_predicted_and_never_true_is_told(place):
    asked = config(of("f1_macro"), task=Task.MULTICLASS, columns=Columns(score=None))
    text = pl.col("y_true", "y_pred").replace_strict({0: "cat", 1: "dog"})
    frame = pl.read_parquet(predictions()).with_columns(text)
    zebra = frame.with_columns(y_pred=pl.when(pl.col("id") < 3).then(pl.lit("zebra")).otherwise("y_pred"))
    found = place.diff(
        place.commit(predicted=as_parquet(frame)), place.commit(predicted=as_parquet(zebra)), config=asked
    )
    assert found.notes == ("income: 'zebra' is predicted in 3 rows and true in none",)


def test_a_metric_of_others_that_fails_on_resampled_rows_is_said_to_and_no_bug(place, monkeypatch):
    def fragile(one):
        return lambda weight: 1.0 if (weight == 1).all() else 1 // 0

    brought = Metric(
        name="fragile",
        title="Fragile",
        tasks=frozenset({Task.BINARY}),
        direction=Direction.HIGHER,
        arithmetic=OfRows(prepare=fragile),
    )
    monkeypatch.setattr(custom_metrics, "load", lambda name, kind: brought if name == "fragile" else None)
    asked = config(of("fragile", may_drop=HALF), of("accuracy"))
    found = place.diff(place.commit(), place.commit(predicted=predictions(seed=2)), config=asked)
    assert metric(found, "fragile").problem.startswith("fragile failed: ZeroDivisionError")
    assert metric(found, "accuracy").verdict is None
    assert metric(found, "accuracy").interval is not None


@pytest.mark.parametrize(("model", "certain"), [("m", True), ("trained anew", False)])
def test_only_one_file_makes_two_models_one_where_labels_are_alike(tmp_path, model, certain):
    """A hundred rows on which the labels are the same say little about the ones that were not drawn."""
    place, few = Place(tmp_path), predictions(rows=100)
    base, head = place.commit(predicted=few), place.commit(predicted=few, model=model, lr=0.2)
    found = metric(place.diff(base, head), "accuracy")
    assert found.difference == 0
    assert (found.interval.low == 0) is certain
    assert (found.interval.low < -0.03) is not certain
