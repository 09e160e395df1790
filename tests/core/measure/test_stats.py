"""The statistics against published examples, statsmodels and scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from mlci.core.measure import stats
from mlci.core.measure.spread import Drawn, Shares

SHARES = st.lists(st.floats(0, 1), min_size=1, max_size=30)


@given(total=st.integers(1, 10_000), share=st.floats(0, 1))
def test_wilson_is_statsmodels(total, share):
    hits = round(total * share)
    low, high = proportion_confint(hits, total, method="wilson")
    found = stats.wilson(hits, total)
    assert (found.low, found.high) == pytest.approx((max(low, 0), min(high, 1)), abs=1e-12)


def test_newcombe_gives_his_published_intervals():
    # Newcombe (1998), table II, method 10: 56/70 - 48/80 and 9/10 - 3/10.
    found = stats.newcombe(56, 70, 48, 80)
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=5e-5)
    found = stats.newcombe(9, 10, 3, 10)
    assert (found.low, found.high) == pytest.approx((0.1705, 0.8090), abs=5e-5)


@given(one=st.integers(0, 300), other=st.integers(0, 300))
def test_mcnemar_is_the_mid_p_of_the_binomial(one, other):
    fewer, total = min(one, other), one + other
    exact = mcnemar([[0, one], [other, 0]], exact=True).pvalue if total else 1.0
    expected = 1.0 if one == other else exact - scipy_stats.binom.pmf(fewer, total, 0.5)
    found = stats.mcnemar_midp(one, other)
    assert found == pytest.approx(expected, rel=1e-9)
    assert found == stats.mcnemar_midp(other, one)


def test_mcnemar_stands_a_hundred_thousand_disagreements():
    assert stats.mcnemar_midp(50_000, 51_000) == pytest.approx(
        2 * scipy_stats.binom.cdf(50_000, 101_000, 0.5) - scipy_stats.binom.pmf(50_000, 101_000, 0.5),
        rel=1e-7,
    )


@settings(max_examples=10)
@given(SHARES)
def test_adjusted_p_values_are_statsmodels(p_values):
    assert stats.holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
    assert stats.benjamini_hochberg(p_values) == pytest.approx(multipletests(p_values, method="fdr_bh")[1])


@pytest.mark.parametrize("freedom", [1, 2, 3, 4, 5, 10, 29, 60, 61, 100, 5_000])
def test_student_is_scipys(freedom):
    assert stats.student_quantile(0.975, freedom) == pytest.approx(
        scipy_stats.t.ppf(0.975, freedom), rel=1e-9
    )
    for t in (-2.0, 0.0, 0.5, 2.0, 6.0):
        assert stats.student_tail(t, freedom) == pytest.approx(scipy_stats.t.sf(t, freedom), rel=1e-8)


def test_rows_needed_is_the_known_formula():
    # 5 % disagreement, margin 0.01: 7.84 times disagreement over the margin's square.
    assert stats.rows_needed(1_000, (0.05 / 1_000) ** 0.5, 0.01) == pytest.approx(3_925, abs=5)
    assert stats.rows_needed(1_000, 0.01, 0.0) is None


@pytest.mark.parametrize(("rows", "discordant"), [(1_000, 0.002), (1_000, 0.05), (300, 0.0), (5_000, 0.1)])
def test_a_noticeable_drop_of_a_share_is_noticed_in_eight_of_ten_repetitions(rows, discordant):
    """A drop brings discordance of its own; by that of equal models it was seen in half."""
    drop = stats.noticeable_share(discordant, rows)
    rng = np.random.default_rng(1)
    noticed = 0
    for _ in range(400):
        lost, won, _ = rng.multinomial(rows, [drop + discordant / 2, discordant / 2, 1 - drop - discordant])
        noticed += Shares(more=won, fewer=lost, rows=rows).interval().high < 0
    assert noticed / 400 > 0.74


def test_the_rows_that_a_margin_needs_are_those_at_which_it_is_noticed():
    rows = stats.rows_needed_share(0.03, 0.01)
    assert stats.noticeable_share(0.03, rows) == pytest.approx(0.01, rel=1e-3)
    assert stats.rows_needed_share(0.03, 0.0) is None


@pytest.mark.parametrize(
    ("more", "fewer", "rows"), [(0, 0, 40), (3, 9, 60), (9, 3, 60), (0, 5, 30), (30, 0, 30)]
)
def test_tangos_limits_are_where_the_constrained_likelihood_puts_the_score(more, fewer, rows):
    def score(at):
        def unlikely(lost):
            cells = (lost + at, lost, 1 - 2 * lost - at)
            return -special.xlogy((more, fewer, rows - more - fewer), cells).sum()

        bounds = (max(0.0, -at) + 1e-12, (1 - at) / 2 - 1e-12)
        lost = optimize.minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
        return (more - fewer - rows * at) / np.sqrt(rows * (2 * lost + at - at * at))

    found = Shares(more=more, fewer=fewer, rows=rows).interval()
    for limit, expected in ((found.low, 1.959964), (found.high, -1.959964)):
        if abs(limit) < 1:
            assert score(limit) == pytest.approx(expected, abs=1e-3)
    mirrored = Shares(more=fewer, fewer=more, rows=rows).interval()
    assert (mirrored.low, mirrored.high) == (-found.high, -found.low)


@pytest.mark.parametrize("many", [1_000, 10_000])
def test_draws_and_their_p_values_agree_to_the_last_draw(many):
    draws = np.sort(np.random.default_rng(0).normal(-0.02, 0.01, many))
    drawn = Drawn(value=-0.02, lows=draws, highs=draws)
    found = drawn.interval()
    for step in (-3, -2, -1, 1, 2, 3):
        limit = found.high + step * 1e-7
        assert (drawn.p_below(limit) <= 0.025) is (found.high < limit)
        limit = found.low + step * 1e-7
        assert (drawn.p_above(limit) <= 0.025) is (found.low > limit)
    assert drawn.p_below(0.1) < 1e-9
