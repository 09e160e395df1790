r"""A tag's message: one sentence for people and `Key: value` lines for machines.

Values are inert: whatever could end a line or vanish at its edge is written as an escape (`\n`, `\x20`).
"""

import re
from collections.abc import Iterable

from msgspec import Struct

_KEY = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_LINE = re.compile(r"([A-Za-z][A-Za-z0-9-]*):(?: (.*))?")
_SIGNATURE = re.compile(r"\n-----BEGIN [A-Z ]+-----\n")
_SPACE = r"\x20"
_ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8})|(\\))")


class Message(Struct, frozen=True, kw_only=True):
    """What a tag says. A key may stand more than once."""

    sentence: str
    trailers: tuple[tuple[str, str], ...] = ()

    def get(self, key: str) -> str | None:
        """The first value of a key."""
        return next((value for name, value in self.trailers if name == key), None)

    def all(self, key: str) -> tuple[str, ...]:
        """Every value of a key, in order."""
        return tuple(value for name, value in self.trailers if name == key)

    def __str__(self) -> str:
        lines = [f"{key}: {escape(value)}".rstrip(" ") for key, value in self.trailers if _checked(key)]
        block = "\n\n" + "\n".join(lines) if lines else ""
        return f"{escape(self.sentence)}{block}\n"


def parse(text: str) -> Message:
    """The message of a tag, signed or not. Without a trailer block there are no trailers."""
    body = _SIGNATURE.split(text, maxsplit=1)[0].strip("\n")
    head, _, tail = body.rpartition("\n\n")
    trailers = tuple(_pairs(tail.split("\n"))) if head else ()
    sentence = body if not trailers else head
    return Message(sentence=unescape(sentence.split("\n", 1)[0]), trailers=trailers)


def escape(value: str) -> str:
    """A value on one line that survives every stripping of white space."""
    inner = "".join(map(_escaped, value))
    started = inner.lstrip(" ")
    lead = _SPACE * (len(inner) - len(started))
    ended = started.rstrip(" ")
    return lead + ended + _SPACE * (len(started) - len(ended))


def unescape(value: str) -> str:
    """The value that `escape` wrote."""
    return _ESCAPE.sub(_unescaped, value)


def _pairs(lines: Iterable[str]) -> list[tuple[str, str]]:
    matches = [_LINE.fullmatch(line) for line in lines]
    return [(each[1], unescape(each[2] or "")) for each in matches if each] if all(matches) else []


def _escaped(character: str) -> str:
    if character == "\\":
        return r"\\"
    if character == " " or character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _unescaped(match: re.Match[str]) -> str:
    return "\\" if match[4] else chr(int(match[1] or match[2] or match[3], 16))


def _checked(key: str) -> bool:
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} cannot be a trailer's key")
    return True
