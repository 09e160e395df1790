"""Files that a test expects, whole, beside it. `UPDATE_GOLDEN=1` writes them anew, to be read in review."""

import os
from collections.abc import Mapping
from pathlib import Path


def assert_golden(directory: Path, files: Mapping[str, bytes]) -> None:
    """Compare files with those that stand below a directory: the same names, the same bytes."""
    if os.environ.get("UPDATE_GOLDEN"):
        _write(directory, files)
    found = {each.relative_to(directory).as_posix(): each for each in directory.rglob("*") if each.is_file()}
    assert sorted(found) == sorted(files)
    for path, content in files.items():
        assert content.decode() == found[path].read_text(encoding="utf-8"), path


def _write(directory: Path, files: Mapping[str, bytes]) -> None:
    for stale in directory.rglob("*"):
        if stale.is_file():
            stale.unlink()
    for path, content in files.items():
        (directory / path).parent.mkdir(parents=True, exist_ok=True)
        (directory / path).write_bytes(content)
