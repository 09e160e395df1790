"""The bias gate: its numbers are fairlearn's, its verdicts are careful, and its bad inputs are answers."""

import fairlearn.metrics as peers
import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace

from mlci.core.config import Model, Task
from mlci.core.finding import Status
from tests.support.gate_room import by_subject, run_gate
from tests.support.predicted import INCOME, config, sampled, write

EQUAL = "bias.equal_opportunity_difference"
OPTIONS = "{sensitive: [sex, age_band]}"


def asked(directory, people, options=OPTIONS, model=INCOME):
    write(directory, people)
    return run_gate(directory, "bias", options, config=config(model=model))


def beside(people, mask, function, **more):
    return function(
        people["y_true"].to_numpy(), people["y_pred"].to_numpy(), sensitive_features=mask.to_numpy(), **more
    )


def test_point_values_are_those_of_fairlearn(tmp_path):
    people = sampled(4000, seed=1, missed=0.2)
    options = """{sensitive: [sex, age_band], intersections: [[sex, age_band]],
        demographic_parity_difference: 0.1, demographic_parity_ratio: 0.8,
        false_positive_rate_difference: 0.1}"""
    found = asked(tmp_path, people, options)
    assert abs(by_subject(found, EQUAL)["income.sex=F"].observed) == pytest.approx(
        beside(people, people["sex"], peers.equal_opportunity_difference), abs=1e-12
    )
    both = people["sex"] + people["age_band"]
    for label, mask in (
        ("sex=F", people["sex"] == "F"),
        ("age_band=51+", people["age_band"] == "51+"),
        ("sex=F,age_band=31-50", both == "F31-50"),
    ):
        for check, function in (
            (EQUAL, peers.equal_opportunity_difference),
            ("bias.demographic_parity_difference", peers.demographic_parity_difference),
        ):
            finding = by_subject(found, check).get(f"income.{label}")
            if finding:
                assert abs(finding.observed) == pytest.approx(beside(people, mask, function), abs=1e-12)
    ratios = by_subject(found, "bias.demographic_parity_ratio")
    ratio = ratios["income.age_band=51+"].observed
    assert min(ratio, 1 / ratio) == pytest.approx(
        beside(people, people["age_band"] == "51+", peers.demographic_parity_ratio), abs=1e-12
    )


def test_a_planted_disparity_fails_and_names_the_group_that_is_worse_off(tmp_path):
    found = by_subject(asked(tmp_path, sampled(6000, seed=2, missed=0.3)), EQUAL)
    assert found["income.sex=F"].status is Status.FAIL
    assert found["income.sex=F"].interval.high < -0.1
    assert "income.sex=M" not in found
    assert {each.status for label, each in found.items() if "age" in label} == {Status.PASS}


def test_fair_groups_that_are_large_enough_pass(tmp_path):
    found = by_subject(asked(tmp_path, sampled(20_000, seed=3)), EQUAL)
    assert {each.status for each in found.values()} == {Status.PASS}


def test_what_is_not_sure_warns_and_says_so(tmp_path):
    found = by_subject(asked(tmp_path, sampled(600, seed=4, missed=0.15), "{sensitive: [sex]}"), EQUAL)
    assert found["income.sex=F"].status is Status.WARN
    assert "inconclusive" in found["income.sex=F"].message


def test_a_small_group_is_listed_as_insufficient_and_never_counted_as_fair(tmp_path):
    people = sampled(5000, seed=5).with_columns(
        pl.when(pl.col("id") < 40).then(pl.lit("X")).otherwise(pl.col("sex")).alias("sex")
    )
    small = by_subject(asked(tmp_path, people), EQUAL)["income.sex=X"]
    assert small.status is Status.WARN
    assert "insufficient" in small.message
    assert small.n == 40


