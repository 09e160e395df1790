"""Predictions from columns: what is refused, what is read alike, and how two are paired by id."""

import numpy as np
import pytest
from msgspec.structs import replace

from mlci.core.config import Columns, Task
from mlci.core.measure.predictions import from_columns, pair, wanted
from mlci.errors import WorldError

COLUMNS = Columns()


def table(**columns):
    rows = {"id": ["c", "a", "b"], "y_true": [1, 0, 1], "y_pred": [1, 0, 0], "y_score": [0.9, 0.1, 0.4]}
    return {name: _array(values) for name, values in (rows | columns).items() if values is not None}


def _array(values):
    return np.array(values, dtype=object if any(isinstance(each, str | None) for each in values) else None)


def read(columns=COLUMNS, task=Task.BINARY, **values):
    return from_columns(table(**values), columns, task, "predictions.parquet")


def test_rows_come_sorted_by_id():
    one = read()
    assert list(one.ids) == ["a", "b", "c"]
    assert list(one.truth) == [0, 1, 1]
    assert list(one.scores) == [0.1, 0.4, 0.9]


@pytest.mark.parametrize(
    ("values", "message", "next_step"),
    [
        ({"id": ["a", "a", "b"]}, "holds 1 id more than once, the first of them in rows 1, 2", "its own"),
        (
            {"id": [8, 9, 9]},
            "column 'id' holds 1 id more than once, the first of them in rows 2, 3",
            "cluster",
        ),
        ({"id": ["a", None, "b"]}, "'id' is missing in 1 of 3 rows (row 2)", "copied from the test set"),
        (
            {"y_true": [1.0, np.nan, 0.0]},
            "'y_true' is missing in 1 of 3 rows (row 2)",
            "copied from the test",
        ),
        ({"y_score": [0.1, np.nan, 0.2]}, "'y_score' is missing or NaN in 1 of 3 rows (row 2)", "was fed"),
        ({"y_score": [0.1, None, 0.2]}, "'y_score' is missing or NaN in 1 of 3 rows (row 2)", "was fed"),
        ({"y_score": [0.1, np.inf, np.inf]}, "'y_score' is infinite in 2 of 3 rows (rows 2, 3)", "was fed"),
        ({"y_score": ["a", "b", "c"]}, "not a number", "write numbers"),
        ({"y_pred": None}, "no column 'y_pred'; there are: id, y_score, y_true", "under `columns:`"),
        ({"y_pred": [0, 1]}, "different lengths", "every column"),
        ({"id": [], "y_true": [], "y_pred": [], "y_score": []}, "no rows", "each row of the test set"),
    ],
)
def test_what_no_metric_may_be_computed_from_is_refused(values, message, next_step):
    with pytest.raises(WorldError) as caught:
        read(**values)
    assert message in caught.value.message
    assert next_step in caught.value.help
    assert (caught.value.id, caught.value.where) == ("predictions-invalid", "predictions.parquet")


def test_of_many_bad_rows_the_first_are_named():
    score = np.full(2_000, 0.5)
    score[5:] = np.nan
    columns = {"id": np.arange(2_000), "y_true": np.arange(2_000) % 2, "y_pred": np.zeros(2_000)}
    with pytest.raises(WorldError, match=r"in 1,995 of 2,000 rows \(rows 6, 7, 8 and 1,992 more\)"):
        from_columns(columns | {"y_score": score}, COLUMNS, Task.BINARY, "p")


def test_an_id_that_stands_twice_is_told_by_row_and_not_by_name():
    with pytest.raises(WorldError) as caught:
        read(id=["ann@example.org", "b", "ann@example.org"])
    assert "ann" not in caught.value.message
    assert "rows 1, 3" in caught.value.message


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"y_pred": [0, 1, 2]}, "not 3: '0', '1', '2'; '2' in column 'y_pred' (row 3) is no true answer"),
        (
            {"y_pred": ["yes", "no", "no"]},
            "not 4: '0', '1', 'no', 'yes'; 'no' in column 'y_pred' (rows 2, 3)",
        ),
        ({"y_true": [0, 1, 2]}, "a binary task has two classes, not 3: '0', '1', '2'"),
    ],
)
def test_a_label_that_is_no_class_of_a_binary_task_is_named(values, message):
    with pytest.raises(WorldError) as caught:
        read(**values)
    assert message in caught.value.message
    assert "'y_pred' in the words of 'y_true'" in caught.value.help
    assert "`task: multiclass`" in caught.value.help


def test_cells_of_a_column_that_holds_no_classes_are_not_shown():
    rows = {"id": np.arange(50), "y_true": np.array([f"person {each}" for each in range(50)], dtype=object)}
    with pytest.raises(WorldError) as caught:
        from_columns(rows | {"y_pred": rows["y_true"]}, COLUMNS, Task.BINARY, "p")
    assert caught.value.message == "a binary task has two classes, not 50"


