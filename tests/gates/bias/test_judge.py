"""What one group's counts mean beside the rest's, alone and among many."""

from math import log

import numpy as np
import pytest
from msgspec.structs import replace
from statsmodels.stats.proportion import confint_proportions_2indep

from mlci.core.evidence import Evidence, to_json
from mlci.core.finding import Status
from mlci.gates.bias.compare import Rate, Scale, compare
from mlci.gates.bias.cube import Cells, Cube, worth_of_rows
from mlci.gates.bias.judge import Asked, judge
from mlci.gates.bias.measures import MEASURES
from mlci.gates.subjects import Attribute
from tests.core.samples import binary

EQUAL = Asked(measure=MEASURES[0], limit=0.1, expected="within ±0.1")


def cells(found, positives):
    return Cells(true_positive=found, false_negative=positives - found, false_positive=20, true_negative=80)


def together(groups):
    return Cells(
        true_positive=sum(each.true_positive for each in groups.values()),
        false_negative=sum(each.false_negative for each in groups.values()),
        false_positive=sum(each.false_positive for each in groups.values()),
        true_negative=sum(each.true_negative for each in groups.values()),
    )


def statuses(groups):
    return {each.subject: each.status for each in judge(EQUAL, "income", groups, together(groups))}


def test_a_group_that_fails_alone_only_warns_among_many():
    """One comparison may be wrong in 5 % of runs; so may all comparisons of a column together."""
    rest = {f"g={number}": cells(85, 100) for number in range(7)}
    alone = {"g=a": cells(64, 100), "g=rest": cells(7 * 85, 700)}
    assert statuses(alone) == {"income.g=a": Status.FAIL}
    assert statuses({"g=a": cells(64, 100), **rest})["income.g=a"] is Status.WARN


def test_of_two_groups_the_lower_one_is_judged():
    assert statuses({"g=a": cells(900, 1000), "g=b": cells(600, 1000)}) == {"income.g=b": Status.FAIL}


@pytest.mark.parametrize(("positives", "told"), [(29, True), (30, False)])
def test_fewer_than_thirty_positives_are_insufficient(positives, told):
    groups = {"g=a": cells(positives, positives), "g=b": cells(900, 1000)}
    found = judge(EQUAL, "m", groups, together(groups))
    assert any("insufficient" in each.message and each.subject == "m.g=a" for each in found) is told


@pytest.mark.parametrize(("hits", "of"), [(50, 100), (90, 100), (3, 40), (0, 50)])
def test_ratios_have_the_interval_that_statsmodels_gives_them(hits, of):
    limits = Scale.RATIO.limits(Rate(hits=max(hits, 1), of=of), Rate(hits=300, of=500), 0.95)
    low, high = confint_proportions_2indep(max(hits, 1), of, 300, 500, compare="ratio", method="log")
    assert (limits.low, limits.high) == pytest.approx((log(low), log(high)), abs=1e-9)
    nobody = compare(MEASURES[3], "g", cells(0, 100) - cells(0, 0), cells(80, 100), log(1.25))
    assert nobody.limits.low < nobody.limits.high


def test_a_p_value_and_its_interval_agree():
    for found in range(40, 90, 3):
        one = compare(MEASURES[0], "g", cells(found, 100), cells(800, 1000), 0.1)
        beyond = one.limits.low > 0.1 or one.limits.high < -0.1
        assert (one.p_value < 0.05) is beyond


def test_a_finding_shows_the_limit_that_it_was_held_against():
    groups = {"g=a": cells(900, 1000), "g=b": cells(600, 1000)}
    (found,) = judge(EQUAL, "income", groups, together(groups))
    assert found.message.endswith("is 0.300 below the rest's 0.900, expected within ±0.1")


def test_a_ratio_to_nothing_is_told_and_can_be_written_down():
    """Nobody else is selected: as many times nothing is no number, and evidence takes none but numbers."""
    nobody = Cells(true_positive=0, false_negative=40, false_positive=0, true_negative=60)
    some = Cells(true_positive=20, false_negative=20, false_positive=3, true_negative=57)
    groups = {"g=a": nobody, "g=b": nobody, "g=c": some}
    asked = Asked(measure=MEASURES[3], limit=-log(0.8), expected="0.8 to 1.25")
    found = {each.subject: each for each in judge(asked, "m", groups, together(groups))}
    alone = found["m.g=c"]
    assert (alone.status, alone.observed) == (Status.FAIL, None)
    assert alone.interval.low > 1.25
    assert "selection rate 0.230 (23 of 100), and the rest's 0.000" in alone.message
    assert found["m.g=a"].observed == 0.0
    to_json(Evidence(gate="bias", commit="0" * 40, findings=tuple(found.values())))


def fair(rng, copies):
    """60 people of each group, of whom each is in the test set several times; one true positive rate."""
    people = np.arange(120)
    truth, label = people // 2 % 2, np.where(people // 2 % 2, rng.random(120) < 0.7, rng.random(120) < 0.1)
    every = np.repeat(people, copies)
    one = binary(rows=len(every), truth=truth[every], scores=label[every] * 1.0, cluster=every)
    return one, Attribute(name="g", codes=every % 2, groups=("a", "b"))


def test_rows_of_one_person_are_no_evidence_of_their_own():
    """Taken for rows, ten of each person accuse one fair model in eight."""
    rng, accused = np.random.default_rng(0), 0
    for _ in range(300):
        one, attribute = fair(rng, copies=10)
        cube = Cube.of([attribute], one.truth, one.label, worth_of_rows(one))
        found = judge(EQUAL, "m", cube.groups(["g"]), cube.total())
        accused += any(each.status is Status.FAIL for each in found)
    assert accused / 300 < 0.04


def test_rates_are_those_of_the_weights_and_rows_what_they_are_worth():
    rng = np.random.default_rng(1)
    one, attribute = fair(rng, copies=1)
    one = replace(one, cluster=None, weight=rng.uniform(0.5, 2, len(one)))
    cube = Cube.of([attribute], one.truth, one.label, worth_of_rows(one))
    assert cube.total().rows == pytest.approx(one.weight.sum() ** 2 / (one.weight**2).sum())
    group = (attribute.codes == 0) & (one.truth == 1)
    expected = np.average(one.label[group], weights=one.weight[group])
    assert MEASURES[0].rate(cube.groups(["g"])["g=a"]).value == pytest.approx(expected)
    assert worth_of_rows(replace(one, weight=None)) is None
    assert not worth_of_rows(replace(one, weight=np.zeros(len(one)))).any()
