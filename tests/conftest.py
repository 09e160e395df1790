"""Tripwires: no test sees this machine's identity, its CI, its settings or its network."""

import os
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# How long one example takes says more of a busy machine than of the code.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

FOREIGN = ("CI_", "GH_", "GIT_", "GITHUB_", "GITLAB_", "MLCI_", "DVC_", "RUNNER_", "PYTHON", "XDG_", "FORCE_")
FOREIGN_WORDS = (
    "CI",
    "NO_COLOR",
    "COLUMNS",
    "EMAIL",
    "http_proxy",
    "https_proxy",
    "HTTP_PROXY",
    "HTTPS_PROXY",
)
LOOPBACK = ("127.", "::1", "localhost")


@pytest.fixture(scope="session", autouse=True)
def isolation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """An empty home, no foreign variable, one identity, one time zone."""
    home = tmp_path_factory.mktemp("home")
    (home / "gitconfig").touch()
    with pytest.MonkeyPatch.context() as patch:
        for name in os.environ:
            if name.startswith(FOREIGN) or name in FOREIGN_WORDS:
                patch.delenv(name)
        for name in ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
            patch.setenv(name, str(home))
        for name in ("DVC_SITE_CACHE_DIR", "DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR"):
            patch.setenv(name, str(home / name.lower()))
        for role in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{role}_NAME", "Ana Tester")
            patch.setenv(f"GIT_{role}_EMAIL", "ana@example.org")
            patch.setenv(f"GIT_{role}_DATE", "2026-01-01T00:00:00+00:00")
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / "gitconfig"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        patch.setenv("GIT_TERMINAL_PROMPT", "0")
        # Stages and servers say `python`: the interpreter that runs the tests, activated or not.
        patch.setenv("PATH", os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"])))
        patch.setenv("DVC_NO_ANALYTICS", "1")
        patch.setenv("PYTHONUTF8", "1")
        patch.setenv("TZ", "UTC")
        if hasattr(time, "tzset"):
            time.tzset()
        yield


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that would leave this machine fails the test that makes it."""
    for name in ("connect", "connect_ex"):
        monkeypatch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))


def _guarded(connect):
    def only_loopback(self: socket.socket, address):
        if self.family in (socket.AF_INET, socket.AF_INET6) and not str(address[0]).startswith(LOOPBACK):
            pytest.fail(f"this test wanted to connect to {address[0]}")
        return connect(self, address)

    return only_loopback
