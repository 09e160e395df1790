"""Secrets, taken out of everything that is kept, shown or raised, in whatever form they come by."""

import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = b"***"
SHORTEST = 6  # below that a "secret" is a word such as `true`, and masking it would garble everything


class Mask:
    """Replaces secrets: as they are, URL-quoted, and in base64, alone or inside a basic-auth pair."""

    def __init__(self, secrets: Iterable[str]) -> None:
        plain, encoded = set[bytes](), set[bytes]()
        for secret in _one_line_each(secrets):
            raw = secret.encode("utf-8", "surrogateescape")
            plain |= {raw, *(form(raw).encode() for form in (quote, quote_plus, _quote_all, _quote_lower))}
            encoded |= _inside_base64(raw)
        self._forms = sorted(plain | encoded, key=lambda form: (-len(form), form))
        edge = rb"[A-Za-z0-9+/_-]{0,2}"
        patterns = [
            edge + re.escape(each) + edge if each in encoded else re.escape(each) for each in self._forms
        ]
        self._pattern = re.compile(b"|".join(patterns)) if patterns else None

    @property
    def longest(self) -> int:
        """The length of the longest form: what a reader of pieces must hold back."""
        return len(self._forms[0]) + 4 if self._forms else 0

    def bytes(self, content: bytes) -> bytes:
        """The content with every secret replaced."""
        if self._pattern is None or not any(form in content for form in self._forms):
            return content
        return self._pattern.sub(HIDDEN, content)

    def text(self, content: str) -> str:
        """The text with every secret replaced."""
        return self.bytes(content.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")


class MaskedStream:
    """Masks a stream that comes in pieces: a secret cut in two by the pieces is still found."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        """Take a piece; return what is certain. No form holds a newline, so whole lines always are."""
        seen = self._mask.bytes(self._held + chunk)
        certain = max(seen.rfind(b"\n") + 1, len(seen) - self._mask.longest)
        self._held = seen[certain:]
        return seen[:certain]

    def rest(self) -> bytes:
        """What was held back, at the end of the stream."""
        held, self._held = self._held, b""
        return held


def _one_line_each(secrets: Iterable[str]) -> set[str]:
    lines = {line.strip() for secret in secrets for line in secret.splitlines()}
    return {line for line in lines if len(line) >= SHORTEST}


def _quote_all(raw: bytes) -> str:
    return quote(raw, safe="")


def _quote_lower(raw: bytes) -> str:
    return re.sub("%[0-9A-F]{2}", lambda match: match.group().lower(), _quote_all(raw))


def _inside_base64(raw: bytes) -> set[bytes]:
    """What base64 of any text around the secret must contain, at each of the three alignments."""
    from base64 import b64encode  # noqa: PLC0415 - where there are no secrets, none is needed

    forms = {b64encode(raw).rstrip(b"=")}
    for before in range(3):
        text = b64encode(b"\0" * before + raw)
        first = -(-before * 8 // 6)
        whole = (before + len(raw)) * 8 // 6
        forms.add(text[first:whole])
    return forms | {form.translate(bytes.maketrans(b"+/", b"-_")) for form in forms}
