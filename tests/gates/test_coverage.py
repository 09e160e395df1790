"""Whether a model answered for its whole test set: what is left out is red, and never goes unsaid."""

import numpy as np
import polars as pl
import pytest
from msgspec.structs import replace

from mlci.core.config import Columns, Objective, ReportSettings, Rows, Task
from mlci.core.finding import Status, Verdict, verdict_of
from tests.support.gate_room import by_subject, run_gate
from tests.support.predicted import INCOME, config, sampled, write

AUC = Objective(metric="roc_auc", model="income", at_least=0.8)
COUNTS, SAMPLES = ReportSettings(), ReportSettings(rows=Rows.SAMPLES)


@pytest.fixture
def people(tmp_path):
    people = sampled(1200, seed=1)
    write(tmp_path, people)
    return people


def asked(directory, *, model=INCOME, report=COUNTS):
    return run_gate(directory, "model", "{}", config=replace(config(AUC, model=model), report=report))


def covered(directory, **more):
    return by_subject(asked(directory, **more), "model.coverage")["income"]


def rewrite(path, change):
    change(pl.read_parquet(path)).write_parquet(path)


def test_a_prediction_for_every_row_passes(tmp_path, people):
    found = covered(tmp_path)
    assert (found.status, found.n, found.help) == (Status.PASS, 1200, None)
    assert found.message == "each of 1,200 rows of test.parquet has its prediction"


def test_rows_that_were_left_out_are_red(tmp_path, people):
    rewrite(tmp_path / "predictions.parquet", lambda rows: rows.head(300))
    outcome = asked(tmp_path)
    assert verdict_of(outcome.findings) is Verdict.FAILED
    assert [each.check for each in outcome.findings if each.blocks] == ["model.coverage"]
    found = by_subject(outcome, "model.coverage")["income"]
    assert (found.status, found.observed, found.n) == (Status.FAIL, 900, 1200)
    assert found.message == "no prediction for 900 of 1,200 rows of test.parquet"
    assert "the stage that writes predictions.parquet predict exactly the rows of test.parquet" in found.help


LACKING, STRANGE = "no prediction for {} rows of test.parquet", "no row in test.parquet for {} predictions"


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        (lambda rows: rows.filter(pl.col("id") != 7), (STRANGE.format("1 of 1,200") + " ('7')",)),
        (
            lambda rows: rows.with_columns(pl.col("id") + 2),
            (
                LACKING.format("2 of 1,200") + " ('1200', '1201')",
                STRANGE.format("2 of 1,200") + " ('0', '1')",
            ),
        ),
        (
            lambda rows: pl.concat([rows, rows.filter(pl.col("id") < 3)]),
            ("no id of its own for 6 of 1,203 rows of test.parquet ('0', '1', '2')",),
        ),
        (
            lambda rows: rows.with_columns(id=pl.when(pl.col("id") != 7).then(pl.col("id"))),
            (STRANGE.format("1 of 1,200") + " ('7')", "no id of its own for 1 of 1,200 rows of test.parquet"),
        ),
        (lambda rows: rows.head(0), (STRANGE.format("1,200 of 1,200") + " ('0', '1', '2', …)",)),
    ],
    ids=["one too many", "others", "ids twice", "an id missing", "no test rows"],
)
def test_what_does_not_meet_is_counted_and_named(tmp_path, people, change, messages):
    rewrite(tmp_path / "test.parquet", change)
    found = covered(tmp_path, report=SAMPLES)
    assert found.status is Status.FAIL
    assert found.message == "; ".join(messages)
    assert found.help


@pytest.mark.parametrize(("report", "shown"), [(COUNTS, False), (SAMPLES, True)])
def test_ids_may_be_personal_and_are_shown_only_where_that_is_allowed(tmp_path, report, shown):
    named = sampled(300, seed=2).with_columns(id=pl.format("ann{}@example.org", "id"))
    write(tmp_path, named)
    rewrite(tmp_path / "predictions.parquet", lambda rows: rows.head(298))
    found = covered(tmp_path, report=report)
    assert found.status is Status.FAIL
    assert ("'ann298@example.org', 'ann299@example.org'" in found.message) is shown
    assert ("ann" in str(found)) is shown


