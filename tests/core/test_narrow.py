"""The number to write where a limit is nearer than the rows can tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlci.core.narrow import resolvable


@pytest.mark.parametrize(
    ("value", "end", "number"),
    [
        (0.8012, 0.79498, 0.794),
        (0.8012, 0.5, 0.5),
        (0.0766, 0.0826, 0.083),
        (41_250.0, 39_870.0, 39_800.0),
        (-3.2, -3.9, -4.0),
        (0.5, 0.5, 0.5),
    ],
)
def test_the_shortest_number_near_the_end_is_named(value: float, end: float, number: float) -> None:
    assert resolvable(value, end) == number


@given(value=st.floats(-1e6, 1e6), half=st.floats(1e-9, 1e6), higher=st.booleans())
def test_what_is_named_can_be_held_and_gives_little_away(value: float, half: float, higher: bool) -> None:
    end = value - half if higher else value + half
    found = resolvable(value, end)
    assert found <= end if higher else found >= end
    assert abs(found - end) <= 0.5 * abs(value - end)
