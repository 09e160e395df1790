"""Shapes that hold others: lists, mappings with free or fixed keys, alternatives."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, Generic, TypeVar, cast

from msgspec import NODEFAULT, Struct, field
from msgspec.structs import replace

from mlci.core.problems import did_you_mean, quoted, shown
from mlci.core.schema.base import Problems, Schema, default_of, expected, mapping
from mlci.core.schema.plain import Text
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import Node

T = TypeVar("T")


class Listing(Struct, Generic[T], frozen=True):
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


class Named(Struct, Generic[T], frozen=True):
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


class OneOf(Struct, Generic[T], frozen=True):
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


class Map(Struct, Generic[T], frozen=True):
    """Another shape, its value turned into something else (`into` may add problems of its own)."""

    of: Schema[Any]
    into: Callable[[Any, Node, Problems], T]

    def read(self, node: Node, problems: Problems) -> T:
        """The turned value."""
        return self.into(self.of.read(node, problems), node, problems)

    def json_schema(self) -> JsonValue:
        """The shape that stands in the file."""
        return self.of.json_schema()


class Field(Struct, frozen=True, kw_only=True):
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
    """A key that may be absent; the value's own default then holds."""
    return Field(key=key, of=of, describe=describe, needed=False, into=into)


class Table(Generic[T]):
    """A mapping with known keys, read into a struct. `check` sees the value when it read cleanly.

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
        """The value; a required key that is missing is a problem and takes its shape's default."""
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


def _is_written(default: str | float, shape: Mapping[str, JsonValue]) -> bool:
    """Whether a default looks in the file as it does in the struct (a duration's seconds do not)."""
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
    if not issubclass(into, Struct):
        raise TypeError(f"{into.__name__} is not a struct")
    names, defaults = into.__struct_fields__, into.__struct_defaults__
    stated = dict(zip(reversed(names), reversed(defaults), strict=False))
    return {name: None if stated.get(name, NODEFAULT) is NODEFAULT else stated[name] for name in names}
