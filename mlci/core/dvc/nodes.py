"""Tolerant reading of single nodes: an absent one is empty, one of a wrong type is a problem and empty."""

import json
from collections.abc import Mapping, Sequence

from mlci.core.dvc.numbers import number_in
from mlci.core.problems import WHOLE_FILE, quoted
from mlci.core.schema import Problems, expected, mapping
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import DVC_LIMITS, Node


def pairs(node: Node, problems: Problems) -> Mapping[str, Node]:
    """A mapping's values by key."""
    return {key: value for key, (_, value) in mapping(node, problems).items()}


def entries(node: Node | None, problems: Problems) -> Sequence[tuple[str, Node]]:
    """A mapping's keys and values, in the file's order."""
    return () if node is None else tuple(pairs(node, problems).items())


def items(node: Node | None, problems: Problems) -> Sequence[Node]:
    """A list's items."""
    if node is None or node.value is None:
        return ()
    if isinstance(node.value, list):
        return node.value
    expected("a list", node, problems)
    return ()


def named(node: Node | None, problems: Problems) -> Sequence[tuple[str, Node]]:
    """A list whose items are names, some with properties (`- name` or `- name: {...}`); also a mapping."""
    if node is not None and isinstance(node.value, dict):
        return entries(node, problems)
    found: list[tuple[str, Node]] = []
    for each in items(node, problems):
        if isinstance(each.value, dict):
            found += pairs(each, problems).items()
        else:
            found.append((written(each, problems), Node(value=None, mark=each.mark, path=each.path)))
    return found


def text(node: Node | None, problems: Problems) -> str:
    """A text, or the empty one."""
    if node is None or node.value is None:
        return ""
    return written(node, problems)


def texts(node: Node | None, problems: Problems) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(written(each, problems) for each in items(node, problems))


def written(node: Node, problems: Problems) -> str:
    """A scalar as it was written, whatever its type: a file may be called `2024`."""
    if isinstance(node.value, list | dict | None):
        expected("text", node, problems)
        return ""
    return node.text


def flag(node: Node | None, problems: Problems, *, default: bool) -> bool:
    """A truth value, or the default."""
    if node is None or isinstance(node.value, bool):
        return default if node is None else bool(node.value)
    expected("true or false", node, problems)
    return default


def number(node: Node | None, problems: Problems) -> int | None:
    """A whole number, or None."""
    if node is None:
        return None
    if isinstance(node.value, int) and not isinstance(node.value, bool):
        return node.value
    expected("a whole number", node, problems)
    return None


def json_of(node: Node) -> JsonValue:
    """A node's plain value. Its floats may be NaN or infinite, which strict JSON is not."""
    match node.value:
        case list() as values:
            return [json_of(each) for each in values]
        case dict() as mapped:
            return {key: json_of(value) for key, (_, value) in mapped.items()}
        case str() as plain if node.plain:
            return number_in(plain)
        case scalar:
            return scalar


def node_of(value: JsonValue, path: str = "", depth: int = 0) -> Node:
    """A plain value as the node of a file in which it stands nowhere. Raises ValueError."""
    if isinstance(value, str):
        return Node(value=_sound(value), mark=WHOLE_FILE, path=path, text=value)
    if not isinstance(value, list | dict):
        return Node(value=value, mark=WHOLE_FILE, path=path, text=json.dumps(value), plain=True)
    if depth >= DVC_LIMITS.depth:
        raise ValueError(f"more than {DVC_LIMITS.depth} levels")
    if isinstance(value, list):
        items = [node_of(each, f"{path}[{at}]", depth + 1) for at, each in enumerate(value)]
        return Node(value=items, mark=WHOLE_FILE, path=path)
    mapped: dict[str, tuple[Node, Node]] = {}
    for name, each in value.items():
        key = node_of(name, f"{path}.{name}" if path else name)
        mapped[name] = key, node_of(each, key.path, depth + 1)
    return Node(value=mapped, mark=WHOLE_FILE, path=path)


def _sound(text: str) -> str:
    """A text that can be written: JSON may escape half a character, which no encoding has."""
    if not text.isascii() and any("\ud800" <= each <= "\udfff" for each in text):
        raise ValueError(f"half a character in {quoted(text)}")
    return text
