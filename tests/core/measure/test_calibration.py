"""The bins of a calibration, and how a report shows them."""

import numpy as np
import pytest
from msgspec.structs import replace
from sklearn.calibration import calibration_curve

from mlci.core.evidence import Evidence
from mlci.core.measure.calibration import reliability
from mlci.core.measure.reliability import read_bin
from mlci.core.measure.stats import wilson
from mlci.core.report import Intervals, Table, Tone, plain
from mlci.core.report.compose.calibration import calibrations
from mlci.core.report.picture import legend
from mlci.core.strictjson import plain as builtins


def binned(rows=5_000, *, off=0.0, weight=None, cluster=None):
    rng = np.random.default_rng(3)
    scores = rng.random(rows)
    truth = (rng.random(rows) < np.clip(scores + off, 0, 1)).astype(np.intp)
    return scores, truth, reliability(scores, truth, np.ones(rows) if weight is None else weight, cluster)


def test_bins_are_scikit_learns():
    scores, truth, found = binned()
    happened, said = calibration_curve(truth, scores, n_bins=10)
    assert [each.said for each in found] == pytest.approx(said)
    assert [each.happened for each in found] == pytest.approx(happened)
    assert sum(each.rows for each in found) == 5_000
    first = found[0]
    assert first.interval == wilson(round(first.happened * first.rows), first.rows)


def test_bins_without_rows_are_left_out_and_one_is_in_the_last():
    found = reliability(np.array([0.0, 0.05, 1.0]), np.array([0, 1, 1]), np.ones(3), None)
    assert [(each.low, each.high, each.rows) for each in found] == [(0.0, 0.1, 2), (0.9, 1.0, 1)]


def test_rows_of_one_cluster_or_of_unequal_weight_count_as_fewer():
    width = [each.interval.high - each.interval.low for each in binned()[2]]
    alone = np.arange(5_000)
    for more in ({"cluster": alone // 10}, {"weight": np.where(alone % 2, 1.0, 0.1)}):
        wider = [each.interval.high - each.interval.low for each in binned(**more)[2]]
        assert np.mean(wider) > 1.01 * np.mean(width)
    same = [each.interval for each in binned(weight=np.full(5_000, 7.0))[2]]
    assert [each.high - each.low for each in same] == pytest.approx(width)


def test_shares_stay_shares_whatever_the_weights():
    """The sum of weights in another order may be greater by its last digit."""
    rng = np.random.default_rng(5)
    for rows in range(1, 300):
        found = reliability(np.ones(rows), np.ones(rows, np.intp), rng.random(rows), None)
        assert [read_bin(each) for each in builtins(found)] == found


def evidence(bins, gate="model"):
    return Evidence(gate=gate, commit="a" * 40, findings=(), figures={"calibration": {"income": bins}})


def test_a_report_shows_each_bin_as_a_picture_and_a_row():
    found = binned(off=0.2)[2]
    (section,) = calibrations(evidence(builtins(found)))
    assert (section.title, plain(section.summary), section.folded) == (
        "Calibration of income", "10 bins, 5,000 rows", True,
    )  # fmt: skip
    (picture,) = [each for each in section.blocks if isinstance(each, Intervals)]
    (table,) = [each for each in section.blocks if isinstance(each, Table)]
    assert len(picture.rows) == len(table.rows) == 10
    middle = picture.rows[4]
    assert (middle.point, middle.tone) == (pytest.approx(0.2, abs=0.06), Tone.WARN)
    assert (middle.said, picture.ends) == ("too little", ("too much was said", "too little"))
    assert "Right is better" not in legend(picture)
    assert "accepted drop" not in legend(picture)
    assert plain(table.rows[4][0].text) == "0.4 to 0.5"
    straight = [row.tone for row in next(iter(calibrations(evidence(builtins(binned()[2]))))).blocks[0].rows]
    assert straight.count(Tone.NEUTRAL) >= 8


@pytest.mark.parametrize(
    "spoilt",
    [
        None,
        7,
        {"rows": -1},
        {"said": 2.0},
        {"happened": "x"},
        {"interval": None},
        {"low": float("nan")},
    ],
)
def test_what_is_no_calibration_is_not_drawn(spoilt):
    good = builtins(binned()[2])
    bins = [*good, {**good[0], **spoilt} if isinstance(spoilt, dict) else spoilt]
    assert not list(calibrations(evidence(bins)))
    assert not list(calibrations(evidence("bins")))
    assert not list(calibrations(replace(evidence(good), gate="bias")))
