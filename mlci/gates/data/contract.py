"""A data contract: what must be true of a table, as values."""

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct, field

Allowed = str | int | float | bool


class Kind(StrEnum):
    """What a column holds, in words that every table format can be told in."""

    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    TEXT = "text"
    DATE = "date"
    DATETIME = "datetime"
    OTHER = "other"
    UNKNOWN = "unknown"

    @property
    def numeric(self) -> bool:
        """Whether a range makes sense of it."""
        return self in (Kind.INTEGER, Kind.NUMBER)


class Extra(StrEnum):
    """What becomes of columns that the contract does not name."""

    ALLOW = "allow"
    WARN = "warn"
    FAIL = "fail"


class Rule(Struct, frozen=True, kw_only=True):
    """What must be true of one column. `missing` is the largest share of rows without a value."""

    kind: Kind | None = None
    missing: float = 0.0
    unique: bool = False
    at_least: float | None = None
    at_most: float | None = None
    allowed: tuple[Allowed, ...] | None = None
    line: int | None = None

    @property
    def ranged(self) -> bool:
        """Whether values are bounded."""
        return self.at_least is not None or self.at_most is not None


class RowCount(Struct, frozen=True, kw_only=True):
    """How many rows there may be; no rows at all is never right unless it is asked for."""

    at_least: int = 1
    at_most: int | None = None


class Contract(Struct, frozen=True, kw_only=True):
    """What must be true of one table."""

    columns: Mapping[str, Rule] = field(default_factory=dict)
    rows: RowCount = field(default_factory=RowCount)
    extra: Extra = Extra.WARN
