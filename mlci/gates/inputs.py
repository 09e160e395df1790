"""What a gate read, so that evidence can say so."""

import hashlib

from mlci.core.evidence import Input
from mlci.ports.files import Files

BLOCK = 1024 * 1024


def input_of(files: Files, path: str) -> Input:
    """A file with the hash that `dvc.lock` would give it. Raises WorldError when it cannot be read."""
    digest = hashlib.md5(usedforsecurity=False)
    with files.open(path) as stream:
        while block := stream.read(BLOCK):
            digest.update(block)
    return Input(path=path, hash=f"md5:{digest.hexdigest()}")
