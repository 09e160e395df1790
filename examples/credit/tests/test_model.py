import polars as pl
import pytest

from credit.artifact import load, save
from credit.columns import FEATURES, PROTECTED
from credit.generate import generate
from credit.predict import Model
from credit.prepare import prepare
from credit.train import train

SETTINGS = {"seed": 7, "learning_rate": 0.1, "max_iter": 20}


@pytest.fixture(scope="module")
def rows() -> pl.DataFrame:
    return prepare(generate(seed=1, rows=3000, disparity=0.0), test_share=0.4)[0]


@pytest.fixture(scope="module")
def pipeline(rows):
    return train(rows, **SETTINGS)


def test_equal_models_are_equal_bytes(rows, pipeline, tmp_path):
    one, other = tmp_path / "one.skops", tmp_path / "other.skops"
    save(pipeline, one)
    save(train(rows, **SETTINGS), other)
    assert one.read_bytes() == other.read_bytes()


def test_a_model_read_back_says_the_same(rows, pipeline, tmp_path):
    path = tmp_path / "model.skops"
    save(pipeline, path)
    same = load(path).predict_proba(rows.select(FEATURES)) == pipeline.predict_proba(rows.select(FEATURES))
    assert same.all()


def test_a_record_is_judged_as_the_table_is(rows, pipeline):
    model = Model(pipeline, threshold=0.5)
    first = rows.head(3)
    assert (model.predict_proba(first.to_dicts()) == model.predict_proba(first)).all()
    assert set(model.predict(first)) <= {0, 1}


def test_the_model_never_sees_what_is_protected():
    assert not set(PROTECTED) & set(FEATURES)
