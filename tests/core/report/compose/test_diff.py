"""What a reader of a diff sees, in which order, with how many decimals."""

from decimal import Decimal
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from mlci.core.config import Direction
from mlci.core.diff import (
    LIKELY_WORSE,
    Diff,
    Floor,
    FloorStatus,
    MetricDiff,
    MetricVerdict,
    Occasion,
    Pairing,
    ValueDiff,
)
from mlci.core.diff.findings import findings
from mlci.core.diff.values import MISSING, of
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Interval, Status, Verdict
from mlci.core.report import Intervals, Items, Report, Table, Tone, plain
from mlci.core.report.compose import compose, rest
from mlci.core.wording import decimals_between, share
from mlci.render import html, junit, markdown, terminal

AUC = MetricDiff(
    metric="roc_auc",
    model="income",
    direction=Direction.HIGHER,
    base=0.84,
    head=0.84,
    difference=0.0,
    interval=Interval(low=-0.001, high=0.001),
    margin=0.005,
    verdict=MetricVerdict.WITHIN_MARGIN,
    gated=True,
)
LOST = replace(
    AUC, difference=-0.04, interval=Interval(low=-0.05, high=-0.03), verdict=MetricVerdict.REGRESSED
)
NAN = replace(
    AUC, head=None, difference=None, interval=None, verdict=None, problem="m.json#/a is not a number (NaN)"
)
LIMIT = Floor(limit=0.9, direction=Direction.HIGHER, status=FloorStatus.MISSED)
FLOOR = replace(AUC, verdict=None, margin=None, interval=None, floors=(LIMIT,))
APART = replace(
    AUC,
    difference=None,
    interval=None,
    verdict=MetricVerdict.NOT_COMPARABLE,
    note="base's predictions cannot be had: p.csv is not here",
    advice="dvc pull p.csv",
)


def report_of(*metrics: MetricDiff) -> Report:
    named = [replace(each, metric=f"m{number}") for number, each in enumerate(metrics)]
    diff = Diff(base="b" * 40, head="a" * 40, base_name="main", metrics=tuple(named))
    evidence = Evidence(gate="diff", commit="a" * 40, findings=findings(diff, Occasion.PULL_REQUEST))
    return compose(project="credit", evidence=[evidence], diff=diff, occasion=Occasion.PULL_REQUEST)


def block(report: Report, title: str) -> Items | Table:
    found = next(each for each in report.sections if each.title == title).blocks[0]
    assert isinstance(found, Items | Table)
    return found


def rows(report: Report, title: str = "Objectives") -> list[list[str]]:
    table = block(report, title)
    assert isinstance(table, Table)
    return [[plain(cell.text) for cell in row] for row in table.rows]


def test_what_must_be_seen_first_stands_first() -> None:
    shown = replace(AUC, gated=False, verdict=None, margin=None)
    unsure = replace(AUC, verdict=MetricVerdict.INCONCLUSIVE)
    told = rows(report_of(shown, AUC, unsure, LOST, NAN, FLOOR))
    assert [(each[0], each[1]) for each in told] == [
        ("m3", "regressed"),
        ("m4", "not a number (NaN)"),
        ("m5", "misses ≥ 0.9"),
        ("m2", "inconclusive"),
        ("m1", "within margin"),
        ("m0", "shown"),
    ]


def test_a_gated_value_that_is_no_number_is_the_first_thing_said() -> None:
    report = report_of(AUC, NAN)
    assert plain(report.headline) == "Do not merge: m1 cannot be judged"
    assert terminal.render(report).splitlines()[4:6] == [
        "  x diff.verdict income.m1: m.json#/a is not a number (NaN)",
        "    -> a gated metric must be a finite number: correct the stage that writes it,",
    ]


def test_beside_a_value_that_is_none_no_difference_is_drawn() -> None:
    broken = replace(LOST, head=None, verdict=None, problem="head's value is not a finite number")
    part = replace(broken, gated=False, subject="region=north")

    def drawn(report: Report) -> list[str]:
        blocks = [each for section in report.sections for each in section.blocks]
        return [plain(row.label) for each in blocks if isinstance(each, Intervals) for row in each.rows]

    assert drawn(report_of(AUC, broken, part)) == ["m0"]
    assert drawn(report_of(broken)) == []


