"""A write that is killed: the file is old or new, and what lies beside it is found and swept away."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlci.adapters.files import FileTree

HOURS = 2 * 3600.0
# Killed when the new content lies beside the file, before it takes its name.
WRITE = """
import os, signal, sys
from pathlib import Path
from mlci.adapters.files import FileTree
sys.addaudithook(lambda event, _: event == "os.rename" and os.kill(os.getpid(), signal.SIGKILL))
FileTree(Path(sys.argv[1])).write("environments/prod.yaml", b"new")
"""


@pytest.fixture
def killed(tmp_path):
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments/prod.yaml").write_text("old")
    child = subprocess.run(
        [sys.executable, "-c", WRITE, str(tmp_path)], cwd=Path(__file__).parents[2], check=False
    )
    assert child.returncode == -signal.SIGKILL
    return tmp_path


def names(place):
    return sorted(each.name for each in (place / "environments").iterdir())


def test_the_old_file_stands_and_an_old_leftover_goes_with_the_next_write(killed):
    assert (killed / "environments/prod.yaml").read_text() == "old"
    (left,) = (killed / "environments").glob(".mlci-*.tmp")

    FileTree(killed).write("environments/prod.yaml", b"new")
    assert names(killed) == [left.name, "prod.yaml"], "it may be another writer's, at work this moment"

    long_ago = left.stat().st_mtime - HOURS
    os.utime(left, (long_ago, long_ago))
    FileTree(killed).write("environments/prod.yaml", b"newer")
    assert names(killed) == ["prod.yaml"]
    assert (killed / "environments/prod.yaml").read_text() == "newer"
