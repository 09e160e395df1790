"""Shapes of configuration: each reads a located node, names every problem and prints JSON Schema.

A shape is a value, so a gate states its part of `mlci.yaml` beside its code:

    @dataclass(frozen=True, slots=True, kw_only=True)
    class Options:
        sensitive: tuple[str, ...]
        at_most: float = 0.1
        warmup: float = 5.0

    OPTIONS = Table(
        Options,
        required("sensitive", Listing(Text(), at_least=1), "Columns that name protected groups."),
        optional("at_most", Number(minimum=0), "The largest difference that passes."),
        optional("warmup", Duration(), "How long to wait before measuring."),
    )

    options = OPTIONS.read(node, problems)      # an Options, with every problem in `problems`

An optional key that is absent takes the dataclass's own default.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from enum import Enum, StrEnum
from typing import Any, Generic, Protocol, TypeGuard, TypeVar, cast

from mlci.core.problems import SHOWN, Mark, Problem, did_you_mean, quoted, shown
from mlci.core.strictjson import JsonValue
from mlci.core.yamltree import Node

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
E = TypeVar("E", bound=StrEnum)

_YAML_1_1 = {"yes": "true", "y": "true", "on": "true", "no": "false", "n": "false", "off": "false"}
_DURATION = r"^[0-9]+(\.[0-9]+)?(ms|s|m|h|d)$"
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PERCENT = r"^[0-9]+(\.[0-9]+)?%$"
_LARGEST = 1.7e308
_NOTHING = Node(value=None, mark=Mark(line=0, column=0))


@dataclass(slots=True)
class Problems:
    """Collects every problem of a file, so that all are told at once."""

    found: list[Problem] = field(default_factory=list)

    def add(self, node: Node, id: str, message: str, *, help: str = "") -> None:
        """Record a problem at a node. What would not be shown anyway is not kept."""
        if len(self.found) < 2 * SHOWN:
            told = f"{shown(node.path)}: {message}" if node.path else message
            width = len(node.text) if node.plain and "\n" not in node.text else 0
            self.found.append(
                Problem(id=id, message=told, mark=node.mark, path=node.path, help=help, width=width)
            )


class Schema(Protocol[T_co]):
    """A shape. `read` returns a value even when there are problems (its default), so reading goes on."""

    def read(self, node: Node, problems: Problems) -> T_co:
        """The typed value of a node; what is wrong goes to `problems`."""
        ...

    def json_schema(self) -> JsonValue:
        """The same shape as JSON Schema (draft 2020-12)."""
        ...


def default_of(schema: Schema[T]) -> T:
    """The value a shape falls back to when there is nothing to read."""
    return schema.read(_NOTHING, Problems())


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Integer:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
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


@dataclass(frozen=True, slots=True)
class Constant:
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
@dataclass(frozen=True)
class Choice(Generic[E]):
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


@dataclass(frozen=True, slots=True)
class Among:
    """One word of a list that only the caller knows."""

    words: tuple[str, ...]

    def read(self, node: Node, problems: Problems) -> str:
        """The word, or the empty text."""
        if isinstance(node.value, str) and node.value in self.words:
            return node.value
        _not_among(node, self.words, problems)
        return ""

    def json_schema(self) -> JsonValue:
        """The words."""
        return {"enum": list(self.words)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Duration:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
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


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A sequence of one shape."""

    of: Schema[T]
    at_least: int = 0
    distinct: bool = False

    def read(self, node: Node, problems: Problems) -> tuple[T, ...]:
        """The items in order."""
        if not isinstance(node.value, list):
            hint = f"write [{shown(node.text, 40)}]" if node.text else ""
            expected("a list", node, problems, help=hint)
            return ()
        if len(node.value) < self.at_least:
            problems.add(node, "list-too-short", f"at least {self.at_least} needed, found {len(node.value)}")
        if self.distinct:
            _repeated(node.value, problems)
        return tuple(self.of.read(each, problems) for each in node.value)

    def json_schema(self) -> JsonValue:
        """An array."""
        least: dict[str, JsonValue] = {"minItems": self.at_least} if self.at_least else {}
        unique: dict[str, JsonValue] = {"uniqueItems": True} if self.distinct else {}
        return {"type": "array", "items": self.of.json_schema(), **least, **unique}


