"""Reads a provider's event document, which is untrusted and may hold anything."""

from mlci.core.strictjson import JsonValue


def look(document: JsonValue, *path: str) -> JsonValue:
    """The value below these keys; None where the document is shaped otherwise."""
    value = document
    for key in path:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def text(document: JsonValue, *path: str) -> str | None:
    """Likewise, for text that is not empty."""
    value = look(document, *path)
    return value if isinstance(value, str) and value else None


def count(document: JsonValue, *path: str) -> int | None:
    """Likewise, for a whole number above zero."""
    value = look(document, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None


def number(text: str | None) -> int | None:
    """The positive number that a variable of the environment spells, or None."""
    digits = text or ""
    known = digits.isascii() and digits.isdigit() and len(digits) < 19
    return (int(digits) or None) if known else None
