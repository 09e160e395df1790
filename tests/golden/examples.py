"""The examples, and the command that makes each."""

import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path

from mlci.adapters.files import FileTree
from mlci.cli.main import invoke

ROOT = Path(__file__).parents[2] / "examples"
EXAMPLES = {"credit": ("--template", "tabular-classification", "--name", "credit", "--yes")}

# What running an example leaves in it; no template makes these.
LEFT = frozenset({".mlci", ".venv", "__pycache__", ".pytest_cache", "data", "models", "reports"})
LEFT_FILES = frozenset({"dvc.lock", "metrics.json"})


def generate(arguments: Sequence[str]) -> dict[str, bytes]:
    """What `mlci init` writes, made in a directory that is gone afterwards."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory, "example")
        with redirect_stdout(StringIO()):
            invoke(["init", str(place), *arguments])
        return _files(place)


def standing(name: str) -> dict[str, bytes]:
    """The example's files as they stand, without what running it leaves."""
    return _files(ROOT / name)


def _files(place: Path) -> dict[str, bytes]:
    return {path: (place / path).read_bytes() for path in FileTree(place).list() if not _left(Path(path))}


def _left(path: Path) -> bool:
    inside_dvc = path.parts[0] == ".dvc" and path.name not in ("config", ".gitignore")
    return inside_dvc or not LEFT.isdisjoint(path.parts) or str(path) in LEFT_FILES
