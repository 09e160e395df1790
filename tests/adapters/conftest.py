import os
from collections.abc import Callable
from pathlib import Path

import pytest

from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner


@pytest.fixture
def process() -> ProcessRunner:
    return ProcessRunner(dict(os.environ), grace=1)


@pytest.fixture
def git_in(process) -> Callable[[Path], GitCli]:
    """GitCli around a directory."""
    return lambda directory: GitCli(process, directory, dict(os.environ))
