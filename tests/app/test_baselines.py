"""What runs in an environment as a second thing to compare with."""

import pytest
from msgspec.structs import replace

from mlci.app.baselines import against_environments
from mlci.app.diff import diff
from mlci.core.config import Environment, ReportSettings
from mlci.core.diff import MetricVerdict
from tests.app.test_diff import CONFIG, Place, predictions

WITH_PROD = replace(
    CONFIG,
    environments={"prod": Environment(name="prod")},
    report=ReportSettings(baselines=("main", "prod")),
)


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def against(place, base=None):
    request = place.request(base, config=WITH_PROD)
    return against_environments(request, diff(request))


def released(place, version="v0.1.0"):
    place.story.tag(f"income@{version}").tag("income#prod#1")


def test_small_drops_that_each_stay_within_their_margin_add_up(place):
    place.commit(predicted=predictions(skill=0.80))
    released(place)
    place.commit(predicted=predictions(skill=0.78), lr=0.2)
    place.story.branch("change")
    place.commit(predicted=predictions(skill=0.70), lr=0.3)
    told = against(place, "main")["prod"]
    assert told.base_name == "income v0.1.0"
    assert [(each.metric, each.verdict) for each in told.metrics if each.gated] == [
        ("f1", MetricVerdict.REGRESSED)
    ]


def test_an_environment_where_nothing_runs_is_left_out(place):
    place.commit()
    assert against(place) == {}


def test_what_runs_what_main_is_is_not_measured_twice(place):
    place.commit()
    released(place)
    place.story.branch("change")
    place.commit(lr=0.2)
    request = place.request("main", config=WITH_PROD)
    found = diff(request)
    asked = len(place.cache.asked)
    told = against_environments(request, found)["prod"]
    assert (told.metrics, told.base_name) == (found.metrics, "income v0.1.0")
    assert len(place.cache.asked) == asked


def test_predictions_that_nobody_kept_are_a_note_and_nothing_red(place):
    lost = predictions(skill=0.9)
    place.commit(predicted=lost)
    released(place)
    place.keep(lost).unlink()
    place.commit(predicted=predictions(seed=3), lr=0.2)
    told = against(place)["prod"]
    assert all(each.verdict is not MetricVerdict.REGRESSED for each in told.metrics)
    assert told.problems == ()