@pytest.mark.parametrize(
    ("problem", "cell"),
    [
        ("m1 has no value: every row of the test set is '0'", "has no value"),
        ("m1 has no value: no row of the test set is 'b'", "has no value"),
        ("head's value is not a finite number", "not a finite number"),
        ("m.json#/a is missing", "missing"),
    ],
)
def test_a_cell_says_in_words_what_is_wrong_with_a_value(problem: str, cell: str) -> None:
    assert rows(report_of(replace(NAN, problem=problem)))[0][1] == cell


def test_where_room_is_short_the_accepted_drop_stays_longest() -> None:
    def titles(width: int) -> list[str]:
        said = terminal.render(report_of(LOST, AUC), width=width)
        head = said.partition("Objectives\n")[2].partition("---")[0]
        return [each for each in ("main", "this", "may") if f" {each} " in f" {' '.join(head.split())} "]

    found = [titles(width) for width in range(100, 40, -1)]
    assert list(dict.fromkeys(map(tuple, found))) == [
        ("main", "this", "may"), ("this", "may"), ("may",), (),
    ]  # fmt: skip


def test_a_value_nobody_gates_warns_where_it_is_no_number() -> None:
    report = report_of(replace(NAN, gated=False))
    assert report.verdict is Verdict.PASSED
    assert "! not a number (NaN)" in terminal.render(report)


def test_a_limit_that_is_missed_is_told_also_where_no_model_gate_is() -> None:
    report = report_of(FLOOR)
    assert plain(report.headline) == "Do not merge: m0 misses its limit"
    assert "m0 is 0.8400, expected ≥ 0.9" in terminal.render(report)
    may = replace(FLOOR, floors=(replace(LIMIT, status=FloorStatus.STRADDLED),))
    assert plain(report_of(may).headline) == "You may merge, after a look: m0 meets its limit narrowly"
    diff = Diff(base=None, head=None, metrics=(FLOOR,))
    assert findings(diff, Occasion.PULL_REQUEST, limits=None) == ()


def test_advice_is_said_once_also_where_others_stand_between() -> None:
    rose = replace(LOST, direction=Direction.LOWER, difference=0.04, interval=Interval(low=0.03, high=0.05))
    report = report_of(LOST, rose, replace(LOST, difference=-0.03))
    text = " ".join(terminal.render(report).split())
    assert text.count("undo what made it drop") == text.count("undo what made it rise") == 1
    assert "for these 2: undo what made it drop" in text


def test_a_headline_does_not_go_on_about_the_test_set() -> None:
    unsure = replace(AUC, verdict=MetricVerdict.INCONCLUSIVE)
    assert plain(report_of(unsure, unsure).headline) == (
        "You may merge, after a look: m0 may have got worse by more than accepted and 1 more finding"
    )


def test_where_there_is_no_base_no_column_says_nothing() -> None:
    new = replace(AUC, base=None, difference=None, interval=None, verdict=None)
    table = block(report_of(new), "Objectives")
    assert isinstance(table, Table)
    assert [each.title for each in table.columns] == ["objective", "verdict", "this change", "may drop"]
    assert [plain(each.text) for each in table.rows[0]] == ["m0", "new", "0.8400", "0.0050"]


NARROW = replace(
    FLOOR,
    base=0.9301,
    head=0.9302,
    head_interval=Interval(low=0.8914, high=0.969),
    n=400,
    floors=(replace(LIMIT, status=FloorStatus.STRADDLED, rows_needed=1_337),),
)


