"""Outputs hashed from their bytes, by DVC's rules and without DVC: its cache and its state may be wrong."""

import hashlib
import json
from typing import BinaryIO

from mlci.core.dvcfiles import Hashed
from mlci.errors import IntegrityError, RefusedError
from mlci.ports.files import Files

_CHUNK = 1024 * 1024
_SAMPLE = 512
_TEXT = bytes(range(32, 127)) + b"\n\r\t\f\b"


def verify(files: Files, path: str, recorded: Hashed) -> None:
    """Hold an output's bytes against its record. Raises IntegrityError when they differ."""
    if recorded.algorithm != "md5" or not recorded.value:
        raise RefusedError(
            f"dvc.lock records no md5 of {path}, so its bytes cannot be proven",
            id="hash-unsupported",
            where="dvc.lock",
            help=f"reproduce {path} with a remote that is not cloud-versioned",
        )
    found = _directory(files, path, recorded) if recorded.is_directory else _file(files, path, recorded)
    if found != recorded.value:
        raise IntegrityError(
            f"the bytes of {path} are not those of dvc.lock: {found} instead of {recorded.value}",
            id="bytes-differ",
            where=path,
            help=f"dvc pull --force {path}; if it differs again, the cache or the remote is damaged",
        )


def md5(stream: BinaryIO, *, legacy: bool = False) -> str:
    """The md5 of a stream; `legacy` is DVC 2's, which reads CRLF in text as LF, chunk by chunk."""
    digest = hashlib.md5(usedforsecurity=False)
    while chunk := stream.read(_CHUNK):
        digest.update(chunk.replace(b"\r\n", b"\n") if legacy and _is_text(chunk[:_SAMPLE]) else chunk)
    return digest.hexdigest()


def _file(files: Files, path: str, recorded: Hashed) -> str:
    with files.open(path) as stream:
        return md5(stream, legacy=recorded.legacy)


def _directory(files: Files, path: str, recorded: Hashed) -> str:
    """The hash of the manifest that these files make, and so of every name and every byte in it."""
    manifest: list[dict[str, str]] = []
    # Outputs may be links into DVC's cache; it is the bytes behind them that count.
    for each in files.list(path, links=True):
        with files.open(each) as stream:
            relative = each.removeprefix(path.rstrip("/") + "/")
            manifest.append({"md5": md5(stream, legacy=recorded.legacy), "relpath": relative})
    manifest.sort(key=lambda entry: entry["relpath"])
    text = json.dumps(manifest, sort_keys=True).encode()
    return f"{hashlib.md5(text, usedforsecurity=False).hexdigest()}.dir"


def _is_text(block: bytes) -> bool:
    if b"\0" in block:
        return False
    return len(block.translate(None, _TEXT)) / len(block) <= 0.30
