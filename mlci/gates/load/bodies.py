"""Request bodies from the rows of a table."""

import json
import math
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import narwhals as nw

from mlci.core.strictjson import JsonValue
from mlci.ports.tables import Tables

MOST = 1000


def bodies(tables: Tables, path: str, drop: frozenset[str]) -> tuple[bytes, ...]:
    """The first rows of a table as JSON objects without some columns. Raises WorldError."""
    frame = tables.scan(path)
    kept = [position for position, name in enumerate(frame.collect_schema().names()) if name not in drop]
    (rows,) = tables.collect([frame.select(nw.nth(kept)).head(MOST)])
    return tuple(_encoded(row) for row in rows)


def _encoded(row: Mapping[str, Any]) -> bytes:
    plain = {name: _plain(value) for name, value in row.items()}
    return json.dumps(plain, allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode()


def _plain(value: object) -> JsonValue:
    """A cell as JSON has it: no NaN, no infinity, times as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value)
