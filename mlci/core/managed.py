"""Which files mlci wrote: `mlci.lock`, as a value and as text."""

from collections.abc import Mapping
from typing import cast

from msgspec import Struct, field

from mlci.core.digest import sha256
from mlci.core.strictjson import JsonValue, NotJson, dumps, loads

LOCK = "mlci.lock"
SCHEMA = 1


class Managed(Struct, frozen=True, kw_only=True):
    """The version that wrote the files, and each file's sha256 by path from the repository's top."""

    generator: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def wrote(self, path: str, content: bytes) -> bool:
        """Whether these are the bytes that mlci wrote there."""
        return self.files.get(path) == sha256(content)


def to_bytes(managed: Managed) -> bytes:
    """The text of the lock."""
    files = cast("JsonValue", dict(managed.files))
    return dumps({"schema": SCHEMA, "generator": managed.generator, "files": files}).encode()


def from_bytes(content: bytes) -> Managed:
    """The lock that a text holds. Raises NotJson when it is none that we can read."""
    document = loads(content)
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise NotJson(f"not a lock of schema {SCHEMA}")
    generator, files = document.get("generator"), document.get("files")
    if not isinstance(generator, str) or not isinstance(files, dict):
        raise NotJson("the lock names no generator or no files")
    known = {path: each for path, each in files.items() if isinstance(each, str)}
    if len(known) != len(files):
        raise NotJson("a file of the lock has no hash")
    return Managed(generator=generator, files=known)
