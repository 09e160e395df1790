from hypothesis import given
from hypothesis import strategies as st

from mlci.core.finding import Interval
from mlci.core.wording import difference, number, signed

FINITE = st.floats(-1, 1, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-11)


def test_numbers_keep_what_matters() -> None:
    assert number(0.84314) == "0.8431"
    assert number(1.2e-7) == "1.2e−07"
    assert number(30000) == "30,000"
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