@pytest.mark.parametrize("text", [False, True], ids=["numbers", "text"])
@pytest.mark.parametrize("predicted", ["predictions.parquet", "predictions.csv", "predictions.jsonl"])
@pytest.mark.parametrize("test", ["test.parquet", "test.csv", "test.tsv"])
@pytest.mark.parametrize("floats", [False, True], ids=["whole", "with a point"])
def test_formats_with_types_and_without_agree(tmp_path, predicted, test, text, floats):
    frame = sampled(100, seed=3)
    ours = frame.with_columns(pl.col("id").cast(pl.String) if text else pl.col("id"))
    theirs = frame.with_columns(pl.col("id").cast(pl.Float64 if floats else pl.Int32))
    stored(tmp_path / predicted, ours.select("id", "y_true", "y_pred", "y_score"))
    stored(tmp_path / test, theirs.drop("y_true", "y_pred", "y_score"))
    found = covered(tmp_path, model=replace(INCOME, predictions=predicted, test=test))
    assert found.status is Status.PASS, found.message


def stored(path, frame):
    match path.suffix:
        case ".parquet":
            frame.write_parquet(path)
        case ".jsonl":
            frame.write_ndjson(path)
        case _:
            frame.write_csv(path, separator="\t" if path.suffix == ".tsv" else ",")


def test_leading_zeros_make_another_id(tmp_path):
    frame = sampled(100, seed=3)
    stored(tmp_path / "p.parquet", frame.select("id", "y_true", "y_pred", "y_score"))
    padded = frame.select(pl.col("id").cast(pl.String).str.zfill(5), "sex")
    stored(tmp_path / "test.csv", padded)
    model = replace(INCOME, predictions="p.parquet", test="test.csv")
    found = covered(tmp_path, model=model)
    assert (found.status, found.observed) == (Status.FAIL, 100)
    assert "`007` is another id than 7" in found.help
    stored(tmp_path / "p.csv", padded.with_columns(frame["y_true"], frame["y_pred"], frame["y_score"]))
    assert covered(tmp_path, model=replace(model, predictions="p.csv")).status is Status.PASS


@pytest.mark.parametrize(("predicted", "status"), [(1200, Status.PASS), (1199, Status.FAIL)])
def test_without_ids_the_rows_are_counted_and_it_is_said(tmp_path, people, predicted, status):
    rewrite(tmp_path / "test.parquet", lambda rows: rows.drop("id"))
    rewrite(tmp_path / "predictions.parquet", lambda rows: rows.head(predicted))
    found = covered(tmp_path)
    assert found.status is status
    assert found.message == (
        f"{predicted:,} predictions for 1,200 rows of test.parquet; only counted, for test.parquet has no "
        "column 'id'"
    )


def test_a_column_that_is_named_must_be_there(tmp_path, people):
    rewrite(tmp_path / "predictions.parquet", lambda rows: rows.rename({"id": "key"}))
    found = covered(tmp_path, model=replace(INCOME, columns=Columns(id="key")))
    assert (found.status, "no column 'key'" in found.message) == (Status.ERROR, True)
    rewrite(tmp_path / "test.parquet", lambda rows: rows.rename({"id": "key"}))
    assert covered(tmp_path, model=replace(INCOME, columns=Columns(id="key"))).status is Status.PASS


def test_without_a_test_set_nothing_is_checked_and_it_is_said(tmp_path, people):
    found = covered(tmp_path, model=replace(INCOME, test=None))
    assert (found.status, "not checked" in found.message) == (Status.SKIP, True)
    assert "`test:`" in found.help


@pytest.mark.parametrize(
    ("path", "content"),
    [("gone.parquet", None), ("test.csv", b""), ("broken.parquet", b"PAR1"), ("test.csv.gz", b"\x1f\x8b"),
     ("../out.csv", b"id\n1\n")],
)  # fmt: skip
def test_a_test_set_that_cannot_be_read_is_red(tmp_path, content, path):
    inside = tmp_path / "project"
    inside.mkdir()
    write(inside, sampled(300, seed=1))
    if content is not None:
        (inside / path).write_bytes(content)
    found = covered(inside, model=replace(INCOME, test=path))
    assert found.status is Status.ERROR
    assert found.help


