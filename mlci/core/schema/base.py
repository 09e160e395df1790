"""What every shape is, and how it says what is wrong."""

from collections.abc import Mapping
from typing import Protocol, TypeVar

from msgspec import Struct, field

from mlci.core.problems import SHOWN, Mark, Problem, quoted, shown
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import Node

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

_NOTHING = Node(value=None, mark=Mark(line=0, column=0))


class Problems(Struct):
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
