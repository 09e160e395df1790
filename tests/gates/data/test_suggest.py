"""A suggested contract: the data keep it, people can read it, and nobody's name is in it."""

from datetime import date

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlci.adapters.tables import PolarsTables
from mlci.core.finding import Status
from mlci.core.schema import Problems
from mlci.core.yaml.tree import parse
from mlci.gates.data.contract_text import contract_text
from mlci.gates.data.options import CONTRACT
from mlci.gates.data.suggest import suggest
from tests.support.gate_room import run_gate

OPTIONS = "datasets: {t: {path: t.parquet, contract: c.yaml}}"


def suggested(directory, table):
    pl.DataFrame(table).write_parquet(directory / "t.parquet")
    text = contract_text(suggest(PolarsTables(root=directory), "t.parquet"), "t.parquet")
    (directory / "c.yaml").write_text(text, encoding="utf-8")
    return text


def test_it_reads_like_a_person_wrote_it(tmp_path):
    rows = 1000
    table = {
        "id": range(rows),
        "income": [1250.0 + number % 90 for number in range(rows)],
        "age": [None if number % 100 == 0 else 20 + number % 60 for number in range(rows)],
        "region": ["north" if number % 3 else "south" for number in range(rows)],
        "confirmed": [number % 2 == 0 for number in range(rows)],
        "day": [date(2026, 1, 1)] * rows,
    }
    assert suggested(tmp_path, table) == (
        '# What must be true of "t.parquet". Written from the data: review it before you trust it.\n'
        "rows: {at_least: 500, at_most: 2000}\n"
        "other_columns: warn\n"
        "columns:\n"
        "  id: {type: integer, unique: true}\n"
        "  income: {type: number, at_least: 1241, at_most: 1348}\n"
        "  age: {type: integer, missing: 2%, at_least: 14, at_most: 85}\n"
        "  region: {type: text, allowed: [north, south]}\n"
        "  confirmed: {type: boolean}\n"
        "  day: {type: date}\n"
    )


def test_a_word_that_few_rows_hold_is_never_written(tmp_path):
    text = suggested(tmp_path, {"name": ["common"] * 500 + ["Zaphod"]})
    assert text.endswith("  name: {type: text}\n")
    assert "Zaphod" not in text


columns = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cs",)), min_size=1, max_size=8).filter(
        str.strip
    ),
    st.one_of(
        st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62)), min_size=40, max_size=40),
        st.lists(st.one_of(st.none(), st.floats(-1e300, 1e300)), min_size=40, max_size=40),
        st.lists(
            st.sampled_from(["no", "1:30", "~", "é", "#", "a: b", "- x", "\u2028", '"', ""]),
            min_size=40,
            max_size=40,
        ),
        st.lists(st.booleans(), min_size=40, max_size=40),
    ),
    max_size=4,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(columns)
def test_the_data_keep_the_contract_that_was_written_from_them(tmp_path, table):
    text = suggested(tmp_path, table)
    problems = Problems()
    CONTRACT.read(parse(text.encode(), name="c.yaml"), problems)
    assert not problems.found
    if table:
        found = run_gate(tmp_path, "data", OPTIONS).findings
        assert {each.status for each in found if "not in the contract" not in each.message} == {Status.PASS}


@pytest.mark.parametrize(
    "word", ["no", "NULL", "1.5", "0x1", "a: b", "#", "'", '"', "\n", "\u2028", "é", "", "😀"]
)
def test_every_word_comes_back_as_the_same_word(tmp_path, word):
    text = suggested(tmp_path, {"w": [word] * 40})
    assert CONTRACT.read(parse(text.encode(), name="c"), Problems()).columns["w"].allowed == (word,)
