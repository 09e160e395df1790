"""Numbers that DVC's reader of YAML knows and YAML 1.2's core schema does not: `1_000`, `012`, `0b11`."""

import re

_LONGEST = 1_000  # digits beyond any number; Python refuses to read 5,000 of them
_INT = r"[-+]?[0-9][0-9_]*"
_BASED = r"[-+]?0(?:b[01_]*[01]|o[0-7_]*[0-7]|x[0-9a-fA-F_]*[0-9a-fA-F])_*"
_FIRST = frozenset("+-.0123456789")  # of every number; most texts need no pattern to be told from one
_FLOAT = r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9_]*)?(?:[eE][-+]?[0-9]+)?|\._*[0-9][0-9_]*)"


def number_in(text: str) -> str | int | float:
    """What DVC takes a text without quotes for, and so records in `dvc.lock`."""
    if len(text) > _LONGEST or text[:1] not in _FIRST:
        return text
    digits = text.replace("_", "")
    if re.fullmatch(_INT, text):
        return int(digits)
    if re.fullmatch(_BASED, text):
        return int(digits, 0)
    return float(digits) if re.fullmatch(_FLOAT, text) else text
