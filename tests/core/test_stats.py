"""The statistics against published examples, statsmodels and scipy."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from mlci.core import stats

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


@pytest.mark.parametrize("freedom", [25, 29, 100, 5_000])
def test_student_is_close_to_scipys(freedom):
    assert stats.student_quantile(0.975, freedom) == pytest.approx(
        scipy_stats.t.ppf(0.975, freedom), abs=1e-4
    )


def test_rows_needed_is_the_known_formula():
    # 5 % disagreement, margin 0.01: 7.84 times disagreement over the margin's square.
    assert stats.rows_needed(1_000, (0.05 / 1_000) ** 0.5, 0.01) == pytest.approx(3_925, abs=5)
    assert stats.rows_needed(1_000, 0.01, 0.0) is None
