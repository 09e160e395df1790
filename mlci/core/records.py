"""Frozen records from JSON documents of a stranger's making: every value of exactly the declared type.

What a record does not know is passed over: a newer mlci adds, and only a change of meaning raises `schema`.
"""

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from math import isfinite
from typing import Any, cast, get_args, get_type_hints

Build = Callable[[Any], Any]
# Beyond this no count, seed or line number is meant, and arithmetic on it may fail.
MOST = 2**63


def built(kind: type[Any], raw: Mapping[str, Any], parts: Mapping[str, Build]) -> Any:  # noqa: ANN401
    """A record of this kind; `parts` read the fields that are no scalars. Raises what `from_json` catches."""
    known = _fields(cast("Hashable", kind))
    return kind(
        **{
            key: parts[key](value) if key in parts else scalar(value, known[key])
            for key, value in raw.items()
            if key in known
        }
    )


def record(kind: type[Any], /, **parts: Build) -> Build:
    """Reads a record."""
    return lambda raw: built(kind, raw, parts)


def optional(build: Build) -> Build:
    """Reads a value that may be null."""
    return lambda raw: None if raw is None else build(raw)


def each(build: Build) -> Build:
    """Reads a list."""
    return lambda raw: tuple(build(item) for item in raw)


def named(kind: Any) -> Build:  # noqa: ANN401
    """Reads an object of scalars by name."""
    return lambda raw: {str(name): scalar(value, kind) for name, value in raw.items()}


def texts(raw: Any) -> tuple[str, ...]:  # noqa: ANN401
    """Reads a list of texts."""
    return tuple(scalar(item, str) for item in raw)


def scalar(value: Any, hint: Any) -> Any:  # noqa: ANN401
    """The value, when it is of exactly the type that is declared. Raises TypeError."""
    kinds = get_args(hint) or (hint,)
    if type(value) is int and int not in kinds and float in kinds:
        value = float(value)
    unfit = (type(value) is float and not isfinite(value)) or (type(value) is int and abs(value) >= MOST)
    if type(value) not in kinds or unfit:
        raise TypeError(f"{value!r:.80} is not {hint}")
    return value


@cache
def _fields(kind: Hashable) -> Mapping[str, Any]:
    return get_type_hints(kind)
