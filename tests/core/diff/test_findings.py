"""What a reader is told to do about a verdict, and that a stranger's names cannot bend the sentence."""

import pytest
from msgspec.structs import replace

from mlci.core.config import Direction
from mlci.core.diff import (
    Diff,
    Floor,
    FloorStatus,
    Keeper,
    MetricDiff,
    MetricVerdict,
    Occasion,
    ValueDiff,
)  # fmt: skip
from mlci.core.diff.findings import FINITE, SLICES, findings
from mlci.core.diff.json import from_json, to_json
from mlci.core.diff.values import MISSING, Kind, Value, number
from mlci.core.finding import Finding, Interval, Status
from mlci.core.report import plain, prose

ROW = MetricDiff(
    metric="f1",
    model="income",
    direction=Direction.HIGHER,
    base=0.8,
    head=0.79,
    difference=-0.01,
    interval=Interval(low=-0.04, high=0.02),
    margin=0.005,
    verdict=MetricVerdict.INCONCLUSIVE,
    gated=True,
)


def told(row: MetricDiff, occasion: Occasion = Occasion.PULL_REQUEST) -> Finding:
    (found,) = findings(Diff(base=None, head=None, metrics=(row,)), occasion)
    return found


@pytest.mark.parametrize(
    ("row", "help_"),
    [
        (replace(ROW, verdict=MetricVerdict.INSUFFICIENT), "add held-out rows until there are 30 of these"),
        (
            replace(ROW, interval=None),
            "of more than one cluster where `cluster:` is named, and of more than one truth",
        ),
        (replace(ROW, rows_needed=12_345), "a test set of about 13,000 rows would tell"),
        (ROW, "look at the interval before you merge"),
    ],
)
def test_each_doubt_has_its_own_next_step(row: MetricDiff, help_: str) -> None:
    assert help_ in (told(row).help or "")


@pytest.mark.parametrize(
    ("interval", "direction", "chance"),
    [
        (Interval(low=-0.04, high=-0.006), Direction.HIGHER, True),
        (Interval(low=-0.04, high=-0.005), Direction.HIGHER, False),
        (Interval(low=0.006, high=0.04), Direction.LOWER, True),
        (Interval(low=-0.04, high=-0.006), Direction.LOWER, False),
    ],
)
def test_why_an_interval_beyond_the_margin_is_no_verdict_is_said(interval, direction, chance) -> None:
    row = replace(ROW, interval=interval, direction=direction)
    assert ("of so many metrics one may lie there by chance" in told(row).message) is chance


MISSED = Floor(limit=0.9, direction=Direction.HIGHER, status=FloorStatus.MISSED)


@pytest.mark.parametrize("row", [ROW, replace(ROW, floors=(MISSED,))])
def test_a_name_from_outside_quotes_nothing(row: MetricDiff) -> None:
    name = "a`b`c"
    for each in findings(Diff(base=None, head=None, metrics=(replace(row, metric=name),)), Occasion.NONE):
        assert "a'b'c" in each.message
        assert plain(prose(each.message)).startswith("a'b'c")


def test_a_part_of_a_run_asks_for_no_more_than_a_pull_request() -> None:
    apart = replace(ROW, verdict=MetricVerdict.NOT_COMPARABLE)
    statuses = {occasion: told(apart, occasion).status for occasion in Occasion}
    assert statuses == {
        Occasion.PULL_REQUEST: Status.WARN,
        Occasion.PROMOTION: Status.FAIL,
        Occasion.NONE: Status.WARN,
    }


def test_a_value_that_predictions_do_not_give_is_no_stages_mistake_in_writing() -> None:
    row = replace(ROW, problem="head's value is not a finite number")
    assert "the stage that writes it" in (told(row).help or "")
    assert "rows that weigh nothing" in (told(replace(row, head_n=40)).help or "")


def test_each_displaced_file_is_put_back_by_who_keeps_it() -> None:
    kept = {"m n": Keeper.DVC, "m.json": Keeper.GIT}
    found = Diff(base="b", head=None, displaced=("m n", "m.json", "train.py"), kept=kept)
    assert [each.help for each in findings(found, Occasion.PULL_REQUEST)] == [
        "mlci run, or dvc checkout 'm n'", "mlci run, or git checkout -- m.json", "mlci run",
    ]  # fmt: skip
    assert from_json(to_json(found)) == found


NAN, BEYOND, HALF = Value(kind=Kind.NAN), Value(kind=Kind.PLUS_INFINITY), number("0.5")


def test_what_became_no_finite_number_warns_by_its_file() -> None:
    moved = [
        ("a", NAN, NAN),
        ("b", HALF, NAN),
        ("c", MISSING, BEYOND),
        ("d", NAN, HALF),
        ("e", HALF, MISSING),
    ]
    values = tuple(ValueDiff(path="m.json", key=("x", key), base=one, head=two) for key, one, two in moved)
    (found,) = findings(Diff(base="b", head="h", values=values), Occasion.PULL_REQUEST)
    assert (found.check, found.subject, found.status) == (FINITE, "m.json", Status.WARN)
    assert found.message == "not a finite number: x.b is NaN, x.c is Infinity"
    many = tuple(replace(values[1], key=(str(at),)) for at in range(5))
    (found,) = findings(Diff(base="b", head="h", values=many), Occasion.PULL_REQUEST)
    assert found.message.endswith("2 is NaN and 2 more are none either")


def test_what_an_objective_tells_of_is_told_by_it_alone() -> None:
    value = ValueDiff(path="m.json", key=("x", "f1"), base=HALF, head=NAN)
    row = replace(ROW, problem="m.json#/x/f1 is not a number (NaN)", verdict=None)
    (found,) = findings(Diff(base="b", head="h", values=(value,), metrics=(row,)), Occasion.PULL_REQUEST)
    assert found.check == "diff.verdict"


def test_a_slice_that_got_worse_is_told_where_the_whole_hides_it() -> None:
    lost = replace(ROW, verdict=MetricVerdict.REGRESSED, gated=False, note="")
    slices = [replace(lost, subject=each) for each in ("region=north", "region=south")]
    whole = replace(ROW, verdict=MetricVerdict.WITHIN_MARGIN, note="")
    hidden = findings(
        Diff(base="b", head="h", metrics=(whole, *slices, replace(slices[0], metric="f1"))),
        Occasion.PROMOTION,
    )
    north, south = (each for each in hidden if each.check == SLICES)
    assert (north.subject, north.status) == ("income.region=north", Status.WARN)
    assert north.message.count("regressed") == 2
    assert south.subject == "income.region=south"
    seen = findings(
        Diff(base="b", head="h", metrics=(replace(lost, gated=True), *slices)), Occasion.PROMOTION
    )
    assert not any(each.check == SLICES for each in seen)


def test_a_base_that_is_missing_can_be_had_without_an_origin_too() -> None:
    (found,) = findings(Diff(base=None, head=None, base_name="my main", metrics=()), Occasion.PULL_REQUEST)
    assert found.help == (
        "git fetch origin 'my main'; where there is no origin: git remote add origin URL, or a branch that "
        "is here as `ci: {branch: NAME}` in mlci.yaml"
    )
