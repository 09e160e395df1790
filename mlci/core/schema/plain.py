"""Shapes of single values: texts, numbers, flags, choices, durations, shares."""

import re
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import Generic, TypeGuard, TypeVar

from msgspec import Struct

from mlci.core.problems import did_you_mean, quoted, shown
from mlci.core.schema.base import Problems, expected
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import Node

E = TypeVar("E", bound=StrEnum)

_YAML_1_1 = {"yes": "true", "y": "true", "on": "true", "no": "false", "n": "false", "off": "false"}
_DURATION = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PERCENT = r"^[0-9]+(\.[0-9]+)?%$"
_LARGEST = 1.7e308


class Text(Struct, frozen=True, kw_only=True):
    """One line or more of text; `means` says in words what `pattern` asks for."""

    pattern: str | None = None
    means: str = "text"
    lines: bool = False

    def read(self, node: Node, problems: Problems) -> str:
        """The text, or the empty text."""
        value = node.value
        if not isinstance(value, str):
            expected(self.means, node, problems, help=_quote_it(node))
            return ""
        if not value.strip():
            problems.add(node, "value-empty", f"expected {self.means}, found the empty text")
            return ""
        if not self.lines and "\n" in value:
            problems.add(node, "value-invalid", f"{self.means} must stand on one line")
            return ""
        if self.pattern and not re.fullmatch(self.pattern, value):
            problems.add(node, "value-invalid", f"expected {self.means}, found {quoted(value)}")
            return ""
        return value

    def json_schema(self) -> JsonValue:
        """A string, with its pattern."""
        if self.pattern:
            return {"type": "string", "pattern": self.pattern}
        return {"type": "string", "pattern": r"\S" if self.lines else r"^[^\n]*\S[^\n]*$"}


class Number(Struct, frozen=True, kw_only=True):
    """A finite number within limits (both included)."""

    minimum: float | None = None
    maximum: float | None = None

    def read(self, node: Node, problems: Problems) -> float:
        """The number, or the least one allowed."""
        value = node.value
        if not _finite(value):
            expected("a number", node, problems, help=_numeric_help(node))
        elif not _within(float(value), self.minimum, self.maximum):
            _out_of_range(float(value), self.minimum, self.maximum, node, problems)
        else:
            return float(value)
        return self.minimum or 0.0

    def json_schema(self) -> JsonValue:
        """A number with its limits."""
        return {"type": "number", **_limits(self.minimum, self.maximum)}


class Integer(Struct, frozen=True, kw_only=True):
    """A whole number within limits (both included)."""

    minimum: int | None = None
    maximum: int | None = None

    def read(self, node: Node, problems: Problems) -> int:
        """The number, or the least one allowed."""
        value = node.value
        if not _finite(value) or value != int(value):
            expected("a whole number", node, problems, help=_numeric_help(node))
        elif not _within(value, self.minimum, self.maximum):
            _out_of_range(value, self.minimum, self.maximum, node, problems)
        else:
            return int(value)
        return self.minimum or 0

    def json_schema(self) -> JsonValue:
        """An integer with its limits."""
        return {"type": "integer", **_limits(self.minimum, self.maximum)}


class Flag(Struct, frozen=True, kw_only=True):
    """`true` or `false`."""

    def read(self, node: Node, problems: Problems) -> bool:
        """The truth value, or False."""
        if isinstance(node.value, bool):
            return node.value
        word = _YAML_1_1.get(node.text.lower()) if node.plain else None
        hint = f"YAML 1.2 reads {shown(node.text, 20)} as text; write {word}" if word else ""
        if not node.plain and node.text in ("true", "false"):
            hint = "take off the quotes"
        expected("true or false", node, problems, help=hint)
        return False

    def json_schema(self) -> JsonValue:
        """A boolean."""
        return {"type": "boolean"}


class Constant(Struct, frozen=True):
    """The one number that may stand here; `help` says what to do about any other."""

    value: int
    help: str

    def read(self, node: Node, problems: Problems) -> int:
        """The number, whatever stands there."""
        if node.value != self.value or isinstance(node.value, bool):
            expected(f"the number {self.value}", node, problems, help=self.help)
        return self.value

    def json_schema(self) -> JsonValue:
        """The number."""
        return {"const": self.value}


# Generic shapes have no slots: `Listing[int](…)` sets an attribute, and 3.11 refuses that with a TypeError.


class Choice(Struct, Generic[E], frozen=True):
    """One word of an enumeration."""

    words: type[E]

    def read(self, node: Node, problems: Problems) -> E:
        """The member, or the first one."""
        for member in self.words:
            if node.value == member.value:
                return member
        _not_among(node, tuple(each.value for each in self.words), problems)
        return next(iter(self.words))

    def json_schema(self) -> JsonValue:
        """The words."""
        return {"enum": [each.value for each in self.words]}


