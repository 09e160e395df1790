"""A job's summary: a page of Markdown that the CI provider shows beside the log."""

from typing import Protocol


class Summary(Protocol):
    """Takes Markdown at its end. What cannot be shown there fails nobody."""

    @property
    def room(self) -> int:
        """How many bytes it still takes; 0 where nobody would see them."""
        ...

    def append(self, text: str) -> None:
        """Add Markdown to what earlier commands wrote."""
        ...
