from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlci.core.finding import Interval
from mlci.core.wording import decimals_beside, decimals_between, difference, number, signed, stated

FINITE = st.floats(-1, 1, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-11)


def test_numbers_keep_what_matters() -> None:
    assert number(0.84314) == "0.8431"
    assert number(1.2e-7) == "1.2e−07"
    assert number(30000) == "30,000"
    assert number(41_250.123) == "41,250"
    assert number(412.5) == "412.5"
    assert number(1e300) == "1e+300"
    assert number(None) == "–"
    assert signed(-0.5) == "−0.5000"


def test_a_tiny_limit_does_not_print_as_zero() -> None:
    assert difference(0.001, Interval(low=0.00001, high=0.002)) == "+0.00100 (+0.00001, +0.00200)"


@given(value=FINITE, low=FINITE, high=FINITE)
def test_printed_limits_stand_on_the_side_where_the_verdict_saw_them(
    value: float, low: float, high: float
) -> None:
    low, high = sorted((low, high))
    text = difference(value, Interval(low=low, high=high), margin=0.005)
    printed = text.replace("−", "-").partition("(")[2].rstrip(")").split(", ")
    for shown, limit in zip(map(float, printed), (low, high), strict=True):
        assert (shown > 0, shown < 0) == (limit > 0, limit < 0)
        assert (shown >= -0.005) == (limit >= -0.005) or abs(limit + 0.005) < 1e-11


@pytest.mark.parametrize(
    ("limits", "margin", "told"),
    [
        ((1988.02, 1938.4, 2036.6), 500.0, "+1,988 (+1,938, +2,037)"),
        ((-5.25, -6.5, -4.0), None, "−5.250 (−6.500, −4.000)"),
        ((1e300, 1e299, 2e300), None, "+1e+300 (+1e+299, +2e+300)"),
        # A limit that lies on the margin is printed like the margin, and no longer than it.
        ((0.035, 0.1 + 0.2 - 0.29, 0.06), 0.01, "+0.0350 (+0.0100, +0.0600)"),
        ((0.035, 0.01, 0.06), 0.01, "+0.0350 (+0.0100, +0.0600)"),
        ((0.035, 0.01234567, 0.06), 0.01234567, "+0.0350 (+0.0123, +0.0600)"),
        ((0.035, 0.010001, 0.06), 0.01, "+0.035000 (+0.010001, +0.060000)"),
        ((0.005, 1e-10, 0.01), None, "+0.0050 (+1e−10, +0.0100)"),
    ],
)
def test_a_difference_has_the_decimals_that_it_needs(limits, margin, told) -> None:
    value, low, high = limits
    assert difference(value, Interval(low=low, high=high), margin=margin) == told


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        (0.85, "0.85"),
        (600.0, "600"),
        (1_234_567.0, "1,234,567"),
        (-0.5, "−0.5"),
        (1e-7, "1e−07"),
        (1e300, "1e+300"),
    ],
)
def test_a_limit_is_written_as_somebody_would_write_it(limit, told) -> None:
    assert stated(limit) == told


def read(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


ANY = st.floats(allow_nan=False)


@given(st.floats(-1e6, 1e6) | st.floats(0.84, 0.86), st.sampled_from([0.85, 0.005, 600.0, -3.0]))
@example(0.849996, 0.85)
def test_a_value_is_printed_on_its_side_of_a_limit(value: float, limit: float) -> None:
    shown = read(number(value, decimals=decimals_beside((value,), (limit,))))
    assert (shown < limit) == (value < limit) or abs(value - limit) <= 1e-9 * abs(limit)
    assert (shown > limit) == (value > limit) or abs(value - limit) <= 1e-9 * abs(limit)


@given(ANY, ANY, ANY, st.none() | ANY)
def test_any_floats_are_printed_short_and_with_their_sign(value, low, high, margin) -> None:
    assert len(number(value)) <= 24
    assert read(signed(value)) * value >= 0
    told = difference(value, Interval(low=low, high=high), margin=margin)
    assert len(told) <= 110


HUGE = st.decimals(allow_nan=False, allow_infinity=False) | st.floats(
    allow_nan=False, allow_infinity=False
).map(Decimal)


@given(HUGE, HUGE)
@example(Decimal("1e30"), Decimal("0.5"))
@example(Decimal(10) ** 300, Decimal("1e-300"))
@example(Decimal("1e-999999"), Decimal("1.5"))
def test_any_two_decimals_have_a_number_of_decimals_or_none(base: Decimal, head: Decimal) -> None:
    decimals = decimals_between(base, head)
    assert decimals is None or 0 <= decimals <= 12
    for each in (base, head):
        assert decimals is None or not each or Decimal(f"{each:.{decimals}f}")
