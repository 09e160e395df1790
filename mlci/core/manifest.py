"""The manifest by which DVC names a directory: every file's md5 and relative path."""

import json
from collections.abc import Mapping
from io import BytesIO

from mlci.core.digest import md5
from mlci.core.strictjson import NotJson, loads

SUFFIX = ".dir"


def directory_hash(files: Mapping[str, str]) -> str:
    """The hash of a directory that holds these files, relative path to md5."""
    listed = [{"md5": files[path], "relpath": path} for path in sorted(files)]
    return _name_of(json.dumps(listed, sort_keys=True).encode())


def read_manifest(content: bytes, name: str) -> Mapping[str, str] | None:
    """The files of a manifest, or None when it is not the one of that name: a cache may be wrong."""
    if _name_of(content) != name:
        return None
    try:
        entries = loads(content)
    except NotJson:
        return None
    if not isinstance(entries, list):
        return None
    pairs = ((each.get("relpath"), each.get("md5")) for each in entries if isinstance(each, dict))
    return {path: md5 for path, md5 in pairs if isinstance(path, str) and isinstance(md5, str)}


def _name_of(content: bytes) -> str:
    return md5(BytesIO(content)) + SUFFIX
