"""Verdicts at their edges: the interval against the margin, floors, Holm, and values that are not there."""

from math import inf, nan

import numpy as np
import pytest
from msgspec.structs import replace

from mlci.core.config import Direction, Judge, Margin, Objective
from mlci.core.diff import FloorStatus, MetricVerdict, Occasion
from mlci.core.finding import Interval
from mlci.core.measure.compare import Change
from mlci.core.measure.enough import Denominator
from mlci.core.measure.spread import Drawn, Normal
from mlci.core.measure.verdicts import Measured, judge
from tests.support.decided import blocks, warns

MARGIN = Objective(metric="f1", may_drop=Margin(value=0.01))


def change(low, high, *, error=None, base=0.8):
    middle = (low + high) / 2
    return Change(
        base=base,
        head=base + middle,
        interval=Interval(low=low, high=high),
        head_interval=None,
        error=(high - low) / 3.92 if error is None else error,
        p_value=0.5,
    )


def measured(low=-0.001, high=0.001, *, objective=MARGIN, direction=Direction.HIGHER, **more):
    one = change(low, high)
    facts = {"base": one.base, "head": one.head, "change": one, "n": 1_000} | more
    return Measured(metric="f1", direction=direction, objective=objective, **facts)


def verdict(*args, **more):
    (row,) = judge([measured(*args, **more)])
    return row


@pytest.mark.parametrize(
    ("low", "high", "expected", "note"),
    [
        (0.001, 0.02, MetricVerdict.IMPROVED, ""),
        (0.0, 0.02, MetricVerdict.WITHIN_MARGIN, ""),
        (-0.009, 0.003, MetricVerdict.WITHIN_MARGIN, ""),
        (-0.01, 0.003, MetricVerdict.WITHIN_MARGIN, ""),
        (-0.009, -0.001, MetricVerdict.WITHIN_MARGIN, "slightly worse"),
        (-0.02, 0.003, MetricVerdict.INCONCLUSIVE, ""),
        (-0.02, -0.001, MetricVerdict.INCONCLUSIVE, "likely worse"),
        (-0.05, -0.02, MetricVerdict.REGRESSED, ""),
    ],
)
def test_the_interval_decides(low, high, expected, note):
    row = verdict(low, high)
    assert (row.verdict, row.note) == (expected, note)
    mirrored = verdict(-high, -low, direction=Direction.LOWER)
    assert (mirrored.verdict, mirrored.note) == (expected, note)


def test_what_blocks_depends_on_the_occasion():
    likely_worse, unsure, worse = verdict(-0.02, -0.001), verdict(-0.02, 0.003), verdict(-0.05, -0.02)
    assert not blocks(likely_worse, Occasion.PULL_REQUEST)
    assert blocks(likely_worse, Occasion.PROMOTION)
    assert not blocks(unsure, Occasion.PROMOTION)
    assert warns(unsure)
    assert blocks(worse, Occasion.PULL_REQUEST)


@pytest.mark.parametrize(
    ("low", "high", "rows"),
    [
        (-0.02, 0.02, 8_173),
        (-0.0119, 0.0081, 3_116),
        (-0.0199, -0.0041, 31_881),
        (-0.04, 0.0, 8_173),
        (-0.02, 0.0, None),
    ],
)
def test_an_inconclusive_row_names_the_rows_that_would_settle_it(low, high, rows):
    expected = None if rows is None else pytest.approx(rows, rel=1e-3)
    assert verdict(low, high).rows_needed == expected
    assert verdict(-high, -low, direction=Direction.LOWER).rows_needed == expected


def test_a_settled_row_needs_no_more():
    assert verdict(-0.001, 0.001).rows_needed is None


def test_an_inconclusive_row_always_needs_more_than_there_are():
    barely = measured(-0.0301, -0.0101)
    rows = judge([barely, *(measured() for _ in range(9))])
    half = 2.807 / 1.96 * 0.01 * (1.96 + 0.8416) / 1.96
    assert rows[0].rows_needed == pytest.approx(1_000 * (half / 0.0101) ** 2, rel=1e-3)
    for low in range(-60, -10):
        for high in range(-10, 30):
            row = verdict(low / 1_000, high / 1_000)
            assert row.verdict is not MetricVerdict.INCONCLUSIVE or (row.rows_needed or 1_001) > 1_000


def test_holm_forgives_one_of_many():
    barely = measured(-0.0301, -0.0101)
    assert judge([barely])[0].verdict is MetricVerdict.REGRESSED
    rows = judge([barely, *(measured() for _ in range(9))])
    assert rows[0].verdict is MetricVerdict.INCONCLUSIVE
    assert rows[0].note == "likely worse"


