"""The model gate: objectives with intervals, a dummy, slices; and whatever is missing is red."""

import polars as pl
import pytest
from msgspec.structs import replace
from sklearn.metrics import accuracy_score, roc_auc_score

from mlci.core.config import Direction, Judge, Objective, Task
from mlci.core.finding import Status
from tests.support.gate_room import by_subject, run_gate
from tests.support.predicted import INCOME, config, sampled, write

AUC = Objective(metric="roc_auc", model="income", at_least=0.8)


def asked(directory, people, *objectives, options="{}", model=INCOME):
    write(directory, people)
    return run_gate(directory, "model", options, config=config(*objectives, model=model))


def test_objectives_are_computed_from_predictions_as_scikit_learn_does(tmp_path):
    people = sampled(3000, seed=1)
    found = by_subject(
        asked(tmp_path, people, AUC, Objective(metric="accuracy", at_least=0.5)), "model.objective"
    )
    assert {each.status for each in found.values()} == {Status.PASS}
    assert found["income.roc_auc"].observed == pytest.approx(
        roc_auc_score(people["y_true"], people["y_score"])
    )
    assert found["income.accuracy"].observed == pytest.approx(
        accuracy_score(people["y_true"], people["y_pred"])
    )
    assert found["income.roc_auc"].interval.low < found["income.roc_auc"].observed
    assert found["income.roc_auc"].n == 3000


@pytest.mark.parametrize(
    ("limit", "judge", "status"),
    [
        (0.5, Judge.POINT, Status.PASS),
        (None, Judge.POINT, Status.WARN),
        (None, Judge.INTERVAL, Status.FAIL),
        (0.999, Judge.POINT, Status.FAIL),
    ],
)
def test_a_floor_fails_beyond_the_point_and_warns_where_the_interval_crosses(tmp_path, limit, judge, status):
    people = sampled(500, seed=2)
    value = roc_auc_score(people["y_true"], people["y_score"])
    floor = replace(AUC, at_least=limit or value - 0.001, judge=judge)
    found = by_subject(asked(tmp_path, people, floor), "model.objective")
    assert found["income.roc_auc"].status is status


@pytest.mark.parametrize(
    ("content", "status"),
    [
        ('{"serve": {"p95": 40}}', Status.PASS),
        ('{"serve": {"p95": 60}}', Status.FAIL),
        ('{"serve": {"p95": NaN}}', Status.ERROR),
        ('{"serve": {"p95": Infinity}}', Status.ERROR),
        ('{"serve": {"p95": null}}', Status.ERROR),
        ('{"serve": {"p95": true}}', Status.ERROR),
        ('{"serve": {"p95": "40"}}', Status.ERROR),
        ('{"serve": {}}', Status.ERROR),
        ("{}", Status.ERROR),
        ("[]", Status.ERROR),
        ("", Status.ERROR),
        ("{", Status.ERROR),
        ("[" * 100_000, Status.ERROR),
        ("\ufeff{}", Status.ERROR),
        (None, Status.ERROR),
    ],
)
def test_a_declared_metric_that_is_not_a_finite_number_is_red(tmp_path, content, status):
    if content is not None:
        (tmp_path / "metrics.json").write_text(content, encoding="utf-8")
    latency = Objective(metric="p95", source="metrics.json#/serve/p95", direction=Direction.LOWER, at_most=50)
    found = run_gate(tmp_path, "model", "{}", config=replace(config(latency), models={}))
    assert by_subject(found, "model.objective")["p95"].status is status


def test_a_model_that_beats_no_dummy_fails(tmp_path):
    people = sampled(2000, seed=3)
    shuffled = people.with_columns(pl.col("y_score", "y_pred").shuffle(seed=1))
    good = by_subject(asked(tmp_path, people, AUC), "model.beats_dummy")["income"]
    assert (good.status, round(good.observed, 1)) == (Status.PASS, 0.4)
    upside_down = people.with_columns(y_score=1 - pl.col("y_score"), y_pred=1 - pl.col("y_pred"))
    assert by_subject(asked(tmp_path, upside_down), "model.beats_dummy")["income"].status is Status.FAIL
    random = by_subject(asked(tmp_path, shuffled), "model.beats_dummy")["income"]
    assert random.status in (Status.WARN, Status.FAIL)


def test_slices_are_measured_apart_and_small_ones_are_listed(tmp_path):
    people = sampled(2000, seed=4).with_columns(
        pl.when(pl.col("id") < 50).then(pl.lit("west")).otherwise(pl.col("region")).alias("region")
    )
    options = "{slices: [region, [sex, age_band]]}"
    found = by_subject(asked(tmp_path, people, AUC, options=options), "model.slice")
    assert found["income.region=west"].status is Status.SKIP
    assert "insufficient" in found["income.region=west"].message
    north = people.filter(pl.col("region") == "north")
    assert found["income.region=north.roc_auc"].observed == pytest.approx(
        roc_auc_score(north["y_true"], north["y_score"])
    )
    assert "income.sex=F,age_band=51+.roc_auc" in found


def test_columns_that_make_too_many_groups_together_are_told(tmp_path):
    many = {f"c{each}": (pl.col("id") * (each + 1)) % 97 for each in range(10)}
    people = sampled(2000, seed=4).with_columns(**many)
    options = f"{{slices: [[{', '.join(many)}]]}}"
    found = by_subject(asked(tmp_path, people, AUC, options=options), "model.readable")["income"]
    assert found.status is Status.PASS
    options = "{slices: [[c0, age_band]]}"
    found = by_subject(asked(tmp_path, people, AUC, options=options), "model.readable")["income"]
    assert found.status is Status.ERROR
    assert found.message.startswith("columns c0,age_band together have 291 groups, more than the 100 groups")


