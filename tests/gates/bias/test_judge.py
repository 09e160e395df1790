"""What one group's counts mean beside the rest's, alone and among many."""

from math import log

import pytest
from statsmodels.stats.proportion import confint_proportions_2indep

from mlci.core.finding import Status
from mlci.gates.bias.compare import Rate, Scale, compare
from mlci.gates.bias.cube import Cells
from mlci.gates.bias.judge import Asked, judge
from mlci.gates.bias.measures import MEASURES

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