def test_a_limit_that_these_rows_cannot_be_sure_of_is_said_in_a_line_with_what_to_do() -> None:
    report = report_of(NARROW)
    assert plain(report.headline) == "You may merge, after a look: m0 meets its limit narrowly, as main does"
    items = block(report, "What to look at")
    assert isinstance(items, Items)
    (item,) = items.items
    assert plain(item.text) == (
        "diff.objective income.m0: m0 is 0.9302 (0.8914 to 0.9690), expected ≥ 0.9; "
        "met too narrowly for these rows to be sure"
    )
    assert plain(item.then) == "about 1,400 rows would be sure; these can hold `at_least: 0.89`"
    assert rows(report)[0][1] == "narrowly meets ≥ 0.9"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"base": 0.95}, "m0 meets its limit narrowly"),
        ({"base": 0.89}, "m0 meets its limit narrowly"),
        ({"base": None, "difference": None}, "m0 meets its limit narrowly"),
        (
            {
                "direction": Direction.LOWER, "head": 0.88, "base": 0.881,
                "head_interval": Interval(low=0.85, high=0.91),
                "floors": (replace(NARROW.floors[0], direction=Direction.LOWER),),
            },
            "m0 meets its limit narrowly, as main does",
        ),
    ],
)  # fmt: skip
def test_a_limit_that_the_base_met_as_narrowly_is_no_news(change: dict[str, object], said: str) -> None:
    assert plain(report_of(replace(NARROW, **change)).headline) == f"You may merge, after a look: {said}"


def test_what_another_change_would_warn_of_too_stands_last_and_is_no_headline() -> None:
    unsure = replace(AUC, metric="m1", verdict=MetricVerdict.INCONCLUSIVE)
    diff = Diff(base="b" * 40, head=None, metrics=(replace(NARROW, metric="m0"), unsure))
    told = sorted(findings(diff, Occasion.PULL_REQUEST), key=lambda each: each.check)
    evidence = Evidence(gate="diff", commit="a" * 40, findings=tuple(told))
    report = compose(project="credit", evidence=[evidence], diff=diff, occasion=Occasion.PULL_REQUEST)
    assert plain(report.headline).startswith("You may merge, after a look: m1 may have got worse")
    items = block(report, "What to look at")
    assert isinstance(items, Items)
    assert [plain(each.text).partition(":")[0] for each in items.items] == [
        "diff.verdict income.m1",
        "diff.objective income.m0",
    ]


def test_one_cause_is_said_once() -> None:
    report = report_of(APART, APART, APART)
    assert (
        plain(report.headline)
        == "You may merge, after a look: m0 cannot be compared with the base and 2 more findings"
    )
    items = block(report, "What to look at")
    assert isinstance(items, Items)
    (item,) = items.items
    assert plain(item.text) == (
        "diff.verdict income.m0, income.m1, income.m2: cannot be compared with the base: "
        "base's predictions cannot be had: p.csv is not here"
    )
    assert plain(item.then) == "dvc pull p.csv"


def test_what_to_do_is_said_once_below_all_it_is_for() -> None:
    other = replace(LOST, difference=-0.03)
    text = markdown.render(report_of(LOST, other, NAN))
    assert text.count("undo what made it drop") == 1
    assert "→ for these 2: undo what made it drop" in text
    many = tuple(
        Finding(check="data.type", subject=f"column{at}", status=Status.FAIL, message="is text")
        for at in range(30)
    )
    evidence = Evidence(gate="data", commit="a" * 40, findings=many)
    report = compose(project="c", evidence=[evidence], diff=None, occasion=Occasion.PULL_REQUEST)
    assert "column7 and 22 more: is text" in " ".join(terminal.render(report).split())


def test_a_row_has_one_number_of_decimals() -> None:
    close = replace(LOST, base=0.84, head=0.839_991, difference=-0.000_009, margin=0.005,
                    interval=Interval(low=-0.000_012, high=-0.000_006))  # fmt: skip
    (told,) = rows(report_of(close))
    assert told[2:] == ["0.84000", "0.83999", "−0.00001 (−0.00001, −0.00001)", "0.00500"]


def test_no_column_for_drops_that_nobody_accepts_and_none_for_intervals_that_are_not_there() -> None:
    table = block(report_of(FLOOR), "Objectives")
    assert isinstance(table, Table)
    assert [each.title for each in table.columns][-1] == "difference"


