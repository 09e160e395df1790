"""What a test set can resolve: learnt from two models where there are two, a bound where there is one."""

import pytest
from msgspec.structs import replace

from mlci.app.power import of_row, power
from mlci.core.config import Direction, Margin, Objective
from mlci.core.context import RunContext, Trigger
from mlci.core.finding import Interval
from mlci.core.measure.compare import Change
from mlci.core.measure.enough import Denominator
from mlci.core.measure.power import LeftOut
from mlci.core.measure.spread import Shares
from mlci.core.measure.verdicts import Measured
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
    assert found["accuracy"].paired


def test_one_model_gives_a_bound(place):
    place.commit()
    (f1, *_) = power(place.request(head="HEAD", context=RunContext(trigger=Trigger.MAIN)))
    assert not f1.paired
    assert f1.noticeable > 0


def test_the_same_model_twice_tells_nothing_but_the_bound(place):
    commit = place.commit()
    assert not power(place.request(commit, commit))[0].paired


def test_of_two_models_with_nothing_in_common_few_rows_tell_as_much_as_is_said_of_one(place):
    place.story.write({"test.csv": people(north=60)})
    base, head = place.commit(), place.commit(predicted=predictions(seed=4))

    def noticed(of):
        rows = power(place.request(of, head, config=SLICED))
        found = [each for each in rows if each.metric == "accuracy" and each.subject == "region=north"]
        return found[0]

    apart, alone = noticed(base), noticed(head)
    assert (apart.paired, alone.paired) == (True, False)
    # The same model twice: what is said of it was 0.23, a fifth below what two such models need.
    assert alone.noticeable == pytest.approx(apart.noticeable, rel=0.1)


def test_every_slice_resolves_less_than_the_whole(place):
    place.story.write({"test.csv": people(north=300)})
    base, head = place.commit(), place.commit(predicted=predictions(seed=4))
    rows = power(place.request(base, head, config=SLICED))
    found = {each.subject: each.noticeable for each in rows if each.metric == "f1"}
    assert found["region=north"] > found["region=south"] > found[None]


def test_of_what_tells_nothing_it_is_said_why():
    """Of one value in all rows, of too few of them, and of point values only."""
    known = Measured(
        metric="f1", direction=Direction.HIGHER, model="m", n=300, head_n=330, head=0.9,
        head_interval=Interval(low=0.8, high=1.0),
        objective=Objective(metric="f1", may_drop=Margin(value=0.005)),
    )  # fmt: skip
    told = of_row(known)
    assert told.noticeable == pytest.approx(2.8016 * 2**0.5 * 0.2 / 3.92, rel=1e-3)
    assert told.needed == pytest.approx(330 * (told.noticeable / 0.005) ** 2, abs=1)
    assert told.rows == 330
    few = replace(known, enough=False, scarcest=Denominator(kind="positives", amount=12))
    assert of_row(few) == LeftOut(
        model="m", metric="f1", subject=None,
        why="it rests on 12 positives, and a gate believes no fewer than 30",
    )  # fmt: skip
    assert "fewer than 30" in of_row(replace(known, enough=False)).why
    assert "how far it may move" in of_row(replace(known, head_interval=Interval(low=1.0, high=1.0))).why
    assert of_row(replace(known, head_interval=None)).why == "its value has no interval"
    assert of_row(replace(known, problem="not there")).why == "not there"


@pytest.mark.parametrize(("relative", "of_base", "margin"), [(True, 0.05, 0.04), (False, None, 0.05)])
def test_a_margin_that_is_a_share_of_base_is_told_as_one(relative, of_base, margin):
    known = Measured(
        metric="f1", direction=Direction.HIGHER, model="m", n=300, head_n=330, base=0.8, head=0.9,
        head_interval=Interval(low=0.8, high=1.0),
        objective=Objective(metric="f1", may_drop=Margin(value=0.05, relative=relative)),
    )  # fmt: skip
    told = of_row(known)
    assert (told.of_base, told.margin) == (of_base, pytest.approx(margin))


def test_the_rows_that_are_needed_are_never_fewer_than_a_gate_believes():
    loose = Measured(
        metric="f1", direction=Direction.HIGHER, model="m", n=1_000, head_n=1_000, head=0.9,
        head_interval=Interval(low=0.88, high=0.92), scarcest=Denominator(kind="positives", amount=40),
        objective=Objective(metric="f1", may_drop=Margin(value=0.5)),
    )  # fmt: skip
    assert of_row(loose).needed == 750
    assert of_row(replace(loose, scarcest=None)).needed == 30


def test_a_share_asks_for_the_rows_at_which_its_margin_is_noticed():
    seldom = Shares(more=1, fewer=1, rows=1_000)
    change = Change(
        base=0.9, head=0.9, interval=seldom.interval(), head_interval=None, error=seldom.error, p_value=1.0,
        spread=seldom,
    )  # fmt: skip
    objective = Objective(metric="accuracy", may_drop=Margin(value=0.005))
    told = of_row(
        Measured(
            metric="accuracy", direction=Direction.HIGHER, model="m", n=1_000, base=0.9, head=0.9,
            change=change, objective=objective,
        )
    )  # fmt: skip
    assert told.paired
    assert told.noticeable > 2 * 2.8016 * seldom.error
    assert told.enough is False
    assert told.needed > 1_000
