"""What keeps bytes from being text that a person finished, told before any parser sees them."""

import codecs
import re

from mlci.core.problems import WHOLE_FILE, Mark, Problem

BY_HAND = "choose one side, delete the marker lines, then `git add` the file"

_CHUNK = 1024 * 1024
# To compile this takes 4 ms, which most texts, being ASCII, need not pay.
_UNREADABLE = (
    "[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"  # costs 4 ms to compile, if ever needed
)
_READABLE_ASCII = bytes((9, 10, 13, *range(32, 127)))
_MARKER = rb"(?:\A|[\r\n])(<{7}|>{7}|\|{7})(?=[ \r\n]|\Z)"
_WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


def scan_text(content: bytes, settle: str = BY_HAND) -> Problem | None:
    """What keeps bytes from being text that a person finished, whatever is written in it."""
    return _scan_encoding(content) or _scan_conflict(content, settle)


def _scan_encoding(content: bytes) -> Problem | None:
    wide = content.startswith(_WIDE) or b"\0" in content[:2]
    if wide:
        return yaml_problem("not-utf-8", "the file is UTF-16 or UTF-32", help="save it as UTF-8")
    if not content.translate(None, _READABLE_ASCII):
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(content) or 1, _CHUNK):
        try:
            text = decoder.decode(content[start : start + _CHUNK], final=start + _CHUNK >= len(content))
        except UnicodeDecodeError as error:
            at = _mark(content, max(start, content.find(error.object[error.start : error.end], start)))
            return yaml_problem(
                "not-utf-8",
                f"the byte 0x{error.object[error.start]:02x} is not UTF-8 (Latin-1 or Windows-1252?)",
                at,
                help="save the file as UTF-8",
            )
        if found := re.search(_UNREADABLE, text):
            at = _mark(content, content.find(found[0].encode("utf-8"), start))
            return yaml_problem(
                "control-character", f"the character U+{ord(found[0]):04X} may not stand here", at
            )
    return None


def _scan_conflict(content: bytes, settle: str) -> Problem | None:
    found = _first_marker(content)
    if found is None:
        return None
    return yaml_problem(
        "conflict-marker", "a merge conflict was left in the file", _mark(content, found), help=settle
    )


def scan_directive(content: bytes) -> Problem | None:
    """A directive would change how the rest is read."""
    directive = 0 if content.startswith(b"%") else max(content.find(b"\n%"), content.find(b"\r%")) + 1
    if directive or content.startswith(b"%"):
        return yaml_problem(
            "yaml-directive",
            "a line starts with %, a YAML directive",
            _mark(content, directive),
            help="delete it",
        )
    return None


def _first_marker(content: bytes) -> int | None:
    if b"<<<<<<<" not in content and b">>>>>>>" not in content and b"|||||||" not in content:
        return None
    found = re.search(_MARKER, content)
    return found.start(1) if found else None


def _mark(content: bytes, offset: int) -> Mark:
    before = content[:offset].decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return Mark(line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))


def yaml_problem(
    id: str, message: str, mark: Mark = WHOLE_FILE, *, path: str = "", help: str = ""
) -> Problem:
    """What is wrong with a YAML text, told of the whole of it where no place is."""
    return Problem(id=id, message=message, mark=mark, path=path, help=help)
