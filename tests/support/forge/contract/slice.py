"""Makes the slice anew: `python -m tests.support.forge.contract.slice api.github.com.json`."""

import gzip
import json
import re
import sys
from pathlib import Path
from typing import Any

from tests.support.forge.contract import SLICE

_REPO = "/repos/{owner}/{repo}"
OPERATIONS = {
    "/user": ("get",),
    _REPO: ("get",),
    f"{_REPO}/commits/{{ref}}": ("get",),
    f"{_REPO}/commits/{{commit_sha}}/pulls": ("get",),
    f"{_REPO}/pulls": ("get", "post"),
    f"{_REPO}/pulls/{{pull_number}}": ("get",),
    f"{_REPO}/issues/{{issue_number}}": ("get",),
    f"{_REPO}/issues/{{issue_number}}/comments": ("get", "post"),
    f"{_REPO}/issues/comments/{{comment_id}}": ("get", "patch", "delete"),
    f"{_REPO}/statuses/{{sha}}": ("post",),
    f"{_REPO}/actions/workflows/{{workflow_id}}": ("get",),
    f"{_REPO}/actions/workflows/{{workflow_id}}/dispatches": ("post",),
}
_PROSE = {
    "default", "deprecated", "description", "discriminator", "example", "examples", "externalDocs", "format",
    "readOnly", "title", "xml",
}  # fmt: skip


def sliced(description: dict[str, Any]) -> dict[str, Any]:
    """The operations that mlci uses, as JSON Schema, with the schemas that they name."""
    paths = {
        path: {method: _operation(description, description["paths"][path][method]) for method in methods}
        for path, methods in OPERATIONS.items()
    }
    kept: dict[str, Any] = {}
    _keep(paths, description["components"]["schemas"], kept)
    return {"paths": paths, "components": {"schemas": dict(sorted(kept.items()))}}


def _operation(description: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    parameters = [_named(description, each) for each in operation.get("parameters", ())]
    request = _body(description, operation.get("requestBody", {}))
    return {
        "query": sorted(each["name"] for each in parameters if each["in"] == "query"),
        "request": _schema(request, strict=True) if request else None,
        "responses": {
            status: _schema(_body(description, each)) for status, each in operation["responses"].items()
        },
    }


def _named(description: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    """A part of the description, where it stands or where it points to."""
    for key in value.get("$ref", "").split("/")[1:]:
        description = description[key]
    return description if "$ref" in value else value


def _body(description: dict[str, Any], value: dict[str, Any]) -> dict[str, Any] | None:
    content = _named(description, value).get("content", {})
    found: dict[str, Any] | None = content.get("application/json", {}).get("schema")
    return found


def _schema(value: Any, *, strict: bool = False) -> Any:
    """OpenAPI 3.0's dialect as JSON Schema: only a request must be complete and may hold nothing else."""
    if isinstance(value, list):
        return [_schema(each, strict=strict) for each in value]
    if not isinstance(value, dict):
        return value
    dropped = _PROSE if strict else _PROSE | {"required"}
    kept = {
        "anyOf" if key == "oneOf" else key: _properties(each, strict=strict)
        if key == "properties"
        else _schema(each, strict=strict)
        for key, each in value.items()
        if key not in dropped and key != "nullable" and not key.startswith("x-")
    }
    if strict and "properties" in kept:
        kept.setdefault("additionalProperties", False)
    return {"anyOf": [kept, {"type": "null"}]} if value.get("nullable") else kept


def _properties(value: dict[str, Any], *, strict: bool) -> dict[str, Any]:
    return {name: _schema(each, strict=strict) for name, each in value.items()}


def _keep(value: Any, schemas: dict[str, Any], kept: dict[str, Any]) -> None:
    """Gather the schemas that a value names, and those that these name."""
    for name in sorted(set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(value)))):
        if name not in kept:
            kept[name] = _schema(schemas[name])
            _keep(kept[name], schemas, kept)


if __name__ == "__main__":
    text = json.dumps(sliced(json.loads(Path(sys.argv[1]).read_bytes())), separators=(",", ":"))
    SLICE.write_bytes(gzip.compress(text.encode(), mtime=0))
