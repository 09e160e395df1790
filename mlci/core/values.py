"""The typed values that metrics and parameters files hold: nothing is rounded, nothing becomes zero."""

import json
from decimal import Context, Decimal
from enum import StrEnum

from msgspec import Struct

from mlci.core.strictjson import JsonValue

# Enough for any two finite doubles to be subtracted exactly.
_EXACT = Context(prec=2_000)
_LARGEST = Decimal("1.7976931348623157e308")
_DIGITS = 300  # an integer of fewer is below it


class Kind(StrEnum):
    """What sort of thing stands at a key. Missing is not null, and null is not zero."""

    NUMBER = "number"
    NAN = "nan"
    PLUS_INFINITY = "plus_infinity"
    MINUS_INFINITY = "minus_infinity"
    TEXT = "text"
    FLAG = "flag"
    LIST = "list"
    NULL = "null"
    MISSING = "missing"


class Value(Struct, frozen=True, kw_only=True):
    """One value: its kind and its exact text (`0.1`, `true`, `[1, 2]`); untrusted, like all text."""

    kind: Kind
    text: str = ""

    @property
    def exact(self) -> Decimal | None:
        """The number, exactly; None for everything that is not a finite number."""
        return Decimal(self.text) if self.kind is Kind.NUMBER else None

    @property
    def number(self) -> float | None:
        """The nearest double of a finite number, else None."""
        return float(self.text) if self.kind is Kind.NUMBER else None

    def minus(self, other: "Value") -> Decimal | None:
        """The exact difference of two finite numbers, else None."""
        here, there = self.exact, other.exact
        if here is None or there is None:
            return None
        return _EXACT.subtract(here, there)

    def same_as(self, other: "Value") -> bool:
        """Whether both say the same: 1 and 1.0 do, NaN and NaN do, missing and null do not."""
        if self == other:
            return True
        return self.kind is other.kind is Kind.NUMBER and self.exact == other.exact


MISSING = Value(kind=Kind.MISSING)


def number(text: str) -> Value:
    """The value of a numeral; beyond the range of doubles it counts as infinite."""
    return _number(Decimal(text), text)


def _number(exact: Decimal, text: str) -> Value:
    if exact.is_nan():
        return Value(kind=Kind.NAN)
    if abs(exact) > _LARGEST:
        return Value(kind=Kind.PLUS_INFINITY if exact > 0 else Kind.MINUS_INFINITY)
    return Value(kind=Kind.NUMBER, text=text)


def of(thing: JsonValue | Decimal) -> Value:
    """The typed value of a parsed leaf; lists and mappings become their canonical JSON text."""
    match thing:
        case None:
            return Value(kind=Kind.NULL, text="null")
        case bool():
            return Value(kind=Kind.FLAG, text="true" if thing else "false")
        case int() | Decimal():
            return _of_number(thing)
        case float():
            return number(repr(thing))
        case str():
            return Value(kind=Kind.TEXT, text=thing)
        case list() | dict():
            return Value(kind=Kind.LIST, text=_canonical(thing))


def _of_number(thing: int | Decimal) -> Value:
    text = str(thing)
    if isinstance(thing, int) and len(text) < _DIGITS:
        return Value(kind=Kind.NUMBER, text=text)
    return _number(Decimal(thing), text)


def _canonical(thing: JsonValue | Decimal) -> str:
    match thing:
        case list():
            return f"[{', '.join(_canonical(each) for each in thing)}]"
        case dict():
            parts = (f"{json.dumps(name)}: {_canonical(thing[name])}" for name in sorted(thing))
            return f"{{{', '.join(parts)}}}"
        case Decimal():
            return str(thing)
        case _:
            return json.dumps(thing, ensure_ascii=False)