def test_of_a_slice_each_metric_asks_for_what_it_rests_on(tmp_path):
    people = sampled(2000, seed=4)
    rare = (pl.col("region") == "north") & (pl.col("y_true") == 1) & (pl.col("id") >= 100)
    people = people.with_columns(y_true=pl.when(rare).then(0).otherwise("y_true"))
    accuracy = Objective(metric="accuracy", model="income")
    found = by_subject(asked(tmp_path, people, AUC, accuracy, options="{slices: [region]}"), "model.slice")
    assert found["income.region=north.accuracy"].status is Status.PASS
    assert found["income.region=north.roc_auc"].status is Status.SKIP
    assert "insufficient: at least 30 of each are needed" in found["income.region=north.roc_auc"].message
    assert "income.region=north" not in found


def test_a_metric_that_cannot_be_computed_leaves_the_others(tmp_path):
    people = sampled(800, seed=4).with_columns(y_score=pl.col("y_score") * 100)
    loss = Objective(metric="log_loss", model="income", at_most=1.0)
    outcome = asked(tmp_path, people, loss, AUC, options="{calibration: {at_most: 0.1}, slices: [sex]}")
    found = by_subject(outcome, "model.objective")
    assert found["income.log_loss"].status is Status.ERROR
    assert "no probabilities" in found["income.log_loss"].message
    assert found["income.roc_auc"].status is Status.PASS
    assert by_subject(outcome, "model.calibration")["income.ece"].status is Status.ERROR
    assert by_subject(outcome, "model.beats_dummy")["income"].status is Status.ERROR
    assert by_subject(outcome, "model.slice")["income.sex=F.roc_auc"].status is Status.PASS
    assert [each.status for each in by_subject(outcome, "model.readable").values()] == [Status.PASS]


def test_a_floor_holds_in_every_slice(tmp_path):
    people = sampled(4000, seed=5, missed=0.9)
    options = "{slices: [sex], slice_floors: {recall: 0.5}}"
    found = by_subject(asked(tmp_path, people, options=options), "model.slice")
    assert found["income.sex=F.recall"].status is Status.FAIL
    assert found["income.sex=M.recall"].status is Status.PASS


def test_scores_that_are_no_probabilities_fail_calibration(tmp_path):
    options = "{calibration: {at_most: 0.01}, beats_dummy: false}"
    found = by_subject(asked(tmp_path, sampled(3000, seed=6), options=options), "model.calibration")
    assert found["income.ece"].status is Status.FAIL


def test_regression_is_tested_too(tmp_path):
    people = sampled(300, seed=7).with_columns(
        y_true=pl.col("y_score") * 2, y_pred=pl.col("y_score") * 2 + 0.01
    )
    model = replace(INCOME, task=Task.REGRESSION)
    objective = Objective(metric="rmse", at_most=0.1)
    found = asked(tmp_path, people, objective, options="{slices: [sex]}", model=model)
    assert {each.status for each in found.findings} == {Status.PASS}


@pytest.mark.parametrize(
    "damage",
    [
        lambda people: people.head(0),
        lambda people: people.drop("y_true"),
        lambda people: people.with_columns(id=pl.lit(1)),
        lambda people: people.with_columns(y_score=pl.lit(float("nan"))),
        lambda people: people.with_columns(y_pred=None),
    ],
    ids=["no rows", "no truth", "ids twice", "score is NaN", "no label"],
)
def test_predictions_that_cannot_be_believed_are_red(tmp_path, damage):
    found = asked(tmp_path, damage(sampled(300, seed=8)), AUC)
    assert [(each.check, each.status) for each in found.findings] == [("model.readable", Status.ERROR)]


def test_an_unknown_metric_is_red(tmp_path):
    found = asked(tmp_path, sampled(300, seed=9), replace(AUC, metric="rocauc"))
    assert Status.ERROR in {each.status for each in found.findings}


def test_predictions_of_one_class_have_no_area_and_fail(tmp_path):
    found = asked(tmp_path, sampled(300, seed=10).with_columns(y_true=pl.lit(1)), AUC)
    objective = by_subject(found, "model.objective")["income.roc_auc"]
    assert (objective.status, objective.observed) == (Status.FAIL, None)


def test_the_evidence_holds_what_the_model_takes_and_says(tmp_path):
    found = asked(tmp_path, sampled(300, seed=3), AUC)
    takes = {"age_band": "text", "region": "text", "sex": "text"}
    assert found.figures["signatures"] == {"income": {"takes": takes, "predicts": ["0", "1"]}}
    assert [each.path for each in found.inputs] == [INCOME.predictions, INCOME.test]


def test_without_test_rows_no_signature_is_made_up(tmp_path):
    found = asked(tmp_path, sampled(300, seed=3), AUC, model=replace(INCOME, test=None))
    assert found.figures["signatures"] == {}


def test_the_calibration_of_probabilities_is_kept_for_the_report(tmp_path):
    people = sampled(800, seed=4)
    bins = asked(tmp_path, people, AUC).figures["calibration"]["income"]
    assert sum(each["rows"] for each in bins) == 800
    odds = people.with_columns(y_score=pl.col("y_score") * 20 - 10)
    assert asked(tmp_path, odds, AUC).figures["calibration"] == {}
    assert asked(tmp_path, people.drop("y_score")).figures["calibration"] == {}
