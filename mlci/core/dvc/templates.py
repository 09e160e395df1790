"""What a `foreach`, a `matrix` or a template in `dvc.yaml` stands for, as far as the file itself tells."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from math import prod

from mlci.core.dvc.lookup import value_at
from mlci.core.dvc.nodes import json_of, pairs
from mlci.core.schema import Problems, expected
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import Node

MOST_INSTANCES = 10_000

# Where no `}` follows, this takes all the line: no `${` in it has one, and none of them is looked at again.
_TEMPLATE = r"(?<!\\)\$\{([^}\n]*)(\}?)"
_NAME = r"(?<!\\)\$\{\s*([^{}\s]+)\s*\}"


def instances(name: str, keys: Mapping[str, Node], problems: Problems) -> tuple[str, ...] | None:
    """The names that an entry under `stages:` stands for; None when only DVC can tell."""
    if "foreach" in keys:
        return _named_by(name, _foreach(keys["foreach"], problems))
    if "matrix" in keys:
        return _named_by(name, _matrix(keys["matrix"], problems))
    return (name,)


def _named_by(name: str, instances: list[str] | None) -> tuple[str, ...] | None:
    return None if instances is None else tuple(dict.fromkeys(f"{name}@{each}" for each in instances))


def _foreach(node: Node, problems: Problems) -> list[str] | None:
    if isinstance(node.value, str) and has_template(node.value):
        return None
    if isinstance(node.value, dict):
        return None if any(map(_is_rewritten, node.value)) else list(node.value)
    if not isinstance(node.value, list):
        expected("a list or a mapping", node, problems)
        return []
    if any(isinstance(each.value, list | dict) for each in node.value):
        return [str(index) for index in range(len(node.value))]
    return _names(node.value)


def _matrix(node: Node, problems: Problems) -> list[str] | None:
    axes: list[list[str]] = []
    for key, values in pairs(node, problems).items():
        if not isinstance(values.value, list) or _is_rewritten(key):
            return None
        names = _names(values.value, key)
        if names is None:
            return None
        axes.append(names)
    if prod(map(len, axes)) > MOST_INSTANCES:
        problems.add(node, "matrix-too-large", f"the matrix has more than {MOST_INSTANCES} stages")
        return None
    return ["-".join(parts) for parts in product(*axes)]


def _names(nodes: Sequence[Node], axis: str = "") -> list[str] | None:
    """Values as DVC writes them into stages' names; None where it makes another text of one."""
    if any(isinstance(each.value, str) and _is_rewritten(each.value) for each in nodes):
        return None
    return [
        f"{axis}{index}" if isinstance(each.value, list | dict) else as_text(json_of(each))
        for index, each in enumerate(nodes)
    ]


def _is_rewritten(text: str) -> bool:
    """Whether DVC makes another text of this one: it fills templates and unescapes what is none."""
    return has_template(text) or "\\${" in text


def as_text(value: object) -> str:
    """A value as DVC writes it into a text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def templates(text: str) -> Iterator[re.Match[str]]:
    """The templates in a text, as DVC finds them; the first group is what stands between the braces."""
    found = re.finditer(_TEMPLATE, text) if "${" in text else iter(())
    return (each for each in found if each[2])


def has_template(text: str) -> bool:
    """Whether a text holds a template."""
    return next(templates(text), None) is not None


def is_templated(node: Node) -> bool:
    """Whether `${…}` stands anywhere in a node, or an escaped one, of which DVC makes another text, too."""
    match node.value:
        case str() as value:
            return _is_rewritten(value)
        case list() as values:
            return any(map(is_templated, values))
        case dict() as mapped:
            return any(is_templated(part) for pair in mapped.values() for part in pair)
        case _:
            return False


def holds_template(value: JsonValue) -> bool:
    """Whether `${…}` stands anywhere in a value."""
    match value:
        case str():
            return has_template(value)
        case list():
            return any(map(holds_template, value))
        case dict():
            return any(holds_template(part) for pair in value.items() for part in pair)
        case _:
            return False


def filled(text: str, sources: Sequence[Mapping[str, JsonValue]]) -> str:
    """A text with the words and numbers that a source knows; other templates (`item`) stay as they are."""

    def value(found: re.Match[str]) -> str:
        parts = [*filter(None, re.split(r"[.\[\]]", found[1]))]
        values = (value_at(dict(each), parts) for each in sources)
        known = (each for each in values if isinstance(each, str | int | float))
        return next(map(as_text, known), found[0])

    return re.sub(_NAME, value, text) if "${" in text else text