def test_fair_groups_are_seldom_accused_however_many_there_are(tmp_path):
    """Forty equal groups: point values differ by more than 0.1 in most runs, Holm accuses in almost none."""
    rng = np.random.default_rng(6)
    people = sampled(40 * 150, seed=6).with_columns(
        pl.Series("sex", rng.integers(0, 40, 40 * 150).astype(str))
    )
    found = by_subject(asked(tmp_path, people, "{sensitive: [sex]}"), EQUAL).values()
    assert max(abs(each.observed or 0) for each in found) > 0.1
    assert Status.FAIL not in {each.status for each in found}


def test_missing_values_are_a_group_of_their_own(tmp_path):
    people = sampled(3000, seed=7).with_columns(
        pl.when(pl.col("id") % 5 == 0).then(None).otherwise(pl.col("sex")).alias("sex")
    )
    assert "income.sex=(missing)" in by_subject(asked(tmp_path, people), EQUAL)


def test_one_group_alone_warns(tmp_path):
    people = sampled(500, seed=8).with_columns(sex=pl.lit("F"))
    assert by_subject(asked(tmp_path, people), EQUAL)["income.sex=F"].status is Status.WARN


def test_a_project_without_a_binary_model_is_told_so(tmp_path):
    model = Model(name="price", path="m", task=Task.REGRESSION)
    (found,) = run_gate(tmp_path, "bias", OPTIONS, config=config(model=model)).findings
    assert found.status is Status.SKIP


@pytest.mark.parametrize(
    "damage",
    [
        lambda people: (people, people.drop("sex")),
        lambda people: (people, people.head(10)),
        lambda people: (people, people.head(0)),
        lambda people: (people, pl.concat([people, people])),
        lambda people: (people.head(0), people),
        lambda people: (people.with_columns(y_pred=None), people),
        lambda people: (people.drop("y_true"), people),
        lambda people: (people, people.with_columns(sex=pl.col("id").cast(pl.String))),
    ],
    ids=[
        *("no column", "ids without rows", "no rows", "ids twice"),
        *("no predictions", "no label", "no truth", "too many groups"),
    ],
)
def test_what_cannot_be_read_or_joined_is_one_red_answer(tmp_path, damage):
    predictions, rows = damage(sampled(300, seed=9))
    predictions.drop("sex", "age_band", "region", strict=False).write_parquet(
        tmp_path / "predictions.parquet"
    )
    rows.write_parquet(tmp_path / "test.parquet")
    (found,) = run_gate(tmp_path, "bias", OPTIONS, config=config()).findings
    assert (found.check, found.status) == ("bias.readable", Status.ERROR)
    assert found.help


def test_people_whom_the_predictions_leave_out_are_red(tmp_path):
    people = sampled(4000, seed=1)
    whole = by_subject(asked(tmp_path, people), "bias.coverage")["income"]
    assert (whole.status, whole.n) == (Status.PASS, 4000)
    kept = people.filter(pl.col("age_band") != "51+")
    kept.select("id", "y_true", "y_pred", "y_score").write_parquet(tmp_path / "predictions.parquet")
    found = run_gate(tmp_path, "bias", OPTIONS, config=config(model=INCOME))
    assert by_subject(found, "bias.coverage")["income"].observed == 4000 - len(kept)
    assert [each.check for each in found.findings if each.blocks] == ["bias.coverage"]


def test_clusters_are_told_and_count_once(tmp_path):
    people = sampled(4000, seed=1).with_columns(y_person=pl.col("id") // 10)
    model = replace(INCOME, columns=replace(INCOME.columns, cluster="y_person"))
    found = asked(tmp_path, people, "{sensitive: [sex]}", model=model)
    told = by_subject(found, "bias.readable")["income"]
    assert told.message.endswith(
        "4000 predictions of income have their groups; with their weights and "
        "clusters they are worth 400 rows"
    )
    counted = found.figures["income"]["sex"]["sex=F"]
    assert counted["true_positive"] + counted["false_negative"] > 700
    assert sum(each.n for each in by_subject(found, EQUAL).values()) < 200
