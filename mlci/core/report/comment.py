"""Our one comment among many: a hidden marker in its first line, and the author who must have written it."""

import base64
import re
from collections.abc import Sequence

from msgspec import Struct

_MARKER = re.compile(r"<!-- mlci:([A-Za-z0-9_-]+) -->\n")


class Comment(Struct, frozen=True, kw_only=True):
    """A comment as a forge has it. `ours` says whether the account that we act as wrote it."""

    id: int
    body: str
    ours: bool
    url: str


def marked(body: str, key: str) -> str:
    """Return a comment's text with the marker of its key on top."""
    return f"<!-- mlci:{_encoded(key)} -->\n{body}"


def is_marked(body: str) -> bool:
    """Whether a comment claims to be mlci's, of whatever key."""
    return _key(body) is not None


def own(comments: Sequence[Comment], key: str) -> list[Comment]:
    """Return our comments with this key, oldest first; a stranger's copy of the marker counts for nothing."""
    return sorted((each for each in comments if each.ours and _key(each.body) == key), key=lambda c: c.id)


def same_text(one: str, other: str) -> bool:
    """Whether a forge would show the same: line ends and outer blanks do not count."""
    return _normal(one) == _normal(other)


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _key(body: str) -> str | None:
    found = _MARKER.match(body.replace("\r\n", "\n"))
    return None if found is None else _decoded(found[1])


def _encoded(key: str) -> str:
    """Only letters that cannot end an HTML comment."""
    return base64.urlsafe_b64encode(key.encode()).decode().rstrip("=")


def _decoded(text: str) -> str | None:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
    except ValueError:
        return None
