"""The data gate on real files, and every trap that made other tools pass silently."""

from datetime import date

import polars as pl
import pytest

from mlci.core.finding import Status
from tests.support.gate_room import by_subject, run_gate

OPTIONS = "datasets: {train: {path: train.parquet, contract: train.yaml}}"


def outcome(directory, table, contract):
    pl.DataFrame(table).write_parquet(directory / "train.parquet")
    (directory / "train.yaml").write_text(contract, encoding="utf-8")
    return run_gate(directory, "data", OPTIONS)


def statuses(found, check):
    return {subject: each.status for subject, each in by_subject(found, check).items()}


@pytest.fixture
def room(tmp_path):
    return lambda table, contract: outcome(tmp_path, table, contract)


def test_a_table_that_keeps_its_contract_passes_everywhere(room):
    found = room(
        {"id": [1, 2, 3], "age": [20.5, 30.0, None], "region": ["north", "south", "north"]},
        """
        rows: {at_least: 3, at_most: 3}
        columns:
          id: {type: integer, unique: true, at_least: 1}
          age: {type: number, missing: 34%, at_least: 0, at_most: 120}
          region: {type: text, allowed: [north, south]}
        """,
    )
    assert {each.status for each in found.findings} == {Status.PASS}
    assert [each.path for each in found.inputs] == ["train.parquet", "train.yaml"]


@pytest.mark.parametrize(
    ("values", "rule", "check"),
    [
        (["1", "2"], "{type: integer}", "data.schema"),
        ([1.0, 2.0], "{type: integer}", "data.schema"),
        ([True, False], "{type: number}", "data.schema"),
        ([date(2026, 1, 1)] * 2, "{type: datetime}", "data.schema"),
        (["a", "b"], "{at_least: 0}", "data.schema"),
        ([1, 2], "{allowed: [a, b]}", "data.schema"),
        ([1, None], "{}", "data.missing"),
        ([1.0, float("nan")], "{}", "data.missing"),
        (["a", "a"], "{unique: true}", "data.unique"),
        ([1, 200], "{at_most: 120}", "data.range"),
        ([1.0, float("inf")], "{at_least: 0}", "data.range"),
        (["north", "norht"], "{allowed: [north, south]}", "data.allowed"),
        ([True, False], "{allowed: [true]}", "data.allowed"),
        ([1, 2], "{allowed: [1, 2.5]}", "data.allowed"),
    ],
)
def test_each_planted_violation_is_found_by_its_own_check_alone(room, values, rule, check):
    found = room({"x": values}, f"columns: {{x: {rule}}}")
    assert [each.check for each in found.findings if each.status is Status.FAIL] == [check]
    assert by_subject(found, check)["train.x"].location.line == 1


def test_an_empty_table_is_red_for_its_rows_and_counts_zero_everywhere_else(room):
    found = room(
        {"x": pl.Series([], dtype=pl.Int64), "t": pl.Series([], dtype=pl.String)},
        "columns: {x: {at_least: 0, unique: true, missing: 0}, t: {allowed: [a]}}",
    )
    red = [each for each in found.findings if each.status is not Status.PASS]
    assert [(each.check, each.observed) for each in red] == [("data.rows", 0)]


def test_a_column_without_any_value_fails_for_what_is_missing_and_not_for_its_type(room):
    contract = "columns: {{x: {{type: integer, at_least: 0, allowed: [1], missing: {share}}}}}"
    assert statuses(room({"x": [None, None]}, contract.format(share=0)), "data.missing") == {
        "train.x": Status.FAIL
    }
    allowed = room({"x": [None, None]}, contract.format(share=1))
    assert {each.status for each in allowed.findings} == {Status.PASS}


def test_nan_is_missing_and_never_the_largest_value(room):
    found = room({"x": [1.0, float("nan")]}, "columns: {x: {at_most: 2, missing: 50%}}")
    assert {each.status for each in found.findings} == {Status.PASS}


