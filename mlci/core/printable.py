"""Untrusted text made fit for a terminal and for the log of a CI job."""

import re
import unicodedata

# Control characters, the marks that turn reading direction around, and lone surrogates (undecodable bytes).
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_PLAIN = re.compile(r"[\t\x20-\x7e]*")
# GitHub strips white space before it looks for `::`, and finds `##[` anywhere in a line.
_WORKFLOW_COMMAND = re.compile(r"\s*::")


def printable(text: str) -> str:
    """One line that shows what `text` holds: escapes for what cannot be shown, no workflow command."""
    line = text if _PLAIN.fullmatch(text) else "".join(map(_shown, text))
    line = line.replace("##[", "# #[")
    return f"| {line}" if _WORKFLOW_COMMAND.match(line) else line


def printable_lines(text: str) -> str:
    """Several lines, each made printable by itself; line ends become `\\n`."""
    return "\n".join(map(printable, re.split(r"\r\n|\r|\n", text)))


def _shown(character: str) -> str:
    if character == "\t" or unicodedata.category(character) not in _UNPRINTABLE:
        return character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")