@pytest.mark.parametrize(
    ("base", "head", "cells"),
    [
        (0.8123456789, 0.8, ["0.8123", "0.8000", "−0.0123 (−1.5 %)"]),
        (0.75, 0.7499999, ["0.7500000", "0.7499999", "−0.0000001 (< 0.1 %)"]),
        (12_000, 12_001, ["12,000", "12,001", "+1 (< 0.1 %)"]),
        (-1, -2, ["−1", "−2", "−1 (−100.0 %)"]),
        (1.2e-7, 1.3e-7, ["0.00000012", "0.00000013", "+0.00000001 (+8.3 %)"]),
        (1e-30, 2e-30, ["1e-30", "2e-30", "+1e−30 (+100.0 %)"]),
        (0.1, 150.0, ["0.1", "150.0", "+149.9 (+149,900 %)"]),
        (9007199254740993, 9007199254740992, ["9007199254740993", "9007199254740992", "−1 (< 0.1 %)"]),
        (0.5, 1e30, ["0.5", "1e+30", "+1e+30 (+2e+32 %)"]),
        (10**300, 2, ["1e+300", "2", "−1e+300 (−100.0 %)"]),
        (-1.7e308, 1.7e308, ["-1.7e+308", "1.7e+308", "+3.4e+308"]),
        (0.8123456789, float("nan"), ["0.8123", "NaN", "changed"]),
        (0.5, None, ["0.5", "null", "changed"]),
    ],
)
def test_a_measured_value_and_its_change_stand_with_the_same_decimals(base, head, cells) -> None:
    value = ValueDiff(path="m.json", key=("a",), base=of(base), head=of(head))
    (section,) = filter(None, rest(Diff(base="b", head=None, values=(value,))))
    table = section.blocks[0]
    assert isinstance(table, Table)
    assert [plain(cell.text) for cell in table.rows[0]][1:] == cells


def test_numbers_that_became_something_else_are_counted_and_stand_first() -> None:
    values = [
        ValueDiff(path="m.json", key=(name,), base=of(0.5), head=head)
        for name, head in (("a", of(0.6)), ("b", MISSING), ("z", of(float("inf"))))
    ]
    (section,) = filter(None, rest(Diff(base="b", head=None, values=tuple(values))))
    assert plain(section.summary) == "3 changed, 1 of them no number any more"
    table = section.blocks[0]
    assert isinstance(table, Table)
    assert [plain(row[0].text) for row in table.rows] == ["m.json:z", "m.json:a", "m.json:b"]


def test_a_parameter_stands_as_it_was_written() -> None:
    value = ValueDiff(path="params.yaml", key=("seed",), base=of(20240101), head=of(20240102))
    (section,) = filter(None, rest(Diff(base="b", head=None, params=(value,))))
    table = section.blocks[0]
    assert isinstance(table, Table)
    assert plain(table.rows[0][1].text) == "20240101"


def test_no_change_is_printed_as_none() -> None:
    assert share(0.0) == "+0.0 %"
    assert share(-0.0001) == "< 0.1 %"
    assert decimals_between(Decimal("0.5"), Decimal("1E-9")) is None


def test_what_failed_holds_only_what_is_red_and_stands_before_what_warns() -> None:
    unsure = replace(AUC, metric="f1", verdict=MetricVerdict.INCONCLUSIVE)
    diff = Diff(base="b" * 40, head=None, metrics=(unsure, LOST), displaced=("p.csv",))
    evidence = Evidence(gate="diff", commit="a" * 40, findings=findings(diff, Occasion.PULL_REQUEST))
    report = compose(project="credit", evidence=[evidence], diff=diff, occasion=Occasion.PULL_REQUEST)
    told = [
        (each.title, [(plain(item.text).partition(":")[0], item.tone) for item in items.items])
        for each in report.sections[:2]
        if isinstance(items := each.blocks[0], Items)
    ]
    assert told == [
        ("What failed", [("diff.verdict income.roc_auc", Tone.BAD)]),
        ("What to look at", [("diff.recorded p.csv", Tone.WARN), ("diff.verdict income.f1", Tone.WARN)]),
    ]
    for face in (terminal.render, markdown.render, html.render):
        text = face(report)
        assert text.index("What failed") < text.index("What to look at") < text.index("Objectives")
    cases = [case.attrib["name"] for case in ET.fromstring(junit.render([evidence])).iter("testcase")]
    assert cases == ["income.roc_auc", "p.csv", "income.f1"]
    quiet = replace(evidence, gate="data", findings=evidence.findings[:1])
    gates = [each.attrib["name"] for each in ET.fromstring(junit.render([quiet, evidence])).iter("testsuite")]
    assert gates == ["diff", "data"]


