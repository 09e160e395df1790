"""Progress on a terminal and in a log."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime

from mlci.adapters.progress import StreamProgress, TerminalProgress


@dataclass
class Ticking:
    """A clock on which every look takes two seconds."""

    seconds: float = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)

    def monotonic(self) -> float:
        self.seconds += 2.0
        return self.seconds

    def sleep(self, seconds: float) -> None:
        self.seconds += seconds


def test_a_log_has_plain_lines() -> None:
    stream = io.StringIO()
    progress = StreamProgress(stream=stream, clock=Ticking())

    progress.step("reproduce")
    progress.line("epoch 1\x1b[31m")
    progress.step("test")
    progress.note("will run: train")
    progress.done()

    assert stream.getvalue().splitlines() == [
        "reproduce …",
        "  epoch 1\\x1b[31m",
        "reproduce: done (2.0 s)",
        "test …",
        "test: done (2.0 s)",
        "will run: train",
    ]


def test_a_terminal_shows_one_line_a_step_no_wider_than_itself() -> None:
    stream = io.StringIO()
    progress = TerminalProgress(stream=stream, clock=Ticking(), width=20)

    progress.step("reproduce")
    progress.line("x" * 100)
    progress.done()
    progress.note("y" * 100)

    drawn = stream.getvalue().split("\r\x1b[2K")
    assert drawn[-2:] == ["reproduce: done (2.\n", f"{'y' * 19}\n"]
    assert max(map(len, drawn)) <= 20
    assert stream.getvalue().count("\n") == 2