def test_each_model_answers_for_its_own(tmp_path, people):
    rewrite(tmp_path / "predictions.parquet", lambda rows: rows.head(900))
    people.select("id", "y_true", "y_pred", "y_score").write_parquet(tmp_path / "other.parquet")
    other = replace(INCOME, name="other", predictions="other.parquet")
    both = replace(config(AUC), models={"income": INCOME, "other": other})
    found = by_subject(run_gate(tmp_path, "model", "{}", config=both), "model.coverage")
    assert {name: each.status for name, each in found.items()} == {
        "income": Status.FAIL,
        "other": Status.PASS,
    }


def test_weights_and_clusters_leave_no_row_out(tmp_path, people):
    model = replace(INCOME, columns=Columns(weight="w", cluster="c"))
    rewrite(
        tmp_path / "predictions.parquet",
        lambda rows: rows.with_columns(w=np.where(rows["id"] < 600, 0.0, 1.0), c=rows["id"] // 4),
    )
    assert covered(tmp_path, model=model).status is Status.PASS


def labelled(directory, people, *, model=INCOME, **truth):
    """The finding where the test set has a truth too, the predictions perhaps another."""
    write(directory, people)
    answers = people.select("id", y_true=truth["test"]).sample(fraction=1.0, shuffle=True, seed=3)
    answers.write_parquet(directory / "test.parquet")
    rewrite(directory / "predictions.parquet", lambda rows: rows.with_columns(y_true=truth["said"]))
    return covered(directory, model=model)


TRUTH, FEW = pl.col("y_true"), pl.col("id") < 12
WORDS = TRUTH.replace_strict({0: "no", 1: "yes"})


@pytest.mark.parametrize(
    ("test", "said", "status", "message"),
    [
        (TRUTH, TRUTH, Status.PASS, "has its prediction, with the truth that stands there"),
        (TRUTH == 1, TRUTH.cast(pl.Float64), Status.PASS, "with the truth that stands there"),
        (WORDS, TRUTH, Status.PASS, "with the truth that stands there"),
        (pl.when(FEW).then(None).otherwise(TRUTH), TRUTH, Status.PASS, "with the truth that stands there"),
        (
            TRUTH,
            pl.when(FEW).then(1 - TRUTH).otherwise(TRUTH),
            Status.FAIL,
            "12 of 1,200 rows of test.parquet have another 'y_true' in the predictions",
        ),
        (WORDS, pl.when(FEW).then(1 - TRUTH).otherwise(TRUTH), Status.FAIL, "12 of 1,200 rows"),
        (TRUTH, 1 - TRUTH, Status.WARN, "its 'y_true' is written otherwise there"),
        (TRUTH + 2 * (pl.col("id") % 2), TRUTH, Status.WARN, "so that truth was not compared"),
    ],
)
def test_the_truth_is_the_test_sets_and_not_the_stages_own_word(tmp_path, test, said, status, message):
    found = labelled(tmp_path, sampled(1200, seed=1), test=test, said=said)
    assert found.status is status
    assert message in found.message


@pytest.mark.parametrize(
    ("said", "status"),
    [
        (pl.col("y_score").cast(pl.Float32), Status.PASS),
        (pl.when(FEW).then(1.0).otherwise("y_score"), Status.FAIL),
        (pl.col("y_score") * 2 + 1, Status.WARN),
    ],
)
def test_numbers_may_be_written_shorter_and_are_no_others(tmp_path, said, status):
    numbers = sampled(1200, seed=1).with_columns(y_true=pl.col("y_score") + 0.1, y_pred=pl.col("y_score"))
    model = replace(INCOME, task=Task.REGRESSION)
    found = labelled(tmp_path, numbers, test=pl.col("y_score"), said=said, model=model)
    assert found.status is status
    assert found.observed == (12 if status is Status.FAIL else None)
