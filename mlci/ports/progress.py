"""What a long use case tells the person who waits."""

from typing import Protocol


class Progress(Protocol):
    """Receives steps and lines; what becomes of them is the face's business."""

    def step(self, title: str) -> None:
        """A new step begins."""
        ...

    def line(self, text: str) -> None:
        """One line of a running step's own output."""
        ...

    def note(self, text: str) -> None:
        """A line that stays, between steps."""
        ...

    def done(self, summary: str = "") -> None:
        """The running step has ended."""
        ...
