"""The manifest by which DVC names a directory: every file's md5 and relative path."""

import json
from collections.abc import Mapping
from io import BytesIO

from mlci.core.digest import is_name, md5
from mlci.core.strictjson import JsonValue, NotJson, loads

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
    pairs = [_pair(each) for each in entries]
    # Its name proves only that it is as its author wrote it.
    return None if None in pairs else dict(filter(None, pairs))


def _pair(entry: JsonValue) -> tuple[str, str] | None:
    match entry:
        case {"relpath": str(path), "md5": str(name)} if is_name(name):
            return path, name
        case _:
            return None


def _name_of(content: bytes) -> str:
    return md5(BytesIO(content)) + SUFFIX
