"""What the cells of a column say, alike in formats with types and without: absence, text, ids."""

import re
from collections.abc import Sequence
from math import isnan
from typing import Any

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

EXACT = 2**53  # beyond it a float may stand for several integers

# Where a format has no types, a column of whole floats is written so; 1.0 and 1.5 beside each other are text.
_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)\.0+")


def absent(column: Column) -> Mask:
    """Which cells hold nothing: null, None or NaN."""
    match column.dtype.kind:
        case "f":
            return np.isnan(column)
        case "M" | "m":
            return np.isnat(column)
        case "O":
            return np.array([_is_nothing(each) for each in column.tolist()], dtype=np.bool_)
        case _:
            return np.zeros(len(column), np.bool_)


def texts(column: Column) -> Column:
    """Text of each value, alike for 1, 1.0 and true, so that formats without types agree."""
    if column.dtype.kind == "O":
        return np.array([_text(each) for each in column.tolist()], dtype=np.str_)
    if column.dtype.kind == "b" or (column.dtype.kind == "f" and _whole(column)):
        return column.astype(np.int64).astype(np.str_)
    return column.astype(np.str_)


def identities(column: Column) -> Column:
    """Ids, none of them absent: integers as they are, all else as text. `007` stays another id than 7."""
    return column if column.dtype.kind in "iu" else _without_point(texts(column))


def alike(one: Column, other: Column) -> tuple[Column, Column]:
    """Two columns of ids in one form: text, unless both are numbers of one kind."""
    if one.dtype.kind == other.dtype.kind:
        return one, other
    return one.astype(np.str_), other.astype(np.str_)


def _is_nothing(value: object) -> bool:
    return value is None or (isinstance(value, float) and isnan(value))


def _whole(column: Column) -> bool:
    return bool(((np.abs(column) <= EXACT) & (column == np.rint(column))).all())


def _text(value: object) -> str:
    if value is True or value is False:
        return str(int(value))
    return str(value)


def _without_point(column: Column) -> Column:
    """Whole floats as a format without types has them, `7.0`, as the whole numbers that they are."""
    if not len(column) or not _WHOLE.fullmatch(str(column[0])):
        return column
    written: Sequence[str] = column.tolist()
    if not all(map(_WHOLE.fullmatch, written)):
        return column
    return np.array([each.partition(".")[0] for each in written], dtype=np.str_)
