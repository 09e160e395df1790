"""What can go wrong between a client and a forge, one request at a time."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Harm(Enum):
    """Where a request fails: nothing done, or done without the client hearing of it."""

    STATUS = "answer with a status instead of doing it"
    RESET = "close the connection instead of doing it"
    AFTER = "do it, then close the connection"
    LATE = "do it, then answer with a status as if it had not been done"
    BROKEN = "do it, then answer with half a document"


@dataclass(slots=True, kw_only=True)
class Fault:
    """The next `times` requests with this method, whose path matches, fail in this way.

    `document` is what is answered instead of a message.
    """

    method: str
    path: str
    harm: Harm
    status: int = 502
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "planted"
    document: Any = None
    times: int = 1

    def takes(self, method: str, path: str) -> bool:
        """Whether this request is one to fail; each yes uses the fault up by one."""
        hit = self.times > 0 and method == self.method and re.search(self.path, path) is not None
        self.times -= hit
        return hit

    def answer(self) -> tuple[int, list[tuple[str, str]], bytes]:
        """What is answered in place of the truth."""
        document = {"message": self.message} if self.document is None else self.document
        content = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.status, [("Content-Type", "application/json"), *self.headers.items()], content