class Among(Struct, frozen=True):
    """One word of a list that only the caller knows, and that he is asked for where a word stands."""

    words: Callable[[], tuple[str, ...]]

    def read(self, node: Node, problems: Problems) -> str:
        """The word, or the empty text."""
        words = self.words()
        if isinstance(node.value, str) and node.value in words:
            return node.value
        _not_among(node, words, problems)
        return ""

    def json_schema(self) -> JsonValue:
        """The words."""
        return {"enum": list(self.words())}


class Duration(Struct, frozen=True, kw_only=True):
    """A length of time with its unit (`100ms`, `15s`, `2h`), as seconds."""

    minimum: float = 0.0
    maximum: float = 30 * 86400.0

    def read(self, node: Node, problems: Problems) -> float:
        """The seconds, or the least allowed."""
        value = node.value
        found = (
            re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)(ms|s|m|h|d)", value)
            if isinstance(value, str)
            else None
        )
        if not found:
            hint = f"say the unit: {shown(node.text, 20)}s" if _finite(value) else "units: ms, s, m, h, d"
            expected("a duration such as 15s", node, problems, help=hint)
        elif not self.minimum <= (seconds := float(found[1]) * _SECONDS[found[2]]) <= self.maximum:
            _out_of_range(seconds, self.minimum, self.maximum, node, problems, unit=" s")
        else:
            return seconds
        return self.minimum

    def json_schema(self) -> JsonValue:
        """A string of digits and a unit."""
        return {"type": "string", "pattern": _DURATION}


class Share(Struct, frozen=True, kw_only=True):
    """A part of a whole: `0.1%` or `0.001`, as a number from 0 to 1."""

    def read(self, node: Node, problems: Problems) -> float:
        """The share, or 0."""
        share = percentage(node)
        if share is None and _finite(node.value):
            share = float(node.value)
        if share is None:
            expected("a share such as 0.1% or 0.001", node, problems)
        elif not 0 <= share <= 1:
            hint = f"write {shown(node.text, 20)}% for percent" if _finite(node.value) else ""
            problems.add(
                node, "value-out-of-range", f"a share lies between 0 and 1 (100%), found {share:g}", help=hint
            )
        else:
            return share
        return 0.0

    def json_schema(self) -> JsonValue:
        """A number from 0 to 1, or a percentage."""
        number: JsonValue = {"type": "number", "minimum": 0, "maximum": 1}
        return {"anyOf": [number, {"type": "string", "pattern": _PERCENT}]}


def percentage(node: Node) -> float | None:
    """The share that a text such as `0.1%` means; None for anything else."""
    found = (
        re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)%", node.value) if isinstance(node.value, str) else None
    )
    return float(found[1]) / 100 if found else None


def _finite(value: object) -> TypeGuard[int | float]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= _LARGEST


def _within(value: float, minimum: float | None, maximum: float | None) -> bool:
    return (minimum is None or value >= minimum) and (maximum is None or value <= maximum)


def _out_of_range(
    value: float, minimum: float | None, maximum: float | None, node: Node, problems: Problems, unit: str = ""
) -> None:
    below = minimum is not None and value < minimum
    wanted = f"at least {minimum:g}" if below else f"at most {maximum:g}"
    problems.add(node, "value-out-of-range", f"must be {wanted}{unit}, found {value:g}{unit}")


def _limits(minimum: float | None, maximum: float | None) -> dict[str, JsonValue]:
    stated = {"minimum": minimum, "maximum": maximum}
    return {key: value for key, value in stated.items() if value is not None}


def _not_among(node: Node, words: Sequence[str], problems: Problems) -> None:
    if isinstance(node.value, list | dict | None):
        expected(f"one of {', '.join(words)}", node, problems)
        return
    problems.add(
        node, "value-unknown", f"{quoted(node.text)} is not known here", help=did_you_mean(node.text, words)
    )


def _numeric_help(node: Node) -> str:
    if not isinstance(node.value, str):
        return ""
    text = shown(node.text, 20)
    if not node.plain:
        return "take off the quotes" if re.fullmatch(r"[-+.0-9eE]+", node.text) else ""
    if re.fullmatch(r"[-+]?[0-9]+(:[0-5]?[0-9])+", node.text):
        return f"YAML 1.1 read {text} as a number of base 60; YAML 1.2 reads text"
    if re.fullmatch(r"[-+]?0[0-9]+", node.text):
        return f"YAML 1.1 read {text} as octal; write it without the leading zero"
    if re.fullmatch(r"[-+]?[0-9][0-9_.]*", node.text):
        return f"write {text.replace('_', '')}" if "_" in text else ""
    return ""


def _quote_it(node: Node) -> str:
    return f'put it in quotes: "{shown(node.text, 40)}"' if node.plain and node.text else ""
