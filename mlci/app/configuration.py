"""`mlci.yaml` read as a whole: the house's part by core, each gate's part by its own folder."""

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from mlci import ci, gates
from mlci.core.config import Config
from mlci.core.config.schema import FILE, config_schema, document_schema
from mlci.core.problems import config_error
from mlci.core.schema import Problems, Schema
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import CONFIG_LIMITS, Node
from mlci.core.yaml.tree import parse


class Source(Struct, frozen=True, kw_only=True):
    """The text that a configuration was read from, kept for messages that come later."""

    content: bytes
    tree: Node


def read_configuration(content: bytes, *, name: str = FILE) -> tuple[Config, Source]:
    """The configuration in a file's bytes. Raises ConfigError with every problem of the file."""
    tree = parse(content, name=name, limits=CONFIG_LIMITS)
    problems = Problems()
    config = whole_schema().read(tree, problems)
    if problems.found:
        raise config_error(name, content, problems.found)
    return config, Source(content=content, tree=tree)


def whole_schema() -> Schema[Config]:
    """The shape of the file with the part of every gate there is."""
    return config_schema(_GateOptions(), providers=ci.ids, checks=_checks)


def _checks() -> Collection[str]:
    """Every check of every gate; a file without waivers does not ask."""
    return {check.id for each in gates.ids() for check in gates.gate(each).checks}


class _GateOptions(Mapping[str, Schema[object]]):
    """Each gate's own part by the gate's id; a gate that a file does not have is not imported."""

    def __getitem__(self, gate: str) -> Schema[object]:
        return gates.gate(gate).options

    def __contains__(self, gate: object) -> bool:
        return gate in gates.ids()

    def __iter__(self) -> Iterator[str]:
        return iter(gates.ids())

    def __len__(self) -> int:
        return len(gates.ids())


def json_schema() -> JsonValue:
    """The JSON Schema document that an editor is pointed at."""
    return document_schema(whole_schema())