def test_what_puts_the_verdicts_in_doubt_is_the_headline_where_nothing_fails() -> None:
    diff = Diff(base="b" * 40, head=None, metrics=(LOST,), displaced=("p.csv",))
    evidence = Evidence(gate="diff", commit="a" * 40, findings=findings(diff, Occasion.PULL_REQUEST))
    calm = compose(
        project="credit", evidence=[replace(evidence, findings=evidence.findings[:1])], diff=diff,
        occasion=Occasion.PULL_REQUEST,
    )  # fmt: skip
    assert plain(calm.headline) == "You may merge, after a look: p.csv is not what dvc.lock records"


def test_the_worst_slices_come_first_and_those_that_stayed_are_quiet() -> None:
    moved = (-0.01, -0.03, 0.02)
    verdicts = (MetricVerdict.REGRESSED, MetricVerdict.REGRESSED, MetricVerdict.WITHIN_MARGIN)
    slices = tuple(
        replace(AUC, subject=f"s{at}", gated=False, difference=difference, verdict=verdict)
        for at, (difference, verdict) in enumerate(zip(moved, verdicts, strict=True))
    )
    report = report_of(*(replace(each, metric="m") for each in slices))
    (pictures,) = next(each for each in report.sections if each.title == "Slices").blocks
    assert isinstance(pictures, Intervals)
    assert [(plain(each.label).partition("=")[0], each.tone) for each in pictures.rows] == [
        ("m1.s1", Tone.BAD),
        ("m0.s0", Tone.BAD),
        ("m2.s2", Tone.NEUTRAL),
    ]


def test_a_slice_that_lost_what_no_margin_accepts_stands_before_those_that_gained() -> None:
    gained = replace(AUC, subject="north", gated=False, margin=None, difference=0.1,
        interval=Interval(low=0.05, high=0.15), verdict=MetricVerdict.IMPROVED)  # fmt: skip
    lost = replace(gained, subject="south", difference=-0.2, interval=Interval(low=-0.3, high=-0.1),
        verdict=None, note=LIKELY_WORSE)  # fmt: skip
    report = compose(
        project="credit",
        evidence=[],
        diff=Diff(base="1" * 40, head=None, base_name="main", metrics=(AUC, gained, lost)),
        occasion=Occasion.PULL_REQUEST,
    )
    section = next(each for each in report.sections if each.title == "Slices")
    (pictures,) = section.blocks
    assert isinstance(pictures, Intervals)
    assert [(each.said, each.tone) for each in pictures.rows] == [
        ("−0.2000 likely worse", Tone.WARN),
        ("+0.1000 improved", Tone.GOOD),
    ]
    assert plain(section.summary) == "2 slices, 2 measures moved"


def test_a_value_that_is_missing_is_called_so_whatever_else_is_new() -> None:
    gone = replace(NAN, problem="m.json#/a is missing, and m.json#/b is new")
    assert rows(report_of(gone))[0][1] == "missing"


def test_no_cell_and_no_message_contradicts_a_limit() -> None:
    close = replace(
        FLOOR, head=0.849_996, base=0.8, difference=0.049_996, floors=(replace(LIMIT, limit=0.85),)
    )
    report = report_of(close)
    assert rows(report)[0][3] == "0.849996"
    assert "m0 is 0.849996, expected ≥ 0.85" in terminal.render(report)
    far = replace(FLOOR, head=1_234_570.0, floors=(replace(LIMIT, limit=1_234_571.0),))
    assert "m0 is 1,234,570, expected ≥ 1,234,571" in terminal.render(report_of(far))


