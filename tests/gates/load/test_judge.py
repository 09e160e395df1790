"""What three windows mean, on windows made by hand."""

import pytest
from scipy.stats import binom

from mlci.core.finding import Interval, Status
from mlci.gates.load.generator import Window
from mlci.gates.load.histogram import Histogram
from mlci.gates.load.judge import Threshold, judge_errors, judge_latency, lagged, tolerated_lag
from mlci.gates.load.quantile import enough, ranks

P95 = Threshold(name="p95", share=0.95, seconds=0.1)


def window(*latencies, lag=0.0):
    made = Window()
    for latency in latencies:
        made.latencies.add(latency)
        made.lags.add(lag)
    return made


FAST, SLOW = window(*[0.05] * 200), window(*[0.2] * 200)
STRADDLING = window(*[0.05] * 189, *[0.2] * 11)


@pytest.mark.parametrize(
    ("windows", "status", "word"),
    [
        ([FAST, FAST, FAST], Status.PASS, "is 49.98 ms"),
        ([SLOW, SLOW, SLOW], Status.FAIL, "in all 3 windows"),
        ([SLOW, SLOW, FAST], Status.WARN, "in 2 of 3 windows"),
        ([SLOW, SLOW], Status.WARN, "in 2 of 2 windows"),
        ([STRADDLING] * 3, Status.WARN, "in 3 of 3 windows"),
        ([window(*[0.2] * 71)] * 3, Status.WARN, "needs 72 requests"),
        ([], Status.WARN, "no window could be judged"),
    ],
)
def test_only_three_windows_that_are_surely_too_slow_fail(windows, status, word):
    found = judge_latency(P95, windows, path="/p", shared=False)
    assert found.status is status
    assert word in found.message


def test_a_shared_runner_turns_the_failure_into_a_warning_that_says_so():
    found = judge_latency(P95, [SLOW] * 3, path="/p", shared=True)
    assert found.status is Status.WARN
    assert "shared runner" in found.message


def test_a_window_is_discarded_when_more_than_a_hundredth_of_its_requests_left_late():
    tolerated = tolerated_lag([P95])
    assert tolerated == pytest.approx(0.01)
    assert not lagged(window(*[0.05] * 99, lag=0.009), tolerated)
    assert lagged(window(*[0.05] * 99, lag=0.011), tolerated)


@pytest.mark.parametrize(
    ("failed", "interval", "status"),
    [
        (0, Interval(low=0.0, high=0.01), Status.PASS),
        (1, Interval(low=0.0005, high=0.01), Status.WARN),
        (9, Interval(low=0.002, high=0.03), Status.FAIL),
    ],
)
def test_errors_fail_when_the_interval_lies_beyond_and_warn_when_the_share_does(failed, interval, status):
    made = window(*[0.01] * 300)
    made.failures = {"status 500": failed} if failed else {}
    assert judge_errors([made], 0.001, interval, path="/p").status is status


@pytest.mark.parametrize(("n", "share"), [(72, 0.95), (200, 0.95), (500, 0.99), (40, 0.5), (20, 0.1)])
def test_ranks_are_the_tightest_that_hold_the_percentile_on_each_side(n, share):
    found = ranks(n, share)
    if found is None:
        assert n < enough(share)
        return
    assert binom.cdf(found.low - 1, n, share) <= 0.025 < binom.cdf(found.low, n, share)
    assert binom.cdf(found.high - 1, n, share) >= 0.975 > binom.cdf(found.high - 2, n, share)


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 0.99])
def test_enough_is_the_fewest_that_bound_a_percentile(share):
    assert ranks(enough(share), share)
    assert ranks(enough(share) - 1, share) is None


def test_a_histogram_errs_by_a_thousandth_and_never_upwards():
    values = [0.000001, 0.0015, 0.002047, 0.0021, 0.144, 0.95, 9.99, 600.0]
    for value in values:
        made = Histogram()
        made.add(value)
        assert value * (1 - 1 / 1000) <= made.ranked(1) <= value + 5e-7
    made = Histogram()
    for number in range(1, 1001):
        made.add(number / 1000)
    assert made.percentile(0.95) == pytest.approx(0.95, rel=1e-3)
    assert made.percentile(1.0) == pytest.approx(1.0, rel=1e-3)
    assert made.above(0.5) == pytest.approx(500, abs=1)
    with pytest.raises(ValueError):
        Histogram().percentile(0.5)


def test_failed_requests_are_told_with_their_limit():
    made = window(*[0.01] * 300)
    made.failures = {"status 500": 30}
    found = judge_errors([made], 0.001, Interval(low=0.07, high=0.14), path="/p")
    assert "(10.00%), expected at most 0.001" in found.message
