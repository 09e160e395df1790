"""JSON as the standard means it: no NaN, no duplicate keys, sorted, one trailing newline."""

import json
from math import isinf
from typing import Any, cast

from msgspec import to_builtins

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


class NotJson(ValueError):
    """The text is not strict JSON; the message says where."""


def dumps(value: JsonValue, *, indent: int | None = 2) -> str:
    """Return the one canonical text of a value. Raises ValueError for NaN and infinities."""
    separators = (",", ":") if indent is None else None
    text = json.dumps(
        value,
        allow_nan=False,
        ensure_ascii=False,
        sort_keys=True,
        indent=indent,
        separators=separators,
    )
    return text + "\n"


def plain(value: object) -> Any:  # noqa: ANN401 - whoever asks knows what it made
    """Return a struct, or a container of them, in JSON's own types, all the way down."""
    return to_builtins(value, enc_hook=_number)


def _number(value: object) -> float:
    """What a library's function returned may be a float by inheritance, as NumPy's are."""
    if isinstance(value, float):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def loads(text: str | bytes) -> JsonValue:
    """Return the value of strict JSON text. Raises NotJson for anything else."""
    try:
        raw = text.decode("utf-8") if isinstance(text, bytes) else text
        value = json.loads(
            raw, object_pairs_hook=_no_duplicates, parse_constant=_no_constants, parse_float=_finite
        )
    except RecursionError as error:
        raise NotJson("nested too deeply") from error
    except ValueError as error:
        raise NotJson(str(error)) from error
    return cast("JsonValue", value)


def _no_duplicates(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    seen: dict[str, JsonValue] = {}
    for key, value in pairs:
        if key in seen:
            raise ValueError(f"duplicate key {key!r}")
        seen[key] = value
    return seen


def _no_constants(word: str) -> JsonValue:
    raise ValueError(f"{word} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if isinf(value):
        raise ValueError(f"{text[:20]} is no finite number")
    return value
