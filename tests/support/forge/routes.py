"""What an API's route is given and what it gives back."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

if TYPE_CHECKING:
    from tests.support.forge.server import Forge


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One API request, read."""

    forge: "Forge"
    method: str
    path: str
    url: str
    query: Mapping[str, str]
    body: bytes
    login: str | None

    def fields(self) -> dict[str, Any]:
        """The JSON object that it carries; nothing readable is an empty one."""
        try:
            document = json.loads(self.body or b"{}")
        except ValueError:
            return {}
        return document if isinstance(document, dict) else {}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status, document and headers; 400 means that the client spoke nonsense."""

    status: int
    document: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


def paged(request: Request, items: Sequence[Any], *, most: int = 100) -> Answer:
    """One page of a list, with the Link header that leads on. More than the forge allows is cut to that."""
    size = min(int(request.query.get("per_page", "30")), most)
    page = int(request.query.get("page", "1"))
    last = max(1, -(-len(items) // size))
    places = {"next": page + 1, "last": last} if page < last else {}
    if page > 1:
        places |= {"prev": page - 1, "first": 1}
    links = (
        f'<{request.url}?{urlencode({**request.query, "page": number})}>; rel="{word}"'
        for word, number in places.items()
    )
    headers = {"Link": ", ".join(links)} if places else {}
    return Answer(200, list(items[(page - 1) * size : page * size]), headers)
