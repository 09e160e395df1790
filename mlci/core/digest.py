"""Digests of bytes. Only who asks for one pays for loading OpenSSL."""

import re
from typing import BinaryIO

_CHUNK = 1024 * 1024
_SAMPLE = 512
_TEXT = bytes(range(32, 127)) + b"\n\r\t\f\b"

_NAME = r"[0-9a-f]{32}(\.dir)?"


def sha256(content: bytes) -> str:
    """The digest that mlci keeps of what it wrote or read."""
    import hashlib

    return hashlib.sha256(content).hexdigest()


def git_object(content: bytes, *, like: str) -> str:
    """The name that Git gives a file of these bytes, in a repository that names objects as `like`."""
    import hashlib

    whole = b"blob %d\0" % len(content) + content
    return hashlib.new("sha1" if len(like) == 40 else "sha256", whole, usedforsecurity=False).hexdigest()


def md5(stream: BinaryIO, *, legacy: bool = False) -> str:
    """The digest by which DVC names a file; `legacy` is DVC 2's, which reads CRLF in text as LF."""
    import hashlib

    digest = hashlib.md5(usedforsecurity=False)
    while chunk := stream.read(_CHUNK):
        digest.update(chunk.replace(b"\r\n", b"\n") if legacy and _is_text(chunk[:_SAMPLE]) else chunk)
    return digest.hexdigest()


def is_name(text: str) -> bool:
    """Whether DVC names objects so: anything else, as a part of a path, might lead anywhere."""
    return re.fullmatch(_NAME, text) is not None


def _is_text(block: bytes) -> bool:
    if b"\0" in block:
        return False
    return len(block.translate(None, _TEXT)) / len(block) <= 0.30
