"""Which values of an environment are secrets: told by the names of their variables."""

import re
from collections.abc import Mapping

_SHORTEST = 6
_NAME = r"(?i)TOKEN|SECRET|PASSW|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL|CONNECTION_?STRING"
_IN_URL = r"(?<=://)[^/\s@]+(?=@)"


def secrets_of(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The values of variables named like secrets; values too short to be one are left out."""
    found = {value for name, value in environment.items() if re.search(_NAME, name) and is_long_enough(value)}
    return tuple(sorted(found))


def is_long_enough(value: str) -> bool:
    """Whether a value can be a secret: hiding every `a` would hide everything and nothing."""
    return len(value) >= _SHORTEST


def without_credentials(text: str) -> str:
    """The text with what stands before the `@` of any URL hidden."""
    return re.sub(_IN_URL, "***", text)
