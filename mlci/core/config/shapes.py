"""The words of `mlci.yaml`: names, paths, days and margins, each with the sentence that explains it."""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import PurePosixPath

from msgspec import Struct

from mlci.core.config import Margin
from mlci.core.problems import did_you_mean, quoted
from mlci.core.schema import Among, Map, Number, Problems, Schema, Text, mapping, percentage
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import Node

_PATH = r"^(?![/~]|[A-Za-z]:|-)(?!(.*/)?\.\.(/|$))[^\\\n\r\t#]+$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"
_POINTER = r"(/([^~/\s]|~[01])+)+"

NAME = Text(
    pattern=r"^[A-Za-z0-9]([A-Za-z0-9_-]{0,62}[A-Za-z0-9])?$",
    means="a name of letters, digits, - and _ that starts and ends with a letter or digit",
)
SLUG = Text(
    pattern=r"^[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?$",
    means="a name of small letters, digits, - and _ that starts and ends with a letter or digit",
)
PATH = Map(
    Text(pattern=_PATH, means="a path inside the project, with / between its parts"),
    lambda path, _node, _problems: PurePosixPath(path).as_posix() if path else "",
)
REMOTE = Text(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", means="the name of a DVC remote")
BRANCH = Text(
    pattern=r"^(?![-/.])(?!.*(\.\.|//|@\{|\.lock$|[/.]$))[^\s~^:?*\[\\\x00-\x1f\x7f]+$",
    means="the name of a Git branch",
)
ATTRIBUTE = Text(
    pattern=r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_.]*$",
    means="a module and a name in it, such as credit.predict:load",
)
SOURCE = Text(
    pattern=_PATH.removesuffix("$") + "#" + _POINTER + "$",
    means="a file and a place in it, such as metrics.json#/serve/p95",
)
METRIC = Text(pattern=r"^[A-Za-z_][A-Za-z0-9_.@-]*$", means="the name of a metric")
CHECK = Text(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_-]+)+$", means="the id of a check, such as data.missing")
SECRET = Text(pattern=r"^[A-Z_][A-Z0-9_]*$", means="the name of a variable, in capitals")
SCRIPT = Text(lines=True, means="a command")


class Gates(Struct, frozen=True):
    """The part of each gate: its own shape checks it, and its node is kept for the gate to read."""

    shapes: Mapping[str, Schema[object]]

    def read(self, node: Node, problems: Problems) -> Mapping[str, Node]:
        """The known gates' nodes, checked, in the file's order."""
        kept: dict[str, Node] = {}
        for gate, (key, value) in mapping(node, problems).items():
            if gate in self.shapes:
                self.shapes[gate].read(value, problems)
                kept[gate] = value
            else:
                hint = did_you_mean(gate, self.shapes, "gates")
                problems.add(key, "unknown-gate", "there is no such gate", help=hint)
        return kept

    def json_schema(self) -> JsonValue:
        """An object with one property for each gate."""
        properties = {gate: shape.json_schema() for gate, shape in sorted(self.shapes.items())}
        return {"type": ["object", "null"], "properties": properties, "additionalProperties": False}


class Day(Struct, frozen=True):
    """A day as `2027-03-31`."""

    def read(self, node: Node, problems: Problems) -> date:
        """The day, or the first one there is."""
        try:
            return date.fromisoformat(node.text if re.fullmatch(_DAY, node.text) else "")
        except ValueError:
            said = f"expected a day such as 2027-03-31, found {quoted(node.text)}"
            problems.add(node, "value-invalid", said)
            return date.min

    def json_schema(self) -> JsonValue:
        """A string in the form of a date."""
        return {"type": "string", "format": "date", "pattern": _DAY}


class Drop(Struct, frozen=True):
    """How much a metric may drop: `0.005`, or `2%` of the base's value."""

    def read(self, node: Node, problems: Problems) -> Margin:
        """The margin; zero is told apart later, since `kind: exact` allows it."""
        share = percentage(node)
        if share is not None:
            return Margin(value=share, relative=True)
        return Margin(value=Number(minimum=0).read(node, problems))

    def json_schema(self) -> JsonValue:
        """A number or a percentage."""
        number: JsonValue = {"type": "number", "minimum": 0}
        return {"anyOf": [number, {"type": "string", "pattern": r"^[0-9]+(\.[0-9]+)?%$"}]}


class Exact(Struct, frozen=True):
    """The word `exact`: the metric has no sampling error, so any drop counts."""

    def read(self, node: Node, problems: Problems) -> bool:
        """Whether the word stands there."""
        return Among(lambda: ("exact",)).read(node, problems) == "exact"

    def json_schema(self) -> JsonValue:
        """The word."""
        return {"enum": ["exact"]}
