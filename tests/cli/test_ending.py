"""Every way to end goes through one place, with the right code and form."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlci import __main__ as front
from mlci.cli import main as group
from mlci.cli.verb import Verbs
from mlci.core.strictjson import loads
from mlci.errors import (
    ConfigError,
    DriftError,
    ForgeError,
    IntegrityError,
    MlciError,
    RefusedError,
    WorldError,
)
from tests.support.program import child_environment, run_here

SECRET = "hunter2-hunter2"
ROOT = Path(__file__).parents[2]


def raising(error: BaseException) -> Callable[..., int]:
    def invoke(_arguments: object) -> int:
        raise error

    return invoke


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (ConfigError, 2),
        (WorldError, 3),
        (ForgeError, 4),
        (IntegrityError, 5),
        (DriftError, 6),
        (RefusedError, 7),
    ],
)
def test_an_error_says_what_where_which_and_what_to_type(kind, code, monkeypatch) -> None:
    error = kind("it is wrong", id="some-id", where="mlci.yaml:3:4", help="mlci doctor")
    monkeypatch.setattr(group, "invoke", raising(error))

    said = run_here("plan")

    assert said.code == code
    assert said.stdout == ""
    assert said.stderr == "mlci.yaml:3:4: it is wrong [some-id]\nhelp: mlci doctor\n"


def test_every_problem_of_a_configuration_is_told(monkeypatch) -> None:
    error = ConfigError(
        "2 problems", id="config", problems=("mlci.yaml:1:1: one [a]", "mlci.yaml:2:1: two [b]")
    )
    monkeypatch.setattr(group, "invoke", raising(error))

    assert run_here("plan").stderr.splitlines() == [
        "mlci.yaml:1:1: one [a]",
        "mlci.yaml:2:1: two [b]",
        "",
        "mlci: 2 problems [config]",
    ]


def test_what_the_machine_refuses_is_no_bug(monkeypatch) -> None:
    full = OSError(errno.ENOSPC, "No space left on device", "report.html")
    monkeypatch.setattr(group, "invoke", raising(full))

    said = run_here("report")

    assert said.code == 3
    assert said.stderr.startswith("report.html: No space left on device [file-system]\n")


def test_a_bug_leaves_a_file_to_paste_without_secrets(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SOME_API_TOKEN", SECRET)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(group, "invoke", raising(RuntimeError(f"{SECRET} at https://ana:pw@example.org/")))

    said = run_here("report", "--token", SECRET)

    (file,) = tmp_path.iterdir()
    pasted = file.read_text(encoding="utf-8")
    assert said.code == 1
    assert str(file) in said.stderr
    assert "RuntimeError" in pasted
    assert "ana:pw" not in pasted
    assert SECRET not in pasted + said.stderr
    assert str(Path.home()) not in pasted


def test_an_interruption_ends_with_130(monkeypatch) -> None:
    monkeypatch.setattr(group, "invoke", raising(KeyboardInterrupt()))

    assert run_here("report").code == 130


def begun(code: str, *, cwd: Path = ROOT) -> Any:
    """A program of its own that can be talked to, and sent signals."""
    return subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=cwd,
        env=child_environment({"PYTHONPATH": str(ROOT)}),
    )


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_real_program_with_130(number: signal.Signals) -> None:
    waits = (
        "import time, mlci.cli.main as group, mlci.__main__ as front\n"
        "group.invoke = lambda _: (print('ready', flush=True), time.sleep(60))\n"
        "front.main()\n"
    )
    with begun(waits) as child:
        assert child.stdout.readline() == b"ready\n"
        child.send_signal(number)
        _, stderr = child.communicate(timeout=20)

    assert child.returncode == 130
    assert stderr.decode().strip().splitlines()[0] == "mlci: interrupted [interrupted]"


@pytest.mark.skipif(os.name == "nt", reason="signals are POSIX's")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_takes_our_children_along(number: signal.Signals, tmp_path: Path) -> None:
    runs = (
        "import sys, mlci.cli.main as group, mlci.__main__ as front\n"
        "from pathlib import Path\n"
        "from mlci.ports.process import Command\n"
        "from mlci.wiring import Settings, World\n"
        "child = 'import os, time; print(os.getpid(), flush=True); time.sleep(60)'\n"
        "command = Command(argv=(sys.executable, '-c', child), cwd=Path.cwd())\n"
        "say = lambda line: print(line, flush=True)\n"
        "group.invoke = lambda _: World(Settings()).process.run(command, say)\n"
        "front.main()\n"
    )
    with begun(runs, cwd=tmp_path) as child:
        grandchild = int(child.stdout.readline())
        child.send_signal(number)
        child.communicate(timeout=20)

    assert child.returncode == 130
    with pytest.raises(ProcessLookupError):
        os.kill(grandchild, 0)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize("argument", ["--version", "--help", "explain"])
def test_a_full_disk_below_stdout_is_told_on_stderr(argument: str) -> None:
    with Path("/dev/full").open("wb") as full:
        child = subprocess.run(
            [sys.executable, "-m", "mlci", argument],
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=child_environment(),
            check=False,
        )

    assert child.returncode == 3
    assert child.stderr.decode().startswith("mlci: No space left on device [file-system]\n")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is always full")
@pytest.mark.parametrize(("stream", "code"), [("1>&-", 0), ("2>&-", 0), ("2>/dev/full", 0)])
def test_a_stream_that_is_closed_or_full_is_no_bug(stream: str, code: int, tmp_path: Path) -> None:
    program = f"{sys.executable} -m mlci"

    def ended(arguments: str) -> int:
        line = ["sh", "-c", f"{program} {arguments} {stream}"]
        return subprocess.run(
            line, cwd=tmp_path, env=child_environment({"PYTHONPATH": str(ROOT)}), check=False
        ).returncode

    assert ended("--version") == code
    assert ended("explain") == code
    assert ended("no-such-command") == 2


@pytest.mark.skipif(os.name == "nt", reason="a pipe without a reader fails differently there")
def test_a_reader_that_goes_away_is_no_bug() -> None:
    writes = (
        "import sys, mlci.cli.main as group, mlci.__main__ as front\n"
        "group.invoke = lambda _: [sys.stdout.write('x' * 1000) for _ in range(10_000)]\n"
        "front.main()\n"
    )
    with begun(writes) as child:
        child.stdout.read(10)
        child.stdout.close()
        assert child.stderr.read() == b""
        assert child.wait(20) == 141


@pytest.mark.skipif(os.name == "nt", reason="a pipe without a reader fails differently there")
@pytest.mark.parametrize("command", ["explain", "schema", "doctor"])
def test_a_command_that_nobody_listens_to_is_no_bug(command, tmp_path) -> None:
    deaf, ears = os.pipe()
    os.close(deaf)
    with os.fdopen(ears) as closed:
        ended = subprocess.run(
            [sys.executable, "-m", "mlci", "-C", str(tmp_path), command],
            stdout=closed,
            stderr=subprocess.PIPE,
            cwd=ROOT,
            env=child_environment(),
            check=False,
        )
    assert (ended.returncode, ended.stderr) == (141, b"")


def test_a_message_without_help_is_one_line() -> None:
    assert front.message(WorldError("gone", id="gone")) == "mlci: gone [gone]"


def test_a_directory_that_is_gone_is_no_bug(tmp_path, monkeypatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    said = run_here("plan")

    assert said.code == 3
    assert said.stderr.startswith("mlci: the directory you are in is gone [directory-missing]\n")


def told(said) -> dict:
    """The error that a program reads: the last line of stderr, and nothing on stdout."""
    assert said.stdout == ""
    last = said.stderr.splitlines()[-1]
    assert last.isascii()
    document = loads(last)
    assert (document.keys(), document["schema"]) == ({"schema", "error"}, 1)
    error = document["error"]
    assert list(error) == ["id", "message", "where", "help", "problems", "exit"]
    assert error["exit"] == said.code
    return error


@pytest.mark.parametrize(
    ("error", "identity"),
    [
        (RefusedError("no ##[group] \x1b[31m \u202e", id="some-id", where="a:1", help="mlci run"), "some-id"),
        (ConfigError("2 problems", id="config", problems=("one", "two")), "config"),
        (OSError(errno.ENOSPC, "No space left on device", "report.html"), "file-system"),
        (RuntimeError("oops"), "bug"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_whoever_asked_for_json_gets_every_error_as_json(error, identity, monkeypatch, tmp_path) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(group, "invoke", raising(error))
    said = run_here("plan", "--json")
    assert told(said)["id"] == identity
    assert "##[" not in said.stderr
    if isinstance(error, MlciError):
        assert told(said)["message"] == error.message
    assert not run_here("plan", "--", "--json").stderr.rstrip().endswith("}")


@pytest.mark.parametrize("name", sorted(set(group.program.list_commands(None)) - {"demo"}))
def test_every_command_ends_in_json_where_that_is_asked_for(name, monkeypatch, tmp_path) -> None:
    monkeypatch.chdir(tmp_path)
    wrong = run_here(name, "--json", "--no-such-option")
    assert (wrong.code, told(wrong)["id"]) == (2, "usage")
    if isinstance(group.program.get_command(None, name), Verbs):
        return  # without a word that says which of its commands, it prints its help
    nowhere = run_here("--json", name)
    assert loads(nowhere.stdout) if nowhere.stdout else told(nowhere)["help"]
