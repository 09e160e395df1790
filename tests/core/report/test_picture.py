"""Bars made of characters: to scale, and with everything in them that there is to see."""

import pytest

from mlci.core.report import IntervalRow, Intervals, words
from mlci.core.report.picture import bar, legend, scales


def row(
    low: float, point: float, high: float, margin: float | None = None, group: str = "auc"
) -> IntervalRow:
    return IntervalRow(label=words("x"), low=low, point=point, high=high, margin=margin, group=group)


def drawn(one: IntervalRow) -> str:
    return bar(one, scales(Intervals(rows=(one,)))[one.group])


def test_each_unit_has_a_scale_of_its_own() -> None:
    block = Intervals(rows=(row(-990, -812, -640, 500, "rmse"), row(-0.026, -0.021, -0.016, 0.005, "r2")))
    assert scales(block) == {"rmse": 990, "r2": 0.026}
    assert legend(block).endswith("Each metric has a scale of its own.")
    assert "of its own" not in legend(Intervals(rows=block.rows[:1]))
    small = bar(block.rows[1], scales(block)["r2"])
    assert small.index("●") < small.index("┊") < 12


def test_the_accepted_drop_is_to_scale() -> None:
    assert drawn(row(-0.0005, 0.0, 0.0005, 0.02)).index("┊") == 0
    assert drawn(row(-0.04, -0.03, -0.02, 0.02)).index("┊") == 6


@pytest.mark.parametrize(
    ("point", "margin"),
    [(-0.0201, 0.02), (-0.0199, 0.02), (-0.04, 0.04), (-0.0001, 0.0002), (-0.0002, 0.0001)],
)
def test_a_difference_beside_the_accepted_drop_hides_it_nowhere(point: float, margin: float) -> None:
    found = bar(row(-0.04, point, 0.04, margin), 0.04)
    assert found.count("┊") == found.count("●") == 1
    assert (found.index("●") < found.index("┊")) == (point < -margin)
    assert len(found) == 25


@pytest.mark.parametrize("scale", [5e-324, 1.0, 1e308])
def test_what_lies_beyond_the_scale_is_drawn_at_its_end(scale: float) -> None:
    found = bar(row(-1e308, 1e308, 1e308), scale)
    assert len(found) == len(drawn(row(-1, 0, 1)))
    assert found.endswith("●")


def test_no_accepted_drop_is_spoken_of_where_there_is_none() -> None:
    assert "accepted" not in legend(Intervals(rows=(row(-1, 0, 1),)))
    assert "┊ accepted drop" in legend(Intervals(rows=(row(-1, 0, 1, 0.5),)))
    assert drawn(row(0, 0, 0)).index("●") == 12
