"""Metrics as tags state them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.finding import Interval
from mlci.core.registry.stated import Stated

NUMBERS = st.floats(-1e300, 1e300)


@given(
    name=st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1),
    value=NUMBERS,
    limits=st.none() | st.tuples(NUMBERS, NUMBERS),
    verdict=st.sampled_from(["", "improved", "within_margin"]),
)
def test_what_is_written_is_read(name, value, limits, verdict):
    interval = Interval(low=limits[0], high=limits[1]) if limits else None
    stated = Stated(name=name, value=value, interval=interval, verdict=verdict)

    read = Stated.parse(str(stated))

    assert (read.name, read.verdict) == (name, verdict)
    assert read.value == pytest.approx(value, rel=1e-9)
    assert (read.interval is None) == (limits is None)


@pytest.mark.parametrize("text", ["", "a", "=1", "a=", "a=nan", "a=1 [2]", "a=1 [2, x]", "a=1  b", "a=0x1"])
def test_what_states_no_metric_is_none(text):
    assert Stated.parse(text) is None
