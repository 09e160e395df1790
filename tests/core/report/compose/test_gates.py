"""What gates found, as a reader meets it."""

import pytest
from msgspec.structs import replace

from mlci.core.evidence import Evidence, Input
from mlci.core.finding import Finding, Interval, Status, Waived
from mlci.core.report import Paragraph, Table, Tone, plain
from mlci.core.report.compose.gates import sections
from mlci.core.report.compose.lineage import section

PASSED = Finding(check="data.rows", subject="train", status=Status.PASS, message="9 rows of `train`")
WAIVED = Waived(owner="@ana", reason="r", until="2027-01-01")


def gate(*findings: Finding, **figures: object) -> Evidence:
    return Evidence(gate="data", commit="c" * 40, findings=findings, figures=figures)  # type: ignore[arg-type]


def table_of(*findings: Finding, **figures: object) -> list[list[str]]:
    (block,) = list(sections(gate(*findings, **figures)))[-1].blocks
    assert isinstance(block, Table)
    return [[plain(cell.text) for cell in row] for row in block.rows]


def test_the_worst_answer_comes_first_and_every_kind_is_counted() -> None:
    failed = replace(PASSED, status=Status.FAIL, subject="test")
    (told,) = sections(gate(PASSED, failed, PASSED))
    assert (told.title, plain(told.summary)) == ("Gate data: failed", "2 passed, 1 failed")
    assert table_of(PASSED, failed)[0][1] == "test"


def test_what_was_not_asked_is_named_although_its_row_is_folded() -> None:
    unasked = replace(PASSED, status=Status.SKIP, check="model.coverage")
    (told,) = sections(gate(PASSED, unasked, replace(unasked, subject="other")))
    assert plain(told.summary) == "1 passed, 2 skipped: model.coverage"


def test_what_was_accepted_is_counted_as_such_and_not_red() -> None:
    (told,) = sections(gate(replace(PASSED, status=Status.FAIL, waived=WAIVED)))
    (table,) = told.blocks
    assert plain(told.summary) == "1 accepted for now"
    assert isinstance(table, Table)
    assert table.rows[0][2].tone is Tone.WARN


def sliced(name: str, metric: str, status: Status = Status.PASS) -> Finding:
    return Finding(
        check="model.slice",
        subject=f"income.{name}.{metric}",
        status=status,
        message="m",
        observed=0.8,
        interval=Interval(low=0.75, high=0.85),
        n=1234,
    )


def test_the_same_measures_of_many_slices_are_a_grid() -> None:
    findings = [sliced(name, metric) for name in ("a", "b=1.5", "c") for metric in ("f1", "auc")]
    short = Finding(check="model.slice", subject="income.d", status=Status.WARN, message="few", n=7)
    assert table_of(*findings, short) == [
        ["income.a", "1,234", "0.800 ± 0.050", "0.800 ± 0.050"],
        ["income.b=1.5", "1,234", "0.800 ± 0.050", "0.800 ± 0.050"],
        ["income.c", "1,234", "0.800 ± 0.050", "0.800 ± 0.050"],
        ["income.d", "7", "–", "–"],
    ]


def test_large_measures_of_slices_are_read_in_thousands_and_without_decimals() -> None:
    large = replace(sliced("a", "rmse"), observed=41_250.5, interval=Interval(low=40_000, high=42_500))
    findings = [replace(large, subject=f"income.{name}.rmse") for name in "abc"]
    assert table_of(*findings)[0] == ["income.a", "1,234", "41,250 ± 1,250"]


def test_two_subjects_are_a_list() -> None:
    # A grid's row would begin with its subject.
    assert [row[:2] for row in table_of(sliced("a", "f1"), sliced("b", "f1"))] == [
        ["model.slice", "income.a.f1"],
        ["model.slice", "income.b.f1"],
    ]


CELLS = {"true_positive": 30, "false_negative": 10, "false_positive": 5, "true_negative": 55}


def test_counts_of_groups_become_rates() -> None:
    assert table_of(PASSED, income={"sex": {"sex=f": CELLS}}) == [
        ["sex=f", "100", "40", "75.0 %", "8.3 %", "35.0 %"]
    ]


@pytest.mark.parametrize(
    "figures",
    [
        {"sex": {"sex=f": {**CELLS, "true_positive": "x"}}},
        {"sex": {"sex=f": {**CELLS, "true_positive": 10**400}}},
        {"sex": {"sex=f": {**CELLS, "true_positive": -1}}},
        {"sex": {"sex=f": {"true_positive": 1}}},
        {"sex": 3},
        [1],
        None,
    ],
)
def test_figures_of_another_shape_are_no_groups(figures: object) -> None:
    assert len(list(sections(gate(PASSED, income=figures)))) == 1


def test_a_group_without_rows_has_no_rates() -> None:
    nobody = dict.fromkeys(CELLS, 0)
    assert table_of(PASSED, income={"sex": {"sex=f": nobody}}) == [["sex=f", "0", "0", "–", "–", "–"]]


def test_lineage_names_commit_tools_seeds_and_bytes_and_no_time() -> None:
    one = Evidence(
        gate="data",
        commit="c" * 40,
        findings=(),
        inputs=(Input(path="b.csv", hash="md5:2"), Input(path="a.csv", hash="md5:1")),
        seeds={"bootstrap": 7},
        tools={"mlci": "0.1.0"},
        seconds=3.25,
    )
    told = section([one, replace(one, seconds=9.5)])
    assert told is not None
    said = [plain(block.text) for block in told.blocks if isinstance(block, Paragraph)]
    assert said == [f"Commit {'c' * 40}", "Tools: mlci 0.1.0", "Seeds: data.bootstrap 7"]
    (table,) = (block for block in told.blocks if isinstance(block, Table))
    assert [[plain(cell.text) for cell in row] for row in table.rows] == [
        ["a.csv", "md5:1"],
        ["b.csv", "md5:2"],
    ]
    assert told == section([replace(one, seconds=0.0)])
