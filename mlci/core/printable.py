"""Untrusted text made fit for a terminal, for the log of a CI job and for a report's pages."""

import re
from json import dumps

# Control characters, the marks that turn reading direction around, and lone surrogates (undecodable bytes).
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_BLANKS = re.compile(r"\s+")
_PLAIN = re.compile(r"[\t\x20-\x7e]*")
# GitHub strips white space before it looks for `::`, and finds `##[` anywhere in a line.
_WORKFLOW_COMMAND = re.compile(r"\s*::")
# What stands before such a line: of one that is indented in place of two blanks, so that it grows no wider.
MARK = "| "


def printable(text: str) -> str:
    """One line that shows what `text` holds: escapes for what cannot be shown, no workflow command."""
    line = text if _PLAIN.fullmatch(text) else "".join(map(_shown, text))
    line = disarmed(line)
    return f"{MARK}{line.removeprefix('  ')}" if is_command(line) else line


def is_command(line: str) -> bool:
    """Whether CI would take this line for a command by how it begins."""
    return _WORKFLOW_COMMAND.match(line) is not None


def disarmed(text: str) -> str:
    """A text without the mark that CI finds anywhere in a line. Lay it out only then: it grows."""
    return text.replace("##[", "# #[")


def printable_lines(text: str) -> str:
    """Several lines, each made printable by itself; line ends become `\\n`."""
    return "\n".join(map(printable, re.split(r"\r\n|\r|\n", text)))


def clean(text: str) -> str:
    """One line of what can be shown, for a report: whatever steers a reader's screen becomes `�`."""
    flat = _BLANKS.sub(" ", text)
    return flat if flat.isprintable() else "".join(map(_legible, flat))


def escaped(document: str) -> str:
    """The same JSON document, safe to print: its words hold escapes for what cannot be shown."""
    # JSON escapes every control character of ASCII but one, and most documents hold nothing else.
    if document.isascii() and "\x7f" not in document:
        return document
    return "".join(each if each == "\n" or each.isprintable() else dumps(each)[1:-1] for each in document)


def _legible(character: str) -> str:
    return character if character.isprintable() else "\ufffd"


def _shown(character: str) -> str:
    import unicodedata  # noqa: PLC0415 - most lines are ASCII

    if character == "\t" or unicodedata.category(character) not in _UNPRINTABLE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
