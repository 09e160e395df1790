"""Start-up pays only for what the command uses."""

from pathlib import Path

import pytest

from tests.support.program import run_mlci, run_python

HEAVY = {
    "aiohttp", "dvc", "git", "github", "gitlab", "jinja2", "narwhals", "numpy", "pandas", "polars", "sklearn",
}  # fmt: skip


def imported(*arguments: str, cwd: Path) -> set[str]:
    """The top-level packages that a command line imports, as the interpreter itself says."""
    return packages(run_mlci(*arguments, cwd=cwd, python=("-X", "importtime")).stderr)


def packages(told: str) -> set[str]:
    """The top-level packages in what `-X importtime` prints."""
    lines = [line for line in told.splitlines() if line.startswith("import time:")]
    assert len(lines) > 20
    return {line.rsplit("|", 1)[1].strip().split(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments",
    [
        ("--help",),
        ("--version",),
        ("doctor", "--help"),
        ("no-such-command",),
        ("completion", "bash"),
        ("plan",),
    ],
    ids=" ".join,
)
def test_nothing_heavy_is_imported(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "mlci.yaml").write_text("version: 1\nprojekt: credit\n")

    assert imported(*arguments, cwd=tmp_path) & HEAVY == set()


def test_a_configuration_error_costs_no_heavy_library(tmp_path: Path) -> None:
    (tmp_path / "mlci.yaml").write_text("version: 1\nprojekt: credit\ngates: {data: {}}\n")
    reads = "from mlci.wiring import Settings, World; World(Settings()).project()"

    told = run_python("-X", "importtime", "-c", reads, cwd=tmp_path).stderr

    assert "ConfigError" in told
    assert packages(told) & HEAVY == set()


def test_what_a_command_seldom_uses_is_not_loaded(tmp_path: Path) -> None:
    (tmp_path / "mlci.yaml").write_text("version: 1\nproject: credit\n")

    assert imported("plan", cwd=tmp_path) & {"inspect", "ipaddress", "locale", "textwrap"} == set()


def test_what_was_put_off_is_there_when_it_is_used(tmp_path: Path) -> None:
    asks = (
        "from threading import Thread; from mlci.startup import lighten; lighten(); import inspect, sys\n"
        "assert 'dis' not in sys.modules\n"
        "seen = []\n"
        "threads = [Thread(target=lambda: seen.append(inspect.signature)) for _ in range(8)]\n"
        "[each.start() for each in threads], [each.join() for each in threads]\n"
        "from inspect import signature\n"
        "assert seen == [signature] * 8 and not hasattr(inspect, 'nothing')\n"
    )

    assert run_python("-c", asks, cwd=tmp_path).code == 0


def test_the_version_needs_no_command_line(tmp_path: Path) -> None:
    assert "click" not in imported("--version", cwd=tmp_path)


def test_what_typing_has_by_now_is_not_loaded_again(tmp_path: Path) -> None:
    (tmp_path / "mlci.yaml").write_text("version: 1\nproject: credit\n")
    runs = "import sys; from mlci.__main__ import run; run(['models']); backports = 'typing_extensions'; "

    assert run_python("-c", f"{runs}assert backports not in sys.modules", cwd=tmp_path).code == 0
    # Who asks for it later, as other people's packages may, finds it.
    assert run_python("-c", f"{runs}__import__(backports)", cwd=tmp_path).code == 0
