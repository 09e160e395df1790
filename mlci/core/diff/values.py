"""The typed values that metrics and parameters files hold: nothing is rounded, nothing becomes zero."""

import json
from decimal import Context, Decimal
from enum import StrEnum

from msgspec import Struct

# Enough for any two finite doubles to be subtracted exactly.
_EXACT = Context(prec=2_000)
_LARGEST = Decimal("1.7976931348623157e308")
_DIGITS = 300  # an integer of fewer is below it
_LONGEST = 1_000  # no number is longer; to compute with one of millions of digits takes minutes


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


_NUMBER = Kind.NUMBER  # to find a member costs more than to make a value of it


# Texts hold nothing that could hold them, so the garbage collector need not look at a hundred thousand.
class Value(Struct, frozen=True, kw_only=True, gc=False):
    """One value: its kind and its exact text (`0.1`, `true`, `[1, 2]`); untrusted, like all text."""

    kind: Kind
    text: str = ""

    @property
    def exact(self) -> Decimal | None:
        """The number, exactly; None for everything that is not a finite number."""
        return Decimal(self.text) if self.kind is _NUMBER else None

    @property
    def number(self) -> float | None:
        """The nearest double of a finite number, else None."""
        return float(self.text) if self.kind is _NUMBER else None

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
        return self.kind is other.kind is _NUMBER and Decimal(self.text) == Decimal(other.text)


MISSING = Value(kind=Kind.MISSING)

Leaf = None | bool | int | float | str | Decimal | Value | list["Leaf"] | dict[str, "Leaf"]

# As JSON and YAML write them.
NOT_FINITE = {Kind.NAN: "NaN", Kind.PLUS_INFINITY: "Infinity", Kind.MINUS_INFINITY: "-Infinity"}


def number(text: str) -> Value:
    """The value of a numeral; beyond the range of doubles it counts as infinite."""
    return _number(Decimal(text), text)


def _number(exact: Decimal, text: str) -> Value:
    if exact.is_nan():
        return Value(kind=Kind.NAN)
    if abs(exact) > _LARGEST:
        return Value(kind=Kind.PLUS_INFINITY if exact > 0 else Kind.MINUS_INFINITY)
    return Value(kind=_NUMBER, text=text)


def integer(text: str) -> Value:
    """The value of an integer in JSON, where it has one form only. Raises ValueError for a long one."""
    if len(text) < _DIGITS and text != "-0":
        return Value(kind=_NUMBER, text=text)
    return number(str(int(_bounded(text))))


def decimal(text: str) -> Value:
    """The value of a decimal fraction, in the form that Python gives it. Raises ValueError for a long one."""
    try:
        exact = Decimal(_bounded(text))
    except ArithmeticError as error:
        raise ValueError(f"the number {text[:40]} has an exponent that nothing has") from error
    return _number(exact, str(exact))


def _bounded(text: str) -> str:
    if len(text) > _LONGEST:
        raise ValueError(f"a number of {len(text)} characters")
    return text


def of(thing: Leaf) -> Value:
    """The typed value of a parsed leaf; lists and mappings become their canonical JSON text."""
    match thing:
        case Value():
            return thing
        case None:
            return Value(kind=Kind.NULL, text="null")
        case bool():
            return Value(kind=Kind.FLAG, text="true" if thing else "false")
        case str():
            return Value(kind=Kind.TEXT, text=thing)
        case list() | dict():
            return Value(kind=Kind.LIST, text=_canonical(thing))
        case _:
            return _of_number(thing)


def _of_number(thing: float | Decimal) -> Value:
    if isinstance(thing, int):
        return integer(str(thing))
    return decimal(str(thing)) if isinstance(thing, Decimal) else number(repr(thing))


def _canonical(thing: Leaf) -> str:
    match thing:
        case list():
            return f"[{', '.join(_canonical(each) for each in thing)}]"
        case dict():
            parts = (f"{json.dumps(name)}: {_canonical(thing[name])}" for name in sorted(thing))
            return f"{{{', '.join(parts)}}}"
        case Value():
            return thing.text or NOT_FINITE[thing.kind]
        case Decimal():
            return str(thing)
        case _:
            return json.dumps(thing, ensure_ascii=False)