def test_nor_are_they_shown_for_want_of_a_score_column():
    people = np.array([f"Jane Doe {each}" for each in range(50)], dtype=object)
    rows = {"id": np.arange(50), "y_true": people, "y_pred": people, "p_a": np.zeros(50)}
    with pytest.raises(WorldError) as caught:
        from_columns(rows, Columns(score={"a": "p_a"}), Task.MULTICLASS, "p")
    said = "the class in column 'y_true' (row 1) has no score column; declared are 'a'"
    assert caught.value.message == said
    assert "Jane" not in caught.value.help


@pytest.mark.parametrize("column", ["weight", "truth"])
def test_a_number_that_the_model_did_not_say_is_not_blamed_on_it(column):
    columns = Columns(weight="w", score=None)
    rows = {"id": np.arange(3), "y_true": np.ones(3), "y_pred": np.ones(3), "w": np.ones(3)}
    rows["w" if column == "weight" else "y_true"] = np.array([1.0, np.nan, 1.0])
    with pytest.raises(WorldError) as caught:
        from_columns(rows, columns, Task.REGRESSION, "p")
    assert "(row 2)" in caught.value.message
    assert "was fed" not in caught.value.help


def test_weights_are_not_negative():
    with pytest.raises(WorldError, match="'y_score' is negative in 1 of 3 rows") as caught:
        read(Columns(weight="y_score", score=None), y_score=[1.0, -1.0, 1.0])
    assert "at least 0" in caught.value.help


def test_whole_numbers_are_the_same_ids_with_a_point_and_without():
    assert list(read(id=["3.0", "1.0", "2.0"]).ids) == ["1", "2", "3"]
    assert list(read(id=[3.0, 1.0, 2.0]).ids) == ["1", "2", "3"]
    assert list(read(id=[3e300, 1e300, 2e300]).ids) == ["1e+300", "2e+300", "3e+300"]
    assert list(read(id=["3.0", "1.5", "007"]).ids) == ["007", "1.5", "3.0"]


@pytest.mark.parametrize("truth", [[1, 0, 1], [1.0, 0.0, 1.0], [True, False, True], ["1", "0", "1"]])
def test_types_of_labels_do_not_matter(truth):
    assert list(read(y_true=truth).truth) == [0, 1, 1]


def test_the_greater_class_is_the_positive_one():
    one = read(y_true=["yes", "no", "yes"], y_pred=["yes", "no", "no"])
    assert one.classes == ("no", "yes")
    assert read(y_true=[10, 9, 10], y_pred=[9, 9, 9]).classes == ("9", "10")


def test_one_class_alone_keeps_its_place():
    assert list(read(y_true=[0, 0, 0], y_pred=[0, 0, 0]).truth) == [0, 0, 0]
    assert list(read(y_true=["ill"] * 3, y_pred=["ill"] * 3).truth) == [1, 1, 1]


def test_multiclass_scores_follow_their_classes():
    columns = Columns(score={"b": "p_b", "a": "p_a"})
    scores = {"y_score": None, "p_a": [0.1, 0.8, 0.7], "p_b": [0.9, 0.2, 0.3]}
    one = read(columns, Task.MULTICLASS, y_true=["b", "a", "b"], y_pred=["b", "a", "a"], **scores)
    assert one.classes == ("a", "b")
    assert one.scores.tolist() == [[0.8, 0.2], [0.7, 0.3], [0.1, 0.9]]
    with pytest.raises(WorldError) as caught:
        read(columns, Task.MULTICLASS, y_true=["b", "a", "b"], y_pred=["b", "z", "z"], **scores)
    said = "class 'z' in column 'y_pred' (rows 2, 3) has no score column; declared are 'a', 'b'"
    assert caught.value.message == said
    assert "`columns: score:`" in caught.value.help


def test_wanted_columns_are_those_that_are_named():
    columns = Columns(score={"a": "p_a", "b": "p_b"}, weight="w")
    assert wanted(columns) == ("id", "y_true", "y_pred", "p_a", "p_b", "w")


def many(rows, *, start=0, truth=None, text=False):
    ids = np.arange(start, start + rows)
    columns = {
        "id": np.array([str(each) for each in ids], dtype=object) if text else ids,
        "y_true": ids % 2 if truth is None else truth,
        "y_pred": np.ones(rows, dtype=int),
        "y_score": np.full(rows, 0.5),
    }
    return from_columns(columns, COLUMNS, Task.BINARY, "predictions.csv")


def test_file_order_does_not_matter():
    shuffled = np.random.default_rng(0).permutation(100)
    told, paired = pair("m", many(100), many(100).take(shuffled))
    assert told.comparable
    assert (paired.base.ids == paired.head.ids).all()
    assert (paired.base.truth == paired.head.truth).all()


