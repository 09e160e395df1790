"""The load test: start the server, wait for it, press it, judge it."""

import asyncio

from msgspec import Struct

from mlci.core.config import Config
from mlci.core.context import Trigger
from mlci.core.finding import Finding, Status
from mlci.core.measure.stats import wilson
from mlci.core.strictjson import JsonValue
from mlci.errors import WorldError
from mlci.gates import Outcome, Request
from mlci.gates.inputs import inputs_of
from mlci.gates.load.bodies import bodies
from mlci.gates.load.generator import Target, Window, drive
from mlci.gates.load.judge import (
    WINDOWS,
    Threshold,
    figures,
    judge_errors,
    judge_generator,
    judge_latency,
    lagged,
    tolerated_lag,
)
from mlci.gates.load.options import Options
from mlci.gates.load.server import Server, answering, started

SPARE = 60.0


class Pressed(Struct, frozen=True, kw_only=True):
    """What came of starting and pressing a server: its windows, or why there are none."""

    seconds_to_start: float = 0.0
    windows: tuple[Window, ...] = ()
    problem: str = ""
    said: str = ""


def run(request: Request) -> Outcome:
    """Measure the server under load. What cannot be measured is an error finding."""
    options: Options = request.options
    try:
        sent = _bodies(request.config, options, request)
        pressed = _press(request, sent)
    except WorldError as error:
        return Outcome(findings=(_unstarted(error.message, error.help),))
    inputs = inputs_of(request.hands.files, [options.request.rows])
    if pressed.problem:
        said = f"the server's last lines:\n{pressed.said}" if pressed.said else "it printed nothing"
        return Outcome(findings=(_unstarted(pressed.problem, said),), inputs=inputs)
    shared = request.context.trigger is not Trigger.LOCAL and not request.config.ci.dedicated
    findings, drawn = _judge(options, pressed, shared=shared)
    return Outcome(findings=findings, inputs=inputs, figures=drawn)


def _judge(
    options: Options, pressed: Pressed, *, shared: bool
) -> tuple[tuple[Finding, ...], dict[str, JsonValue]]:
    limits = _thresholds(options)
    tolerated = tolerated_lag(limits)
    windows = pressed.windows
    kept = [window for window in windows if not lagged(window, tolerated)]
    failed, asked = sum(window.failed for window in windows), sum(window.requests for window in windows)
    path = options.request.path
    findings = (
        Finding(
            check="load.starts",
            subject="server",
            status=Status.PASS,
            message=f"the server answered after {pressed.seconds_to_start:.1f} s",
            observed=round(pressed.seconds_to_start, 3),
            expected=f"within {options.start_within:g} s",
        ),
        judge_generator(windows, kept, tolerated),
        *(judge_latency(limit, kept, path=path, shared=shared) for limit in limits),
        judge_errors(windows, options.errors, wilson(failed, asked), path=path),
    )
    return findings, figures(windows, kept)


def _press(request: Request, sent: tuple[bytes, ...]) -> Pressed:
    options: Options = request.options
    longest = options.start_within + options.warm_up + options.duration + options.timeout + SPARE
    with started(options.serve, request.hands, longest=longest) as server:
        return asyncio.run(_pressed(server, options, sent, request))


async def _pressed(server: Server, options: Options, sent: tuple[bytes, ...], request: Request) -> Pressed:
    clock, path = request.hands.clock, options.request.path
    begin = clock.monotonic()
    request.hands.progress.line("waiting for the server to answer")
    if problem := await answering(server, path, within=options.start_within):
        return Pressed(problem=problem, said=server.last_lines())
    took = clock.monotonic() - begin
    request.hands.progress.line(f"{options.rate:g} requests a second for {options.duration:g} s")
    target = Target(url=server.url(path), bodies=sent, timeout=options.timeout)
    lengths = (options.warm_up, *[options.duration / WINDOWS] * WINDOWS)
    windows = await drive(target, rate=options.rate, lengths=lengths)
    return Pressed(seconds_to_start=took, windows=tuple(windows[1:]))


def _bodies(config: Config, options: Options, request: Request) -> tuple[bytes, ...]:
    ask = options.request
    if ask.rows is None:
        return ()
    drop = _answers(config, ask.rows) if ask.drop is None else frozenset(ask.drop)
    found = bodies(request.hands.tables, ask.rows, drop)
    if not found:
        raise WorldError(f"{ask.rows} has no rows to send", id="load-no-rows", help="point `rows` at a table")
    return found


def _answers(config: Config, path: str) -> frozenset[str]:
    """The id and the truth of the models that are tested on a table: no caller would know them."""
    tested = [model.columns for model in config.models.values() if model.test == path]
    return frozenset(name for columns in tested for name in (columns.id, columns.truth))


def _thresholds(options: Options) -> tuple[Threshold, ...]:
    stated = {"p50": options.p50, "p90": options.p90, "p95": options.p95, "p99": options.p99}
    return tuple(
        Threshold(name=name, share=int(name[1:]) / 100, seconds=seconds)
        for name, seconds in stated.items()
        if seconds is not None
    )


def _unstarted(message: str, help: str) -> Finding:
    return Finding(
        check="load.starts",
        subject="server",
        status=Status.ERROR,
        message=message,
        expected="an answer",
        help=help or "start it by hand with the same command line",
    )