def test_slices_are_held_against_how_many_there_are():
    barely, plainly = {"low": -0.0301, "high": -0.0101}, {"low": -0.06, "high": -0.04}
    alone = judge([measured(**barely, subject="a")])
    assert alone[0].verdict is MetricVerdict.REGRESSED
    assert not blocks(alone[0], Occasion.PROMOTION)
    quiet = [measured(subject=f"q{each}") for each in range(9)]
    rows = judge([measured(**barely, subject="a"), measured(**plainly, subject="b"), *quiet])
    assert [each.verdict for each in rows[:2]] == [MetricVerdict.INCONCLUSIVE, MetricVerdict.REGRESSED]
    lucky = judge([measured(0.001, 0.03, subject="a"), *quiet])
    assert lucky[0].verdict is MetricVerdict.WITHIN_MARGIN
    assert judge([measured(0.001, 0.03), *quiet])[0].verdict is MetricVerdict.IMPROVED


def test_slices_do_not_change_what_is_gated():
    barely = measured(-0.0301, -0.0101)
    rows = judge([barely, *(measured(subject=f"s{each}") for each in range(50))])
    assert rows[0].verdict is MetricVerdict.REGRESSED


def test_without_a_margin_a_drop_is_shown_and_never_gated():
    row = verdict(-0.05, -0.02, objective=None)
    assert (row.verdict, row.note, row.gated) == (None, "likely worse", False)
    assert not blocks(row, Occasion.PROMOTION)


def test_a_relative_margin_is_a_share_of_base():
    objective = Objective(metric="f1", may_drop=Margin(value=0.02, relative=True))
    row = verdict(-0.015, -0.001, objective=objective)
    assert row.margin == pytest.approx(0.016)
    assert row.verdict is MetricVerdict.WITHIN_MARGIN


@pytest.mark.parametrize("direction", [Direction.HIGHER, Direction.LOWER])
@pytest.mark.parametrize("base", [0.8, -0.8])
def test_a_share_of_base_is_as_uncertain_as_base(base, direction):
    """The plain interval lies within the margin; head less what it must keep of base does not."""
    objective = Objective(metric="r2", may_drop=Margin(value=0.02, relative=True))
    asked = []

    def beside(keep):
        asked.append(keep)
        turned = 1 if direction is Direction.HIGHER else -1
        return Normal(value=turned * 0.008, error=error)

    known = replace(change(-0.008 - 0.007, -0.008 + 0.007, base=base), beside=beside)
    if direction is Direction.LOWER:
        known = replace(known, head=base + 0.008, interval=Interval(low=0.001, high=0.015))
    error = 0.005
    row = verdict(change=known, base=base, objective=objective, direction=direction)
    assert (row.verdict, row.note) == (
        MetricVerdict.INCONCLUSIVE,
        "the margin is a share of base, which is uncertain too",
    )
    assert row.rows_needed > 1_000
    error = 0.004
    row = verdict(change=known, base=base, objective=objective, direction=direction)
    assert (row.verdict, row.note) == (MetricVerdict.WITHIN_MARGIN, "slightly worse")
    assert set(asked) == {0.98 if (direction is Direction.HIGHER) is (base > 0) else 1.02}


def test_too_few_rows_decide_nothing():
    row = verdict(-0.5, -0.2, enough=False)
    assert row.noticeable is None
    assert row.verdict is MetricVerdict.INSUFFICIENT
    assert not blocks(row, Occasion.PROMOTION)


def test_what_is_too_few_is_named():
    row = verdict(-0.5, -0.2, enough=False, scarcest=Denominator(kind="clusters", amount=4.0))
    assert row.note == "it rests on 4 clusters, and a gate believes no fewer than 30"


def test_another_test_set_stops_a_promotion_only():
    row = verdict(change=None, incomparable="the test set changed")
    assert row.verdict is MetricVerdict.NOT_COMPARABLE
    assert warns(row)
    assert blocks(row, Occasion.PROMOTION)


@pytest.mark.parametrize("head", [None, nan, inf, -inf])
def test_a_gated_value_that_is_not_there_is_red(head):
    row = verdict(change=None, head=head)
    assert row.problem
    assert row.head is None
    assert blocks(row, Occasion.PULL_REQUEST)


def test_point_values_only_cannot_be_believed_or_blamed():
    row = verdict(change=None, base=0.8, head=0.5)
    assert (row.verdict, row.note) == (MetricVerdict.INCONCLUSIVE, "point values only")
    assert not blocks(row, Occasion.PROMOTION)


@pytest.mark.parametrize(
    ("head", "expected"),
    [(9.0, MetricVerdict.IMPROVED), (10.0, MetricVerdict.WITHIN_MARGIN), (11.0, MetricVerdict.REGRESSED)],
)
def test_exact_values_are_compared_as_they_are(head, expected):
    objective = Objective(metric="size", exact=True, may_drop=Margin(value=0.0))
    row = verdict(change=None, base=10.0, head=head, objective=objective, direction=Direction.LOWER)
    assert row.verdict is expected


@pytest.mark.parametrize(("base", "head"), [(0.8, 0.79), (0.3, 0.29), (1.0, 0.99), (0.07, 0.06)])
def test_what_lies_exactly_at_the_margin_is_within_it(base, head):
    """0.8 - 0.79 is a little more than 0.01, 1.0 - 0.99 as well, and 0.3 - 0.29 is a little less."""
    objective = Objective(metric="size", exact=True, may_drop=Margin(value=0.01))
    assert verdict(change=None, base=base, head=head, objective=objective).verdict is (
        MetricVerdict.WITHIN_MARGIN
    )
    low = head - base
    assert verdict(low, 0.005).verdict is MetricVerdict.WITHIN_MARGIN
    assert verdict(-0.1, low).verdict is MetricVerdict.INCONCLUSIVE


