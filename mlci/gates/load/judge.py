"""Holds three windows of requests against the thresholds."""

from collections.abc import Sequence

from msgspec import Struct

from mlci.core.finding import Finding, Interval, Status
from mlci.core.strictjson import JsonValue
from mlci.gates.load.generator import Window
from mlci.gates.load.quantile import enough, ranks

WINDOWS = 3
LATE_SHARE = 0.01
CURVE = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999)


class Threshold(Struct, frozen=True, kw_only=True):
    """A percentile (`p95`, as a share) and the seconds that it may take."""

    name: str
    share: float
    seconds: float


class Read(Struct, frozen=True, kw_only=True):
    """What one window says of one percentile, in seconds."""

    point: float
    low: float
    high: float


def tolerated_lag(thresholds: Sequence[Threshold]) -> float:
    """How late (seconds) a request may leave before its window says more of us than of the server."""
    return max(0.005, 0.1 * min((each.seconds for each in thresholds), default=0.1))


def lagged(window: Window, tolerated: float) -> bool:
    """Whether the generator itself was too late to be believed."""
    return window.lags.above(tolerated) > LATE_SHARE * window.requests


def judge_generator(windows: Sequence[Window], kept: Sequence[Window], tolerated: float) -> Finding:
    """Whether the measurement itself can be trusted."""
    lost = len(windows) - len(kept)
    limit = f"{tolerated * 1000:.0f} ms"
    return Finding(
        check="load.generator",
        subject="generator",
        status=Status.WARN if lost else Status.PASS,
        message=f"{lost} of {len(windows)} windows are discarded: requests left more than {limit} late"
        if lost
        else f"requests left on time in all {len(windows)} windows",
        observed=lost,
        expected="0",
        n=sum(window.requests for window in windows),
        help="run on a quieter machine, or lower `rate`" if lost else None,
    )


def judge_latency(threshold: Threshold, kept: Sequence[Window], *, path: str, shared: bool) -> Finding:
    """One percentile. Only three windows that are surely too slow fail; on a shared runner they warn."""
    smallest = min((window.requests for window in kept), default=0)
    expected = f"at most {_ms(threshold.seconds)}"
    if not kept:
        return _unknown(threshold, path, expected, "no window could be judged", smallest)
    reads = [_read(window, threshold.share) for window in kept]
    known = [read for read in reads if read is not None]
    if len(known) < len(reads):
        needed = f"{threshold.name} needs {enough(threshold.share)} requests a window, there were {smallest}"
        return _unknown(threshold, path, expected, f"insufficient: {needed}", smallest)
    slow = sum(read.point > threshold.seconds for read in known)
    surely = sum(read.low > threshold.seconds for read in known)
    middle = sorted(known, key=lambda read: read.point)[len(known) // 2]
    status, said = Status.PASS, f"{threshold.name} of {path} is {_ms(middle.point)}"
    if surely >= WINDOWS:
        status = Status.WARN if shared else Status.FAIL
        said += f", above {_ms(threshold.seconds)} in all {surely} windows"
        said += " (a shared runner only warns)" if shared else ""
    elif slow:
        status = Status.WARN
        said += f"; inconclusive: above {_ms(threshold.seconds)} in {slow} of {len(known)} windows"
    return Finding(
        check="load.latency",
        subject=threshold.name,
        status=status,
        message=said,
        observed=round(middle.point * 1000, 3),
        expected=expected,
        interval=Interval(low=round(middle.low * 1000, 3), high=round(middle.high * 1000, 3)),
        n=smallest,
        help=None if status is Status.PASS else "profile the slowest requests, or change the threshold",
    )


def judge_errors(windows: Sequence[Window], share: float, interval: Interval, *, path: str) -> Finding:
    """The share of failed requests over all windows, given its own interval."""
    requests = sum(window.requests for window in windows)
    failed = sum(window.failed for window in windows)
    point = failed / requests if requests else 1.0
    status = Status.PASS if point <= share else Status.WARN
    expected = f"at most {share:.4g}"
    said = f"{failed} of {requests} requests to {path} failed ({point:.2%}), expected {expected}"
    if interval.low > share or not requests:
        status = Status.FAIL
    elif status is Status.WARN:
        said += "; inconclusive: too few requests to be sure"
    reasons = _reasons(windows)
    return Finding(
        check="load.errors",
        subject=path,
        status=status,
        message=f"{said}: {reasons}" if reasons else said,
        observed=point,
        expected=expected,
        interval=interval,
        n=requests,
        help=None if status is Status.PASS else "send the server the first row and read its log",
    )


def figures(windows: Sequence[Window], kept: Sequence[Window]) -> dict[str, JsonValue]:
    """What a report draws: the latency curve of each window, in milliseconds."""
    drawn: list[JsonValue] = [
        {
            "requests": window.requests,
            "failed": window.failed,
            "kept": any(window is each for each in kept),
            "ms": {
                f"{share:g}": round(window.latencies.percentile(share) * 1000, 3)
                for share in CURVE
                if window.requests
            },
        }
        for window in windows
    ]
    return {"windows": drawn}


def _read(window: Window, share: float) -> Read | None:
    places = ranks(window.requests, share) if window.requests else None
    if places is None:
        return None
    return Read(
        point=window.latencies.percentile(share),
        low=window.latencies.ranked(places.low),
        high=window.latencies.ranked(places.high),
    )


def _unknown(threshold: Threshold, path: str, expected: str, why: str, n: int) -> Finding:
    return Finding(
        check="load.latency",
        subject=threshold.name,
        status=Status.WARN,
        message=f"{threshold.name} of {path} cannot be judged: {why}",
        expected=expected,
        n=n,
        help="raise `rate` or `duration`",
    )


def _reasons(windows: Sequence[Window]) -> str:
    total: dict[str, int] = {}
    for window in windows:
        for reason, count in window.failures.items():
            total[reason] = total.get(reason, 0) + count
    return ", ".join(
        f"{count} x {reason}" for reason, count in sorted(total.items(), key=lambda kv: -kv[1])[:3]
    )


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.4g} ms"