@dataclass(frozen=True)
class Named(Generic[T]):
    """A mapping whose keys are the user's own names. `fills` is the attribute that takes the name."""

    of: Schema[T]
    name: Text = field(default_factory=Text)
    fills: str = ""

    def read(self, node: Node, problems: Problems) -> dict[str, T]:
        """The values by name, in the file's order."""
        found: dict[str, T] = {}
        for name, (key, value) in mapping(node, problems).items():
            self.name.read(Node(value=name, mark=key.mark, path=key.path), problems)
            found[name] = self._named(name, self.of.read(value, problems))
        return found

    def _named(self, name: str, value: T) -> T:
        return replace(cast("Any", value), **{self.fills: name}) if self.fills else value

    def json_schema(self) -> JsonValue:
        """An object with one shape for every value."""
        return {
            "type": ["object", "null"],
            "propertyNames": self.name.json_schema(),
            "additionalProperties": self.of.json_schema(),
        }


@dataclass(frozen=True)
class OneOf(Generic[T]):
    """The first of several shapes that fits; `means` says in words what they have in common."""

    means: str
    shapes: Sequence[Schema[T]]

    def read(self, node: Node, problems: Problems) -> T:
        """The value by the first shape without problems, else the last shape's default."""
        value = default_of(self.shapes[-1])
        for shape in self.shapes:
            trial = Problems()
            value = shape.read(node, trial)
            if not trial.found:
                return value
        expected(self.means, node, problems)
        return value

    def json_schema(self) -> JsonValue:
        """Any of the shapes."""
        return {"anyOf": [each.json_schema() for each in self.shapes]}


@dataclass(frozen=True)
class Map(Generic[T]):
    """Another shape, its value turned into something else (`into` may add problems of its own)."""

    of: Schema[Any]
    into: Callable[[Any, Node, Problems], T]

    def read(self, node: Node, problems: Problems) -> T:
        """The turned value."""
        return self.into(self.of.read(node, problems), node, problems)

    def json_schema(self) -> JsonValue:
        """The shape that stands in the file."""
        return self.of.json_schema()


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One key of a table. `into` is the attribute it fills, where that is called otherwise."""

    key: str
    of: Schema[Any]
    describe: str
    needed: bool
    into: str

    @property
    def attribute(self) -> str:
        """The attribute's name."""
        return self.into or self.key


def required(key: str, of: Schema[Any], describe: str, *, into: str = "") -> Field:
    """A key that must be there."""
    return Field(key=key, of=of, describe=describe, needed=True, into=into)


def optional(key: str, of: Schema[Any], describe: str, *, into: str = "") -> Field:
    """A key that may be absent; the dataclass's default then holds."""
    return Field(key=key, of=of, describe=describe, needed=False, into=into)


