"""How reliable probabilities are: one bin of them, as a value and as evidence keeps it."""

from typing import Any

from msgspec import Struct

from mlci.core.finding import Interval
from mlci.core.records import MOST, record


class Bin(Struct, frozen=True, kw_only=True):
    """Rows whose score lies from `low` to `high`: their mean score, and the share that came true."""

    low: float
    high: float
    rows: int
    said: float
    happened: float
    interval: Interval


_BIN = record(Bin, interval=record(Interval))


def read_bin(raw: Any) -> Bin | None:  # noqa: ANN401 - evidence may be of a stranger's making
    """The bin of a document; None of anything else."""
    try:
        found: Bin = _BIN(raw)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    shares = (found.low, found.high, found.said, found.happened, found.interval.low, found.interval.high)
    return found if 0 < found.rows < MOST and all(0 <= each <= 1 for each in shares) else None