def test_numbers_in_one_file_and_text_in_the_other_are_the_same_ids():
    told, _ = pair("m", many(50, text=True), many(50))
    assert told.rows == 50


def test_nine_tenths_in_common_are_enough():
    assert pair("m", many(100), many(100, start=10))[0].rows == 90
    told, paired = pair("m", many(100), many(100, start=11))
    assert paired is None
    assert "89 of 100 (base) and 100 (head) ids are common, and the truth of 0 of those" in told.reason


def test_ids_of_which_none_is_common_may_be_written_otherwise():
    assert pair("m", many(1_000), many(1_000, start=1_000))[0].reason == (
        "the test set changed: 0 of 1,000 (base) and 1,000 (head) ids are common "
        "(are they written alike on both sides?)"
    )


def test_a_small_test_set_within_a_large_one_is_comparable():
    assert pair("m", many(1_000), many(50, start=100))[0].rows == 50


def test_rows_whose_truth_changed_are_not_paired():
    truth = np.arange(100) % 2
    truth[:5] = 1 - truth[:5]
    told, _ = pair("m", many(100), many(100, truth=truth))
    assert (told.rows, told.truth_differs) == (95, 5)
    told, paired = pair("m", many(100), many(100, truth=1 - np.arange(100) % 2))
    assert paired is None
    assert "the truth of 100 of those differs" in told.reason


def test_flipped_rows_are_counted():
    base, head = read(), read(y_pred=[0, 0, 0])
    assert pair("m", base, head)[0].flipped == 1


def declared(**extras):
    """A hundred rows with weights and clusters, as far as they are given."""
    one = many(100)
    return replace(one, **{name: np.asarray(values) for name, values in extras.items()})


def test_a_pair_has_one_weight_and_it_is_bases():
    before, now = np.ones(100), np.where(np.arange(100) % 2, 1.0, 1e-6)
    told, paired = pair("m", declared(weight=before), declared(weight=now))
    assert paired.base.weight.tolist() == paired.head.weight.tolist() == before.tolist()
    assert told.weights_differ == 50
    told, paired = pair("m", declared(), declared(weight=now))
    assert paired.base.weight is paired.head.weight is None
    assert told.weights_differ == 50
    told, paired = pair("m", declared(weight=now), declared())
    assert paired.head.weight.tolist() == now.tolist()
    assert told.weights_differ == 50


def test_weights_that_are_the_same_shares_are_the_same():
    weight = np.arange(1.0, 101.0)
    assert pair("m", declared(weight=weight), declared(weight=weight * 3))[0].weights_differ == 0
    assert pair("m", declared(), declared(weight=np.full(100, 2.5)))[0].weights_differ == 0
    weight[7] = 1e6
    assert pair("m", declared(weight=np.arange(1.0, 101.0)), declared(weight=weight))[0].weights_differ == 1


def test_a_pair_has_one_cluster_and_it_is_bases():
    tens = np.arange(100) // 10
    told, paired = pair("m", declared(cluster=tens), declared(cluster=np.arange(100)))
    assert paired.base.cluster.tolist() == paired.head.cluster.tolist() == tens.tolist()
    assert told.clusters_differ == 100
    assert pair("m", declared(cluster=tens), declared(cluster=9 - tens))[0].clusters_differ == 0
    told, paired = pair("m", declared(), declared(cluster=tens))
    assert paired.base.cluster is paired.head.cluster is None
    assert told.clusters_differ == 100


def test_a_class_that_only_one_side_knows_is_coded_alike():
    kinds = Columns(score=None)
    base = read(kinds, Task.MULTICLASS, y_true=["x", "y", "y"], y_pred=["y", "y", "y"])
    head = read(kinds, Task.MULTICLASS, y_true=["x", "y", "y"], y_pred=["a", "y", "y"])
    told, paired = pair("m", base, head)
    assert paired.base.classes == paired.head.classes == ("a", "x", "y")
    assert told.rows == 3
    assert told.flipped == 1


def test_a_pairing_says_whether_there_are_labels_that_could_flip():
    assert pair("m", many(100), many(100))[0].labelled
    numbers = {"id": np.arange(9), "y_true": np.arange(9.0), "y_pred": np.zeros(9)}
    one = from_columns(numbers, Columns(score=None), Task.REGRESSION, "p")
    assert not pair("m", one, one)[0].labelled


def test_a_truth_that_was_stored_with_fewer_digits_is_the_same():
    truth = np.linspace(1.0, 7.0, 100)
    exact = replace(many(100), task=Task.REGRESSION, truth=truth, label=truth, scores=None, classes=())
    stored = replace(exact, truth=exact.truth.astype(np.float32).astype(float))
    assert pair("m", exact, stored)[0].truth_differs == 0
    assert pair("m", exact, replace(exact, truth=exact.truth * 1.0001))[0].truth_differs == 100