def test_uniqueness_is_counted_exactly(room):
    found = room({"id": list(range(200_000))}, "columns: {id: {unique: true}}")
    assert statuses(found, "data.unique") == {"train": Status.PASS}
    twice = room({"id": [*range(200_000), 0]}, "columns: {id: {unique: true}}")
    assert by_subject(twice, "data.unique")["train.id"].observed == 1


@pytest.mark.parametrize("name", ["*", "^x.*$", "a.b", "a,b", "x y", "é", "]|<img src=x>", "{}"])
def test_a_column_name_is_a_name_and_never_a_pattern(room, name):
    found = room({name: [1, 2], "xx": ["text", None]}, f"columns: {{'{name}': {{at_most: 1}}}}")
    assert statuses(found, "data.range") == {f"train.{name}": Status.FAIL}
    assert statuses(found, "data.schema")["train.xx"] is Status.WARN


def test_no_cell_value_is_ever_told(room):
    found = room(
        {"name": ["Zaphod", "Zaphod"], "income": [987654321, 1]},
        "columns: {name: {unique: true, allowed: [Ford]}, income: {at_most: 10}}",
    )
    assert "Zaphod" not in repr(found)
    assert "987654321" not in repr(found)


@pytest.mark.parametrize(("word", "status"), [("allow", None), ("warn", Status.WARN), ("fail", Status.FAIL)])
def test_a_column_that_nobody_named_is_what_the_contract_says(room, word, status):
    found = room({"x": [1], "new": [1]}, f"other_columns: {word}\ncolumns: {{x: {{}}}}")
    assert statuses(found, "data.schema").get("train.new") is status


def test_a_wide_broken_table_is_told_in_bounded_words(room):
    names = [f"c{number}" for number in range(300)]
    found = room(
        {each: [None, 1] for each in names}, "columns: {" + ", ".join(f"{each}: {{}}" for each in names) + "}"
    )
    missing = by_subject(found, "data.missing")
    assert len(missing) == 51
    assert missing["train"].observed == 250


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("absent.parquet", None),
        ("empty.parquet", b""),
        ("garbage.parquet", b"PAR1 and then nothing of the kind"),
        ("cut.parquet", b"PAR1"),
        ("latin.csv", "x\ncaf\xe9\n".encode("latin-1")),
        ("../outside.parquet", None),
        ("table.xlsx", b"PK"),
    ],
)
def test_a_table_that_cannot_be_read_is_a_red_answer(tmp_path, name, content):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    (tmp_path / "c.yaml").write_text("columns: {x: {}}", encoding="utf-8")
    found = run_gate(tmp_path, "data", f"datasets: {{d: {{path: '{name}', contract: c.yaml}}}}")
    assert [(each.check, each.status) for each in found.findings] == [("data.readable", Status.ERROR)]
    assert found.findings[0].help


@pytest.mark.parametrize(
    "contract", [None, "", "columns: [", "columns: {x: {typo: 1}}", "columns: {x: {at_least: 2, at_most: 1}}"]
)
def test_a_contract_that_cannot_be_read_is_a_red_answer_that_points_at_it(tmp_path, contract):
    pl.DataFrame({"x": [1]}).write_parquet(tmp_path / "train.parquet")
    if contract is not None:
        (tmp_path / "train.yaml").write_text(contract, encoding="utf-8")
    (found,) = run_gate(tmp_path, "data", OPTIONS).findings
    assert (found.check, found.status) == ("data.readable", Status.ERROR)
    assert found.location.path == "train.yaml"


def test_csv_is_tested_like_parquet(tmp_path):
    (tmp_path / "train.csv").write_text("x,t\n1,a\n,b\n", encoding="utf-8")
    (tmp_path / "c.yaml").write_text("columns: {x: {type: integer}, t: {type: text}}", encoding="utf-8")
    found = run_gate(tmp_path, "data", "datasets: {train: {path: train.csv, contract: c.yaml}}")
    assert statuses(found, "data.missing") == {"train.x": Status.FAIL}
