"""Metrics that a file of the project declares: `metrics.json#/serve/p95`."""

import math

from mlci.core.dvc.lookup import Absent, below
from mlci.core.strictjson import JsonValue, NotJson, loads
from mlci.core.yaml.node import DVC_LIMITS, Node
from mlci.core.yaml.tree import parse
from mlci.errors import WorldError
from mlci.ports.files import Files


def read_declared(files: Files, source: str) -> float:
    """The number a source points at. Raises WorldError when there is none: missing is not zero."""
    path, _, pointer = source.partition("#")
    value = _document(files, path)
    for step in pointer.strip("/").split("/") if pointer.strip("/") else ():
        value = _step(value, step.replace("~1", "/").replace("~0", "~"), source)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _wrong(source, "holds no finite number there")
    return float(value)


def _document(files: Files, path: str) -> JsonValue:
    content = files.read(path)
    if path.endswith((".yaml", ".yml")):
        return _plain(parse(content, name=path, limits=DVC_LIMITS))
    try:
        return loads(content)
    except NotJson as error:
        raise WorldError(
            f"{path} is not JSON: {error}",
            id="metrics-unreadable",
            where=path,
            help="let the stage write finite numbers as strict JSON",
        ) from error


def _step(value: JsonValue, step: str, source: str) -> JsonValue:
    found = below(value, step)
    if isinstance(found, Absent):
        raise _wrong(source, f"has nothing at {step!r}")
    return found


def _wrong(source: str, what: str) -> WorldError:
    path = source.partition("#")[0]
    return WorldError(
        f"{path} {what} ({source})",
        id="metric-missing",
        where=path,
        help="correct `from:`, or the stage that writes the file",
    )


def _plain(node: Node) -> JsonValue:
    if isinstance(node.value, dict):
        return {name: _plain(value) for name, (_, value) in node.value.items()}
    if isinstance(node.value, list):
        return [_plain(each) for each in node.value]
    return node.value
