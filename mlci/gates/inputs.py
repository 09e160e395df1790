"""What a gate read, so that evidence can say so."""

import hashlib
from collections.abc import Iterable

from mlci.core.evidence import Input
from mlci.errors import WorldError
from mlci.ports.files import Files

BLOCK = 1024 * 1024


def inputs_of(files: Files, paths: Iterable[str | None]) -> tuple[Input, ...]:
    """The files that could be read, each once; of the others a finding speaks."""
    return tuple(each for path in dict.fromkeys(paths) if path for each in _readable(files, path))


def _readable(files: Files, path: str) -> tuple[Input, ...]:
    try:
        return (input_of(files, path),)
    except WorldError:
        return ()


def input_of(files: Files, path: str) -> Input:
    """A file with the hash that `dvc.lock` would give it. Raises WorldError when it cannot be read."""
    digest = hashlib.md5(usedforsecurity=False)
    with files.open(path) as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return Input(path=path, hash=f"md5:{digest.hexdigest()}")
