"""The load gate against real servers on the loopback."""

import os
import signal
import threading
import time
from pathlib import Path

import polars as pl
import psutil
import pytest

from mlci.core.config import Ci, Columns, Config, Model, Task
from mlci.core.context import RunContext, Trigger
from mlci.core.finding import Status
from tests.support.gate_room import by_subject, run_gate

SERVERS = Path(__file__).with_name("servers.py")
QUICK = "warm_up: 200ms, duration: 1500ms, rate: 200"


def press(directory, kind, more="p95: 500ms", **given):
    options = f"{{serve: 'python {SERVERS} {kind} {{port}}', request: {{path: /predict}}, {QUICK}, {more}}}"
    return run_gate(directory, "load", options, **given)


def latency(found, name="p95"):
    return by_subject(found, "load.latency")[name]


def test_a_quick_server_passes(tmp_path):
    found = press(tmp_path, "quick", "p95: 5s")
    assert {each.status for each in found.findings} == {Status.PASS}
    assert latency(found).interval.low <= latency(found).observed <= latency(found).interval.high
    assert [each["requests"] for each in found.figures["windows"]] == [100, 100, 100]


def test_a_server_that_is_surely_too_slow_fails(tmp_path):
    found = press(tmp_path, "slow", "p95: 20ms, p50: 20ms")
    kept = not by_subject(found, "load.generator")["generator"].observed
    assert latency(found).status is (Status.FAIL if kept else Status.WARN)  # a busy machine costs windows
    assert min(each["ms"]["0.5"] for each in found.figures["windows"]) >= 80


def test_on_a_shared_runner_latency_only_warns_unless_it_is_declared_dedicated(tmp_path):
    shared = RunContext(trigger=Trigger.PULL_REQUEST)
    found = latency(press(tmp_path, "slow", "p50: 20ms", context=shared), "p50")
    assert found.status is Status.WARN
    dedicated = Config(project="credit", ci=Ci(dedicated=True))
    found = press(tmp_path, "slow", "p50: 20ms", context=shared, config=dedicated)
    kept = not by_subject(found, "load.generator")["generator"].observed
    assert latency(found, "p50").status is (Status.FAIL if kept else Status.WARN)


def test_requests_that_fail_are_counted_and_never_make_a_server_look_fast(tmp_path):
    found = press(tmp_path, "broken")
    errors = by_subject(found, "load.errors")["/predict"]
    assert (errors.status, errors.observed) == (Status.FAIL, 1.0)
    assert "300 x status 500" in errors.message
    assert latency(found).status is not Status.PASS


def test_a_server_that_stands_still_is_charged_for_everyone_who_would_have_waited(tmp_path):
    """Frozen 0.2 s of each second: of open arrivals a fifth waits, on average 0.1 s."""
    found = press(tmp_path, "freezing", "p95: 1s, p50: 1s")
    slowest = max(each["ms"]["0.99"] for each in found.figures["windows"])
    assert 150 <= slowest <= 400


def test_too_few_requests_are_insufficient_and_say_how_many_are_needed(tmp_path):
    found = latency(press(tmp_path, "quick", "p99: 5s"), "p99")
    assert found.status is Status.WARN
    assert "p99 needs 368 requests a window, there were 100" in found.message


@pytest.mark.parametrize(
    ("kind", "said"), [("dying", "the model file is missing"), ("mute", "still loading")]
)
def test_a_server_that_never_starts_is_a_red_answer_with_its_last_words(tmp_path, kind, said):
    began = time.monotonic()
    (found,) = press(tmp_path, kind, "start_within: 1s").findings
    assert (found.check, found.status) == ("load.starts", Status.ERROR)
    assert said in found.help
    assert time.monotonic() - began < 10


def test_a_program_that_does_not_exist_is_a_red_answer(tmp_path):
    (found,) = run_gate(tmp_path, "load", "{serve: 'no-such-program {port}', request: {path: /}}").findings
    assert (found.check, found.status) == ("load.starts", Status.ERROR)


def test_the_command_line_is_never_given_to_a_shell(tmp_path):
    run_gate(
        tmp_path,
        "load",
        "{serve: 'python -c pass {port} ; touch PWN $(touch PWN) `touch PWN`', request: {path: /}}",
    )
    assert list(tmp_path.iterdir()) == []


def test_bodies_are_rows_without_the_id_and_the_truth(tmp_path):
    pl.DataFrame({"id": [1, 2], "x": [1.0, float("nan")], "y_true": [0, 1]}).write_parquet(
        tmp_path / "t.parquet"
    )
    model = Model(name="income", path="m", task=Task.BINARY, test="t.parquet", columns=Columns())
    options = f"{{serve: 'python {SERVERS} picky {{port}}', request: {{path: /p, rows: t.parquet}}, {QUICK}}}"
    found = run_gate(tmp_path, "load", options, config=Config(project="c", models={"income": model}))
    assert by_subject(found, "load.errors")["/p"].observed == 0.0
    assert [each.path for each in found.inputs] == ["t.parquet"]


@pytest.mark.parametrize("content", [None, b"", b"junk"])
def test_rows_that_cannot_be_read_are_a_red_answer(tmp_path, content):
    if content is not None:
        (tmp_path / "t.parquet").write_bytes(content)
    (found,) = run_gate(
        tmp_path, "load", "{serve: 'python x {port}', request: {path: /, rows: t.parquet}}"
    ).findings
    assert found.status is Status.ERROR


def test_an_interruption_ends_the_server(tmp_path):
    before = set(psutil.Process().children(recursive=True))
    timer = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        press(tmp_path, "quick")
    timer.join()
    assert set(psutil.Process().children(recursive=True)) <= before
