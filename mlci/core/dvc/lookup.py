"""What stands below a name in nested values: one rule for keys of parameters, templates and pointers."""

import re
from collections.abc import Iterable, Mapping

from mlci.core.strictjson import JsonValue


class Absent:
    """What stands below no name: no value is it, not even null."""


ABSENT = Absent()
Values = JsonValue | Mapping[str, JsonValue]
# No list is longer than nine digits say, and a number of thousands is not even read.
_PLACE = "[0-9]{1,9}"
_SIGNED = f"[-+]?{_PLACE}"


def below(value: Values, part: str, *, signed: bool = False) -> JsonValue | Absent:
    """The value of a mapping's key or at a list's place; `signed` ones are counted from the end, too."""
    if isinstance(value, Mapping):
        return value.get(part, ABSENT)
    if isinstance(value, list) and re.fullmatch(_SIGNED if signed else _PLACE, part):
        at = int(part)
        return value[at] if -len(value) <= at < len(value) else ABSENT
    return ABSENT


def value_at(value: Values, parts: Iterable[str]) -> Values | Absent:
    """The value below several names, one after the other."""
    here: Values | Absent = value
    for part in parts:
        if isinstance(here, Absent):
            return here
        here = below(here, part)
    return here
