"""The summary file that GitHub Actions names, and the one that nobody reads."""

from contextlib import suppress
from pathlib import Path

# GitHub refuses the whole of a step's summary beyond 1024 KiB.
MOST = 1000 * 1024


class JobSummary:
    """A file to append to. It is a courtesy: a full disk must not turn a verdict into an error."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def room(self) -> int:
        """How many bytes it still takes, whatever else wrote there."""
        with suppress(OSError):
            return max(0, MOST - self._path.stat().st_size)
        return MOST if self._path.parent.is_dir() else 0

    def append(self, text: str) -> None:
        """Add Markdown after an empty line."""
        with suppress(OSError), self._path.open("ab") as stream:
            stream.write(b"\n" + text.encode())


class NoSummary:
    """Where there is no page to write on."""

    room = 0

    def append(self, text: str) -> None:
        """Drop it."""