class Table(Generic[T]):
    """A mapping with known keys, read into a dataclass. `check` sees the value when it read cleanly.

    `blank` names attributes without a key: they start empty and are filled by whoever knows them.
    """

    def __init__(
        self,
        into: type[T],
        *keys: Field,
        blank: tuple[str, ...] = (),
        check: Callable[[T, Node, Problems], None] | None = None,
    ) -> None:
        self._into = into
        self._blank = dict.fromkeys(blank, "")
        self._keys = {each.key: each for each in keys}
        self._check = check
        if unknown := {each.attribute for each in keys} - set(_defaults(into)):
            raise TypeError(f"{into.__name__} has no attribute {', '.join(sorted(unknown))}")

    def read(self, node: Node, problems: Problems) -> T:
        """The dataclass; a required key that is missing is a problem and takes its shape's default."""
        before = len(problems.found)
        pairs = mapping(node, problems)
        values = {
            self._keys[name].attribute: self._keys[name].of.read(value, problems)
            for name, (_, value) in pairs.items()
            if name in self._keys
        }
        for name, (key, _) in pairs.items():
            if name not in self._keys:
                problems.add(
                    key, "unknown-key", "there is no such key", help=did_you_mean(name, self._keys, "keys")
                )
        for each in self._keys.values():
            if each.needed and each.key not in pairs:
                values[each.attribute] = default_of(each.of)
                if isinstance(node.value, dict | None):
                    problems.add(
                        node,
                        "missing-key",
                        f"the key '{each.key}' is missing",
                        help=f"add `{each.key}:` {each.describe}",
                    )
        value = self._into(**self._blank, **values)
        if self._check and len(problems.found) == before:
            self._check(value, node, problems)
        return value

    def json_schema(self) -> JsonValue:
        """An object with these keys and no others."""
        needed: list[JsonValue] = [each.key for each in self._keys.values() if each.needed]
        return {
            "type": "object" if needed else ["object", "null"],
            "properties": {key: self._property(each) for key, each in self._keys.items()},
            "additionalProperties": False,
            **({"required": needed} if needed else {}),
        }

    def _property(self, key: Field) -> JsonValue:
        shape = cast("dict[str, JsonValue]", key.of.json_schema())
        default = _defaults(self._into)[key.attribute]
        plain = default.value if isinstance(default, Enum) else default
        stated: dict[str, JsonValue] = {}
        if isinstance(plain, str | int | float) and _is_written(plain, shape):
            stated = {"default": plain}
        return {**shape, "description": key.describe, **stated}


def mapping(node: Node, problems: Problems) -> Mapping[str, tuple[Node, Node]]:
    """A node's pairs; a key without a value counts as an empty mapping."""
    if isinstance(node.value, dict):
        return node.value
    if node.value is not None:
        expected("a mapping (`key: value`)", node, problems)
    return {}


def expected(what: str, node: Node, problems: Problems, *, help: str = "") -> None:
    """Record that a node is of another kind than was expected."""
    problems.add(node, "wrong-type", f"expected {what}, found {_kind(node)}", help=help)


def percentage(node: Node) -> float | None:
    """The share that a text such as `0.1%` means; None for anything else."""
    found = (
        re.fullmatch(r"([0-9]{1,12}(?:\.[0-9]{1,12})?)%", node.value) if isinstance(node.value, str) else None
    )
    return float(found[1]) / 100 if found else None


def _kind(node: Node) -> str:
    match node.value:
        case None:
            return "nothing"
        case bool():
            return f"the truth value {shown(node.text, 20)}"
        case int() | float():
            return f"the number {shown(node.text, 40)}"
        case str() as text:
            return f"the text {quoted(text)}"
        case list():
            return "a list"
        case dict():
            return "a mapping"


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


def _not_among(node: Node, words: Sequence[str], problems: Problems) -> None:
    if isinstance(node.value, list | dict | None):
        expected(f"one of {', '.join(words)}", node, problems)
        return
    problems.add(
        node, "value-unknown", f"{quoted(node.text)} is not known here", help=did_you_mean(node.text, words)
    )


def _is_written(default: str | float, shape: Mapping[str, JsonValue]) -> bool:
    """Whether a default looks in the file as it does in the dataclass (a duration's seconds do not)."""
    words = shape.get("enum")
    if isinstance(words, list):
        return default in words
    kinds = {"boolean": bool, "integer": int, "number": int | float, "string": str}
    return isinstance(default, kinds.get(str(shape.get("type")), ()))


def _repeated(items: Sequence[Node], problems: Problems) -> None:
    seen: set[object] = set()
    for each in items:
        if isinstance(each.value, list | dict):
            continue
        if each.value in seen:
            problems.add(each, "value-repeated", f"{quoted(each.text)} stands twice")
        seen.add(each.value)


def _defaults(into: type[Any]) -> Mapping[str, object]:
    if not is_dataclass(into):
        raise TypeError(f"{into.__name__} is not a dataclass")
    return {each.name: None if each.default is MISSING else each.default for each in fields(into)}