def test_a_drawn_difference_at_the_margin_is_not_beyond_it():
    at = np.sort(np.repeat([-0.05, 0.79 - 0.8], [9_500, 500]))
    drawn = Drawn(value=-0.03, lows=at, highs=at)
    known = replace(change(-0.05, -0.01), spread=drawn, interval=drawn.interval())
    assert known.p_beyond(0.01 + 1e-12, Direction.HIGHER) == pytest.approx(0.05, abs=1e-3)
    rows = judge([measured(change=known)])
    assert rows[0].verdict is MetricVerdict.INCONCLUSIVE


def test_a_change_without_an_interval_is_no_test_among_others():
    """It has nothing to accuse anybody with, and the others are not held more strictly for it."""
    barely = measured(-0.0301, -0.0101)
    known = replace(change(-0.5, -0.4), interval=None)
    rows = judge([barely, *(measured(change=known) for _ in range(9))])
    assert rows[0].verdict is MetricVerdict.REGRESSED
    assert {each.verdict for each in rows[1:]} == {MetricVerdict.INCONCLUSIVE}
    assert {each.note for each in rows[1:]} == {"point values only"}


@pytest.mark.parametrize("clusters", [True, False])
def test_a_catastrophe_is_seen_among_many(clusters):
    """1,001 draws can count to 0.001, which thirty rows make 0.03: the tail says how rare it really is."""
    draws = np.sort(np.random.default_rng(0).normal(-0.4, 0.02, 1_000))
    least = Normal(value=-0.4, error=0.02, freedom=99) if clusters else None
    drawn = Drawn(value=-0.4, lows=draws, highs=draws, least=least)
    known = replace(change(-0.45, -0.35), spread=drawn, interval=drawn.interval())
    rows = judge([measured(change=known), *(measured() for _ in range(49))])
    assert rows[0].verdict is MetricVerdict.REGRESSED
    mirrored = replace(drawn, value=0.4, lows=-draws[::-1], highs=-draws[::-1])
    mirrored = replace(mirrored, least=least and replace(least, value=0.4))
    assert mirrored.p_above(0.01) == pytest.approx(drawn.p_below(-0.01), rel=1e-9)


@pytest.mark.parametrize(
    ("limits", "head", "interval", "judge_by", "expected"),
    [
        ({"at_least": 0.8}, 0.85, (0.82, 0.88), Judge.POINT, FloorStatus.MET),
        ({"at_least": 0.8}, 0.81, (0.78, 0.84), Judge.POINT, FloorStatus.STRADDLED),
        ({"at_least": 0.8}, 0.79, (0.76, 0.82), Judge.POINT, FloorStatus.MISSED),
        ({"at_least": 0.8}, 0.81, (0.78, 0.84), Judge.INTERVAL, FloorStatus.MISSED),
        ({"at_most": 50}, 45, None, Judge.INTERVAL, FloorStatus.MET),
        ({"at_most": 50}, 49, (47, 51), Judge.POINT, FloorStatus.STRADDLED),
        ({"at_most": 50}, 51, (49, 53), Judge.POINT, FloorStatus.MISSED),
    ],
)
def test_floors(limits, head, interval, judge_by, expected):
    objective = Objective(metric="f1", judge=judge_by, **limits)
    around = None if interval is None else Interval(low=interval[0], high=interval[1])
    row = verdict(change=None, base=None, head=head, head_interval=around, objective=objective)
    assert row.floors[0].status is expected
    assert blocks(row, Occasion.PULL_REQUEST) == (expected is FloorStatus.MISSED)
    assert warns(row) == (expected is FloorStatus.STRADDLED)


@pytest.mark.parametrize(
    ("limits", "head_n", "rows"),
    [
        ({"at_least": 0.8}, 1_000, 18_389),
        ({"at_most": 0.82}, 1_000, 18_389),
        ({"at_least": 0.8}, 400, 7_356),
        ({"at_least": 0.81}, 1_000, None),
        ({"at_least": 0.7}, 1_000, None),
    ],
)
def test_where_rows_cannot_be_sure_of_a_floor_it_is_known_how_many_could(limits, head_n, rows):
    around = Interval(low=0.78, high=0.84)
    objective = Objective(metric="f1", **limits)
    row = verdict(change=None, head=0.81, head_interval=around, head_n=head_n, objective=objective)
    assert row.floors[0].rows_needed == rows


@pytest.mark.parametrize(
    ("base", "head", "expected"),
    [(1e308, -1e308, MetricVerdict.REGRESSED), (-1e308, 1e308, MetricVerdict.IMPROVED)],
)
def test_a_difference_beyond_all_numbers_is_not_written_and_decides_all_the_same(base, head, expected):
    objective = Objective(metric="loss", exact=True, may_drop=Margin(value=0.1))
    row = verdict(change=None, base=base, head=head, objective=objective)
    assert (row.difference, row.verdict) == (None, expected)
