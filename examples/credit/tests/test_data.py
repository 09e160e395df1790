import numpy as np
import polars as pl
import pytest

from credit.generate import MISSING, generate
from credit.prepare import prepare


def draw(*, rows=5000, disparity=0.0):
    return generate(seed=1, rows=rows, disparity=disparity)


def bureau_score(applications, sex):
    return applications.filter(pl.col("sex") == sex)["bureau_score"].mean()


def test_the_same_seed_draws_the_same_applications():
    assert draw().equals(draw())


@pytest.mark.parametrize("column", MISSING)
def test_as_much_is_missing_as_was_asked_for(column):
    assert draw()[column].null_count() / 5000 == pytest.approx(MISSING[column], abs=0.015)


def test_the_disparity_changes_what_the_bureau_says_of_women_and_nothing_else():
    fair, unfair = draw(), draw(disparity=0.6)
    assert bureau_score(fair, "female") - bureau_score(unfair, "female") == pytest.approx(54, abs=1)
    assert bureau_score(fair, "male") == bureau_score(unfair, "male")
    assert fair.drop("bureau_score").equals(unfair.drop("bureau_score"))


def test_an_application_never_changes_sides():
    few, many = (prepare(draw(rows=rows), test_share=0.4)[1]["id"] for rows in (1000, 2000))
    assert set(few) == {each for each in many if int(each[1:]) < 1000}


def test_every_age_has_its_band():
    train, _ = prepare(draw(), test_share=0.4)
    starts = train.group_by("age_band").agg(pl.col("age").min()).sort("age")
    assert starts.rows() == [("18-29", 18), ("30-44", 30), ("45-59", 45), ("60+", 60)]
    assert np.isin(train["age"].to_numpy(), range(18, 80)).all()
