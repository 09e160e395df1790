"""What a test set can resolve: learnt from two models where there are two, a bound where there is one."""

import pytest

from mlci.app.power import power
from mlci.core.context import RunContext, Trigger
from tests.app.test_diff import SLICED, Place, people, predictions


@pytest.fixture
def place(tmp_path):
    return Place(tmp_path)


def test_two_models_on_the_same_rows_tell_it(place):
    base, head = place.commit(), place.commit(predicted=predictions(seed=4))
    found = {each.metric: each for each in power(place.request(base, head))}
    f1 = found["f1"]
    assert f1.paired
    assert f1.rows == 1_000
    assert 0.02 < f1.noticeable < 0.08
    assert f1.margin == 0.02
    assert f1.enough is False
    assert f1.needed == pytest.approx(1_000 * (f1.noticeable / 0.02) ** 2, abs=1)
    assert found["accuracy"].enough is None


def test_one_model_gives_a_bound(place):
    place.commit()
    (f1, *_) = power(place.request(head="HEAD", context=RunContext(trigger=Trigger.MAIN)))
    assert not f1.paired
    assert f1.noticeable > 0


def test_the_same_model_twice_tells_nothing_but_the_bound(place):
    commit = place.commit()
    assert not power(place.request(commit, commit))[0].paired


def test_every_slice_resolves_less_than_the_whole(place):
    place.story.write({"test.csv": people(north=300)})
    base, head = place.commit(), place.commit(predicted=predictions(seed=4))
    rows = power(place.request(base, head, config=SLICED))
    found = {each.subject: each.noticeable for each in rows if each.metric == "f1"}
    assert found["region=north"] > found["region=south"] > found[None]