def test_where_an_end_of_the_interval_is_judged_the_message_says_which() -> None:
    low = replace(FLOOR, head=0.92, head_interval=Interval(low=0.88, high=0.96))
    told = " ".join(terminal.render(report_of(low)).split())
    assert "m0 is 0.9200 (0.8800 to 0.9600), whose lower end is judged, expected ≥ 0.9" in told
    high = replace(
        low, direction=Direction.LOWER, floors=(replace(LIMIT, limit=0.95, direction=Direction.LOWER),)
    )
    assert "whose upper end is judged" in " ".join(terminal.render(report_of(high)).split())
    point = replace(low, head=0.8, head_interval=Interval(low=0.7, high=0.9))
    assert "is judged" not in terminal.render(report_of(point))


def test_a_slice_stands_with_its_difference_and_its_verdict() -> None:
    lost = replace(LOST, subject="s", gated=False)
    (picture,) = next(each for each in report_of(AUC, lost).sections if each.title == "Slices").blocks
    assert isinstance(picture, Intervals)
    (row,) = picture.rows
    assert (row.said, row.told, row.group) == (
        "−0.0400 regressed",
        "−0.0400 (−0.0500, −0.0300)",
        "m1",
    )


def test_a_limit_that_is_met_is_said_to_be() -> None:
    met = replace(
        FLOOR, floors=(replace(LIMIT, limit=600.0, direction=Direction.LOWER, status=FloorStatus.MET),)
    )
    (told,) = rows(report_of(met))
    assert told[1] == "meets ≤ 600"


def test_of_what_has_no_labels_none_flips() -> None:
    def told(*, labelled: bool) -> str:
        pairing = Pairing(model="price", rows=3_000, base_rows=3_000, head_rows=3_000, labelled=labelled)
        diff = Diff(base="b" * 40, head=None, metrics=(AUC,), pairings=(pairing,))
        return terminal.render(compose(project="c", evidence=[], diff=diff, occasion=Occasion.PULL_REQUEST))

    assert "0 of 3,000 predictions" in told(labelled=True)
    assert "flipped" not in told(labelled=False)


@pytest.mark.parametrize(
    "few", [replace(AUC, noticeable=None), replace(AUC, noticeable=0.4, verdict=MetricVerdict.INSUFFICIENT)]
)
def test_nothing_is_said_of_what_too_few_rows_would_notice(few: MetricDiff) -> None:
    sharp = replace(AUC, metric="f1", noticeable=0.004)

    def told(*metrics: MetricDiff) -> str:
        diff = Diff(base="b" * 40, head=None, metrics=metrics)
        report = compose(project="c", evidence=[], diff=diff, occasion=Occasion.PULL_REQUEST)
        return " ".join(terminal.render(report).split())

    assert "notice" not in told(few)
    assert "worse by: f1 0.0040." in told(few, sharp)


def test_what_would_be_noticed_names_the_model_where_there_are_several() -> None:
    sharp = replace(AUC, noticeable=0.004)
    diff = Diff(base="b" * 40, head=None, metrics=(sharp, replace(sharp, model="churn")))
    report = compose(project="c", evidence=[], diff=diff, occasion=Occasion.PULL_REQUEST)
    assert "worse by: income.roc_auc 0.0040, churn.roc_auc 0.0040." in " ".join(
        terminal.render(report).split()
    )


def test_a_column_of_the_base_has_one_name_in_all_tables() -> None:
    value = ValueDiff(path="m.json", key=("a",), base=of(1), head=of(2))
    diff = Diff(base="b" * 40, head=None, base_name="main", metrics=(AUC,), values=(value,), params=(value,))
    report = compose(project="c", evidence=[], diff=diff, occasion=Occasion.PULL_REQUEST)
    tables = [block for each in report.sections for block in each.blocks if isinstance(block, Table)]
    assert len(tables) == 3
    assert all("main" in [column.title for column in table.columns] for table in tables)


def test_a_verdict_without_an_interval_is_evidently_exact_and_a_doubt_keeps_its_note() -> None:
    exact = replace(AUC, interval=None, note="compared exactly")
    doubt = replace(AUC, interval=None, verdict=MetricVerdict.INCONCLUSIVE, note="point values only")
    told = rows(report_of(exact, doubt))
    assert [each[1] for each in told] == ["inconclusive (point values only)", "within margin"]
