"""TOML, without the names of hundreds of parts over which its reader sits for minutes."""

import re
from collections.abc import Callable
from typing import Any

DEEPEST = 100
_PART = r"""[ \t]*\.[ \t]*(?:[A-Za-z0-9_-]+|"[^"\n]*"|'[^'\n]*')"""
_CHAIN = re.compile(f"(?:{_PART}){{{DEEPEST}}}")


def loads(text: str, *, parse_float: Callable[[str], Any] = float) -> dict[str, Any]:
    """The tables of a text. Raises ValueError."""
    import tomllib

    if _CHAIN.search(text):
        raise ValueError(f"more than {DEEPEST} levels")
    return tomllib.loads(text, parse_float=parse_float)
