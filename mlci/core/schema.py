"""Shapes of configuration: each reads a located node, names every problem and prints JSON Schema."""

from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from mlci.core.strictjson import JsonValue
from mlci.core.yamltree import Mark, Node

T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong with a file, and where."""

    id: str
    message: str
    mark: Mark
    path: str = ""
    help: str = ""


@dataclass(slots=True)
class Problems:
    """Collects every problem of a file, so that all are told at once."""

    found: list[Problem] = field(default_factory=list)

    def add(self, node: Node, id: str, message: str, *, help: str = "") -> None:
        """Record a problem at a node."""
        self.found.append(Problem(id=id, message=message, mark=node.mark, path=node.path, help=help))


class Schema(Protocol[T_co]):
    """A shape. `read` returns a value even when there are problems (its default), so reading goes on."""

    def read(self, node: Node, problems: Problems) -> T_co:
        """The typed value of a node; what is wrong goes to `problems`."""
        ...

    def json_schema(self) -> JsonValue:
        """The same shape as JSON Schema (draft 2020-12)."""
        ...
