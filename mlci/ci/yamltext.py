"""Writes values as YAML text: one form for each value, with the comments that say why."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Union

import yaml
from msgspec import Struct

Value = Union[None, bool, int, str, Sequence["Value"], Mapping[str, "Value"], "Noted", "Spaced"]


class Noted(Struct, frozen=True):
    """A value with a comment behind it, on the line where it begins."""

    value: Value
    note: str


class Spaced(Struct, frozen=True):
    """A mapping with an empty line between its entries."""

    value: Mapping[str, Value]


def dump(document: Mapping[str, Value], *, header: Sequence[str] = ()) -> bytes:
    """The text of a document below comment lines, ending with one newline."""
    lines = [*(f"# {line}" for line in header), *_mapping(document, "", spaced=True)]
    return ("\n".join(lines) + "\n").encode()


def _mapping(mapping: Mapping[str, Value], indent: str, *, spaced: bool = False) -> Iterator[str]:
    for index, (key, value) in enumerate(mapping.items()):
        if spaced and index:
            yield ""
        yield from _entry(f"{indent}{_scalar(key)}:", value, indent)


def _sequence(items: Sequence[Value], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, Mapping) and item:
            first, *rest = _mapping(item, f"{indent}  ")
            yield f"{indent}- {first.lstrip()}"
            yield from rest
        else:
            yield from _entry(f"{indent}-", item, indent)


def _entry(head: str, value: Value, indent: str) -> Iterator[str]:
    """One key or dash and what belongs to it, on the same line where it fits there."""
    note = f" # {value.note}" if isinstance(value, Noted) else ""
    value = value.value if isinstance(value, Noted) else value
    spaced = isinstance(value, Spaced)
    value = value.value if isinstance(value, Spaced) else value
    if isinstance(value, Mapping) and value:
        yield head + note
        yield from _mapping(value, f"{indent}  ", spaced=spaced)
    elif isinstance(value, Sequence) and not isinstance(value, str) and value:
        yield head + note
        yield from _sequence(value, f"{indent}  ")
    elif isinstance(value, str) and _is_block(value):
        yield f"{head} |{'' if value.endswith(chr(10)) else '-'}{note}"
        yield from (f"{indent}  {line}" if line else "" for line in value.rstrip("\n").split("\n"))
    else:
        yield f"{head}{_inline(value)}{note}"


def _inline(value: Value) -> str:
    match value:
        case None:
            return ""
        case bool():
            return f" {str(value).lower()}"
        case str():
            return f" {_scalar(value)}"
        case Mapping():
            return " {}"
        case Sequence():
            return " []"
        case _:
            return f" {value}"


def _scalar(text: str) -> str:
    return text if _is_plain(text) else _quoted(text)


def _is_plain(text: str) -> bool:
    """Whether every reader, of YAML 1.1 or 1.2, takes the bare text for this text."""
    if not text or not (text[0].isalpha() or text[0] in "_./$") or not text.isascii():
        return False
    if text.lower() in ("y", "n"):
        return False
    try:
        return bool(yaml.safe_load(f"key: {text}\n") == {"key": text})
    except yaml.YAMLError:
        return False


def _is_block(text: str) -> bool:
    return (
        "\n" in text.strip("\n")
        and not text.startswith((" ", "\n", "\t"))
        and not text.endswith("\n\n")
        and all(line.isprintable() for line in text.split("\n"))
    )


def _quoted(text: str) -> str:
    return yaml.safe_dump(text, default_style='"', width=2**30, allow_unicode=True).rstrip("\n")
