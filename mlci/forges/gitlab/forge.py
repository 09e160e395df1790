"""What mlci asks of GitLab."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

import gitlab
import requests
from gitlab.exceptions import GitlabError
from msgspec.structs import replace

from mlci.core.patience import Refusal
from mlci.core.report.comment import Comment, is_marked
from mlci.errors import ForgeError
from mlci.forges.patience import Refused, patiently, refused_by
from mlci.forges.upsert import MOST_PAGES, upsert
from mlci.ports.clock import Clock
from mlci.ports.forge import CommentResult, PullRequest

T = TypeVar("T")
Json = dict[str, Any]


class GitLab:
    """One project on GitLab.com or a server of one's own."""

    id = "gitlab"
    comment_limit = 900_000

    def __init__(self, *, project: str, page: str, token: str, url: str, clock: Clock) -> None:
        """`project` is its number or path, `page` where people see it, `url` the server without `/api/v4`."""
        self._clock = clock
        self.page = page
        self._place = f"/projects/{quote(project, safe='')}"
        self._headers: dict[str, str] = {}
        session = _OneServer(url)
        session.hooks["response"].append(self._remember)
        self._api = gitlab.Gitlab(url, private_token=token, timeout=30, session=session)

    def pull_request_of(self, commit: str, *, branch: str | None = None) -> PullRequest | None:  # noqa: ARG002
        """The open merge request whose head is this commit, else the merged one that brought it."""
        path = f"/repository/commits/{commit}/merge_requests"
        found = self._ask(
            "read the merge requests of a commit",
            lambda: self.pages(path, lambda told: (_pull_request(told), told["state"], _merged_as(told))),
        )
        own_head = [pull for pull, state, _ in found if pull.head == commit and state == "opened"]
        brought = [pull for pull, state, commits in found if state == "merged" and commit in commits]
        return next(iter(own_head or brought), None)

    def upsert_comment(self, number: int, key: str, body: str, *, head: str) -> CommentResult:  # noqa: ARG002
        """Make or update our one note with this key."""
        return upsert(_Thread(self, number), key, body, ask=lambda it: self._ask("post the report", it))

    def open_pull_request(self, *, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a merge request for a pushed branch, or return the open one that has it."""
        wanted = {"source_branch": branch, "target_branch": base}
        content = {**wanted, "title": title, "description": body}

        def attempt() -> PullRequest:
            existing = self.pages("/merge_requests", _pull_request, state="opened", **wanted)
            return existing[0] if existing else self.call("post", "/merge_requests", _pull_request, content)

        return self._ask("open a merge request", attempt)

    @cached_property
    def author(self) -> str:
        """The user name that our notes carry."""
        return self._talk(lambda: str(self._request("get", "/user").json()["username"]))

    def call(self, verb: str, path: str, read: Callable[[Any], T], content: Json | None = None) -> T:
        """Send one request below the project and read its answer. Raises Refused."""

        def request() -> T:
            answer = self._request(verb, self._place + path, post_data=content)
            return read(answer.json() if answer.content else None)

        return self._talk(request)

    def pages(self, path: str, read: Callable[[Json], T], **query: str) -> list[T]:
        """Read a list to its last page, by number: a server's links lead us nowhere. Raises Refused."""
        found: list[T] = []
        for page in range(1, MOST_PAGES + 1):
            told, more = self._talk(partial(self._page, path, read, query, page))
            found += told
            if not more:
                return found
        raise Refused(Refusal(status=None, message="its list has no end", headers={}, final=True))

    def _page(
        self, path: str, read: Callable[[Json], T], query: Mapping[str, str], page: int
    ) -> tuple[list[T], bool]:
        answer = self._request("get", self._place + path, query_data={**query, "per_page": 100, "page": page})
        told = answer.json()
        if not isinstance(told, list):
            raise TypeError("its answer is no list")
        return [read(each) for each in told], "next" in answer.links

    def _request(self, verb: str, path: str, **content: Any) -> requests.Response:  # noqa: ANN401
        return self._api.http_request(verb, path, obey_rate_limit=False, **content)

    def _talk(self, request: Callable[[], T]) -> T:
        """Send one request. Raises Refused, whatever python-gitlab or what it stands on raised."""
        self._headers = {}
        try:
            return request()
        except _Elsewhere as error:
            raise Refused(Refusal(status=None, message=str(error), headers={}, final=True)) from error
        except GitlabError as error:
            status, message = error.response_code, " ".join(str(error).split())
            raise Refused(Refusal(status=status, message=message, headers=self._headers)) from error
        # No answer, a truncated or broken one, or one that is not what GitLab describes.
        except (requests.RequestException, ValueError, TypeError, LookupError) as error:
            raise Refused(
                Refusal(status=None, message=f"{type(error).__name__}: {error}", headers={})
            ) from error

    def _remember(self, response: requests.Response, *_: object, **__: object) -> None:
        self._headers = {name.lower(): value for name, value in response.headers.items()}

    def _ask(self, what: str, ask: Callable[[], T]) -> T:
        return patiently(ask, clock=self._clock, what=what, explain=_explain)


class _Elsewhere(requests.RequestException):
    """A redirect that would have carried our token to another server."""


class _OneServer(requests.Session):
    """A session that speaks to one server only: the library keeps its token header on redirects."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._server = urlsplit(url)[:2]

    def send(self, request: requests.PreparedRequest, **settings: Any) -> requests.Response:  # noqa: ANN401
        """Send a request. Raises when it would go to another server."""
        place = urlsplit(request.url or "")
        if place[:2] != self._server:
            raise _Elsewhere(f"it sent us on to {place.scheme}://{place.hostname}")
        return super().send(request, **settings)


class _Thread:
    """The notes of one merge request."""

    def __init__(self, forge: GitLab, number: int) -> None:
        self._forge = forge
        self._number = number
        self._path = f"/merge_requests/{number}/notes"

    def comments(self) -> Sequence[Comment]:
        return self._forge.pages(self._path, self._comment)

    def create(self, body: str) -> Comment:
        return self._forge.call("post", self._path, self._written, {"body": body})

    def edit(self, comment: Comment, body: str) -> None:
        self._forge.call("put", f"{self._path}/{comment.id}", self._written, {"body": body})

    def delete(self, comment: Comment) -> None:
        self._forge.call("delete", f"{self._path}/{comment.id}", _nothing)

    def _comment(self, told: Json) -> Comment:
        found = self._written(told)
        ours = is_marked(found.body) and told["author"]["username"] == self._forge.author
        return replace(found, ours=ours)

    def _written(self, told: Json) -> Comment:
        url = f"{self._forge.page}/-/merge_requests/{self._number}#note_{told['id']}"
        return Comment(id=int(told["id"]), body=str(told["body"]), ours=True, url=url)


def _nothing(_told: object) -> None:
    """What comes back does not matter."""


def _merged_as(request: Json) -> set[str | None]:
    return {request.get("merge_commit_sha"), request.get("squash_commit_sha"), request.get("sha")}


def _pull_request(told: Json) -> PullRequest:
    return PullRequest(
        number=int(told["iid"]),
        head=told["sha"],
        base_branch=told["target_branch"],
        head_branch=told["source_branch"],
        title=told["title"],
        url=told["web_url"],
        labels=tuple(sorted(told.get("labels", ()))),
        same_repository=told["source_project_id"] == told["target_project_id"],
    )


def _explain(refusal: Refusal, what: str) -> ForgeError:
    token = "set MLCI_GITLAB_TOKEN to a project access token with the scope `api`"
    return refused_by(
        "GitLab",
        refusal,
        what,
        help_by_status={
            401: token,
            403: f"a job token cannot write notes: {token}",
            404: "the project or merge request does not exist, or the token may not see it",
        },
    )
