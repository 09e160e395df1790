"""Progress for the one who waits, on stderr."""

from typing import TextIO

from msgspec import Struct

from mlci.core.printable import printable
from mlci.ports.clock import Clock


class StreamProgress(Struct, kw_only=True):
    """Steps as plain lines, each with its duration once it has ended; what children say is indented."""

    stream: TextIO
    clock: Clock
    _title: str = ""
    _since: float = 0.0

    def step(self, title: str) -> None:
        """A new step begins; one that still runs has ended."""
        self.done()
        self._title, self._since = title, self.clock.monotonic()
        self._write(f"{title} …")

    def line(self, text: str) -> None:
        """One line of the running step's own output."""
        self._write(f"  {text}")

    def note(self, text: str) -> None:
        """A plain line of its own; a step that still runs has ended."""
        self.done()
        self._write(text)

    def done(self, summary: str = "") -> None:
        """The running step has ended; nothing happens when none runs."""
        if self._title:
            seconds = self.clock.monotonic() - self._since
            self._write(f"{self._title}: {summary or 'done'} ({seconds:.1f} s)")
            self._title = ""

    def _write(self, text: str) -> None:
        self.stream.write(printable(text) + "\n")
        self.stream.flush()


class TerminalProgress(Struct, kw_only=True):
    """One line that is rewritten: the running step and the last thing it said."""

    stream: TextIO
    clock: Clock
    width: int = 80
    _title: str = ""
    _since: float = 0.0

    def step(self, title: str) -> None:
        """A new step begins; one that still runs has ended."""
        self.done()
        self._title, self._since = title, self.clock.monotonic()
        self._rewrite(f"{title} …")

    def line(self, text: str) -> None:
        """Show the newest line of the running step beside its title."""
        self._rewrite(f"{self._title}: {text.strip()}")

    def note(self, text: str) -> None:
        """Leave a line; a step that still runs has ended."""
        self.done()
        self._rewrite(text)
        self.stream.write("\n")

    def done(self, summary: str = "") -> None:
        """Leave a finished line with the step's duration; nothing happens when none runs."""
        if self._title:
            seconds = self.clock.monotonic() - self._since
            self._rewrite(f"{self._title}: {summary or 'done'} ({seconds:.1f} s)")
            self.stream.write("\n")
            self._title = ""

    def _rewrite(self, text: str) -> None:
        self.stream.write(f"\r\x1b[2K{printable(text)[: self.width - 1]}")
        self.stream.flush()


class SilentProgress(Struct, frozen=True):
    """Says nothing."""

    def step(self, title: str) -> None:
        """Say nothing."""

    def line(self, text: str) -> None:
        """Say nothing."""

    def note(self, text: str) -> None:
        """Say nothing."""

    def done(self, summary: str = "") -> None:
        """Say nothing."""
