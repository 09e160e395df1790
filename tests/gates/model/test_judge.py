"""A value held against its floor or ceiling, as people read it."""

import pytest

from mlci.core.config import Direction, Judge
from mlci.core.finding import Interval, Status
from mlci.gates.model.judge import Bound, Measured, held


@pytest.mark.parametrize(
    ("point", "limit", "said"),
    [
        (0.849_996, 0.85, "0.849996, expected at least 0.85"),
        (41_250.0, 1_234_567.0, "41,250, expected at least 1,234,567"),
        (0.7, 0.85, "0.7000, expected at least 0.85"),
    ],
)
def test_a_value_that_misses_its_limit_is_printed_as_missing_it(
    point: float, limit: float, said: str
) -> None:
    bound = Bound(limit=limit, direction=Direction.HIGHER)
    found = held("model.objective", "income.accuracy", bound, Measured(point=point))
    assert (found.status, found.message) == (Status.FAIL, said)


@pytest.mark.parametrize(
    ("direction", "point", "limit", "advice"),
    [
        (Direction.HIGHER, 0.93, 0.9, "about 1,400 rows would be sure; these can hold `at_least: 0.89`"),
        (Direction.LOWER, 0.93, 0.96, "about 1,400 rows would be sure; these can hold `at_most: 0.97`"),
        (Direction.HIGHER, 0.93, 0.93, "more rows would be sure; these can hold `at_least: 0.89`"),
    ],
)
def test_where_rows_cannot_be_sure_of_a_limit_the_advice_names_numbers(
    direction: Direction, point: float, limit: float, advice: str
) -> None:
    measured = Measured(point=point, interval=Interval(low=point - 0.0386, high=point + 0.0386), n=400)
    found = held("model.objective", "s", Bound(limit=limit, direction=direction), measured)
    assert (found.status, found.help) == (Status.WARN, advice)
    assert found.message.endswith("; met too narrowly for these rows to be sure")
    strict = held("s", "s", Bound(limit=limit, direction=direction, judge=Judge.INTERVAL), measured)
    assert strict.message.endswith("; the interval crosses the limit")


def test_an_interval_is_printed_on_the_sides_where_it_lies() -> None:
    measured = Measured(point=0.9, interval=Interval(low=0.849_99, high=0.95))
    found = held("model.objective", "s", Bound(limit=0.85, direction=Direction.HIGHER), measured)
    assert found.message.startswith("0.90000 (0.84999 to 0.95000), expected at least 0.85;")
    assert measured.told == "0.9000 (0.8500 to 0.9500)"
