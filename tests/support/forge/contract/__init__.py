"""Holds what is said on the loopback forge against GitHub's own description of its API.

`github.json.gz` is a slice of that description (npm `@octokit/openapi` 23.0.2, MIT): the operations that
mlci uses. Requests must be as described. Answers may leave fields out, as ours do; what they hold must be
of the described shape. `python -m tests.support.forge.contract.slice FILE` makes the slice anew.
"""

import functools
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

SLICE = Path(__file__).with_name("github.json.gz")
# What GitHub does and does not write down: any operation can refuse whoever asks.
_UNDOCUMENTED = {401, 403, 404, 422, 429}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One request to GitHub's API and its answer, as they went over the wire."""

    method: str
    path: str
    query: Mapping[str, str]
    request: Any
    status: int
    response: Any


def problems(exchange: Exchange) -> Iterator[str]:
    """What GitHub's description says against an exchange."""
    operation = _operation(exchange.method.lower(), exchange.path)
    what = f"{exchange.method} {exchange.path}"
    if operation is None:
        yield f"{what}: not in the slice"
        return
    for name in set(exchange.query) - set(operation["query"]):
        yield f"{what}: no query parameter {name!r}"
    if exchange.status < 400 or exchange.status == 422:
        yield from (f"{what} asked: {each}" for each in _against(operation["request"], exchange.request))
    if str(exchange.status) in operation["responses"]:
        schema = operation["responses"][str(exchange.status)]
        yield from (f"{what} answered: {each}" for each in _against(schema, exchange.response))
    elif exchange.status not in _UNDOCUMENTED:
        yield f"{what}: status {exchange.status} is not described"


def _against(schema: Mapping[str, Any] | None, value: Any) -> Iterator[str]:
    if schema is not None:
        validator = Draft202012Validator({**schema, "components": _description()["components"]})
        for error in validator.iter_errors(value):
            yield f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"


def _operation(method: str, path: str) -> Any:
    for template, operations in _description()["paths"].items():
        if method in operations and re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path):
            return operations[method]
    return None


@functools.cache
def _description() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(gzip.decompress(SLICE.read_bytes()))
    return found
