"""Time, as something that is handed in."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """Tells the time and measures durations."""

    def now(self) -> datetime:
        """The present moment, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds on a clock that never goes back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...
