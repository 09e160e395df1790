"""A changed test set: base's model is asked again, in the user's environment, or the reason is told."""

import polars as pl
import pytest
from msgspec.structs import replace

from mlci.core.diff import MetricVerdict, Occasion
from tests.app.test_diff import CONFIG, INCOME, Place, as_parquet, metric, predictions
from tests.support.decided import blocks

LOADED = replace(CONFIG, models={"income": replace(INCOME, test="test.csv", load="credit.predict:load")})
PREDICT = """
class Model:
    classes_ = [0, 1]
    def __init__(self, skill):
        self.skill = skill
    def predict(self, rows):
        assert "y_true" not in rows[0], "the answers were shown"
        return [int(row["lucky"] < self.skill) ^ row["hint"] ^ 1 for row in rows]
    def predict_proba(self, rows):
        return [[0.8 - 0.6 * label, 0.2 + 0.6 * label] for label in self.predict(rows)]
def load(path):
    return Model(float(open(path).read()))
"""


@pytest.fixture
def place(tmp_path):
    place = Place(tmp_path)
    # A table library of the user's would be slow to start: without one, the runner reads CSV itself.
    place.story.write({"credit/predict.py": PREDICT, "pandas.py": "raise ImportError"})
    return place


def features(predicted, *, skill):
    """Test rows from which a model of the test can make its predictions."""
    import io

    frame = pl.read_parquet(io.BytesIO(predicted))
    right = (frame["y_true"] == frame["y_pred"]).to_list()
    lines = ["id,lucky,hint,y_true"]
    for one, truth, hit in zip(frame["id"], frame["y_true"], right, strict=True):
        lines.append(f"{one},{0.1 if hit else (skill + 1) / 2},{truth},{truth}")
    return "\n".join(lines)


def other_rows(place):
    """A base of one test set, and a head whose rows are others; base is exactly as good on those."""
    base = place.commit(model="0.7")
    now = predictions(start=5_000, skill=0.8, seed=3)
    place.story.write({"test.csv": features(predictions(start=5_000), skill=0.7)})
    return base, place.commit(predicted=now, model="0.8")


def test_the_base_is_scored_on_the_new_rows(place):
    base, head = other_rows(place)
    found = place.diff(base, head, config=LOADED)
    (pairing,) = found.pairings
    assert (pairing.rescored, pairing.rows, pairing.base_rows) == (True, 1_000, 1_000)
    row = metric(found)
    assert row.verdict is MetricVerdict.IMPROVED
    same = place.diff(
        place.commit(predicted=predictions()), place.commit(predicted=predictions(skill=0.8, seed=3))
    )
    assert row.difference == metric(same).difference
    assert row.interval == metric(same).interval
    assert "loaded by the `load:` of the work tree" in found.notes[0]


def test_ids_with_leading_zeros_are_found_again(place):
    base = place.commit(model="0.7")
    padded = pl.col("id").cast(pl.String).str.zfill(8)
    now = pl.read_parquet(predictions(start=5_000, skill=0.8, seed=3)).with_columns(id=padded)
    rows = predictions(start=5_000)
    place.story.write({"test.csv": features(rows, skill=0.7).replace("\n", "\n0000")})
    (pairing,) = place.diff(base, place.commit(predicted=as_parquet(now)), config=LOADED).pairings
    assert (pairing.rescored, pairing.rows) == (True, 1_000)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"credit/predict.py": "def load(path): raise ValueError('too old')"}, "ValueError: too old"),
        (
            {"credit/predict.py": PREDICT.replace("return [int", "return [] and [int")},
            "0 predictions for 1000",
        ),
        ({"test.csv": "id,lucky,hint\n1,0.1,0\n"}, "an id that is not in the answers"),
        ({"test.csv": ""}, "cannot be asked again"),
    ],
)
def test_a_base_that_cannot_be_scored_is_not_comparable(place, broken, says):
    base, _ = other_rows(place)
    place.story.write(broken)
    head = place.commit(predicted=predictions(start=5_000))
    row = metric(place.diff(base, head, config=LOADED))
    assert row.verdict is MetricVerdict.NOT_COMPARABLE
    assert "0 of 1,000 (base) and 1,000 (head) ids are common" in row.note
    assert says in row.note
    assert not blocks(row, Occasion.PULL_REQUEST)
    assert blocks(row, Occasion.PROMOTION)


def test_without_load_it_is_said_what_to_declare(place):
    base, head = other_rows(place)
    assert "it declares no `load:`" in metric(place.diff(base, head)).note


def test_a_model_that_is_gone_is_said_to_be(place):
    base, head = other_rows(place)
    for each in place.cache.path.rglob("*"):
        if each.is_file() and each.read_bytes() == b"0.7":
            each.unlink()
    assert "its models/income.skops cannot be had" in metric(place.diff(base, head, config=LOADED)).note
