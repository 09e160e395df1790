"""Changing one line of an environment file and nothing else of it."""

import re

from mlci.core.registry.environments import read
from mlci.core.registry.version import Version
from mlci.core.yaml.node import Node
from mlci.core.yaml.tree import parse
from mlci.errors import UsageError

_WORD = re.compile(r"""("[^"]*"|'[^']*'|[^\s,}#]+)""")


def with_version(content: bytes | None, *, name: str, model: str, version: Version) -> bytes:
    """The file with this version on the model's line; comments and all other lines stay as they are."""
    text = (content or b"").decode("utf-8")
    node = _value(parse(content, name=name), model) if content else None
    changed = _replaced(text, node, version) if node else _appended(text, model, version)
    before = _lines(content, name, model)
    if _lines(changed.encode(), name, model) != {**before, model: version}:
        raise UsageError(
            f"{name} is written in a way that cannot be edited safely",
            id="environment-file-unusual",
            where=name,
            help=f"write `{model}: {version}` there by hand",
        )
    return changed.encode()


def _value(tree: Node, model: str) -> Node | None:
    pair = tree.value.get(model) if isinstance(tree.value, dict) else None
    return pair[1] if pair else None


def _replaced(text: str, node: Node, version: Version) -> str:
    lines = text.splitlines(keepends=True)
    line, start = lines[node.mark.line - 1], node.mark.column - 1
    lines[node.mark.line - 1] = line[:start] + _WORD.sub(str(version), line[start:], count=1)
    return "".join(lines)


def _appended(text: str, model: str, version: Version) -> str:
    gap = "\n" if text and not text.endswith("\n") else ""
    return f"{text}{gap}{model}: {version}\n"


def _lines(content: bytes | None, name: str, model: str) -> dict[str, Version]:
    if content is None:
        return {}
    tree = parse(content, name=name)
    models = {model, *(tree.value if isinstance(tree.value, dict) else ())}
    return dict(read(content, name=name, models=models).lines)
