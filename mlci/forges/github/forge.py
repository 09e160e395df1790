"""What mlci asks of GitHub."""

from collections.abc import Callable, Sequence
from functools import cached_property, partial
from typing import Any, TypeVar

import github
import requests
from github.GithubException import GithubException
from msgspec import Struct
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


class GitHub:
    """One repository on GitHub or GitHub Enterprise Server."""

    id = "github"
    comment_limit = 60_000

    def __init__(
        self, *, repository: str, token: str, api_url: str, clock: Clock, author: str | None = None
    ) -> None:
        """`author` is the login we act as, for a token that may not ask who it is."""
        self._clock = clock
        self._author_given = author
        self._owner = repository.partition("/")[0]
        self._place = f"/repos/{repository}"
        self._requester = github.Github(
            auth=github.Auth.Token(token), base_url=api_url, retry=None, timeout=30
        ).requester

    def pull_request_of(self, commit: str, *, branch: str | None = None) -> PullRequest | None:
        """The open pull request whose head is this commit, else the merged one that brought it.

        GitHub does not find a fork's commit by its name in this repository, but its branch it does.
        """
        if branch is not None:
            wanted = {"state": "open", "head": branch}
            opened = self._ask(
                "read the pull requests of a branch", lambda: self.pages("/pulls", _pull_request, **wanted)
            )
            return next((each for each in opened if each.head == commit), None)
        found = self._ask(
            "read the pull requests of a commit", lambda: self.pages(f"/commits/{commit}/pulls", _Found.read)
        )
        own_head = [each.pull for each in found if each.pull.head == commit and each.open]
        brought = [each.pull for each in found if each.merged_as == commit]
        return next(iter(own_head or brought), None)

    def upsert_comment(self, number: int, key: str, body: str, *, head: str) -> CommentResult:  # noqa: ARG002
        """Make or update our one comment with this key."""
        return upsert(_Thread(self, number), key, body, ask=lambda it: self._ask("post the report", it))

    def open_pull_request(self, *, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request for a pushed branch, or return the open one that has it."""
        wanted = {"state": "open", "head": f"{self._owner}:{branch}", "base": base}
        content = {"base": base, "head": branch, "title": title, "body": body}

        def attempt() -> PullRequest:
            existing = self.pages("/pulls", _pull_request, **wanted)
            return existing[0] if existing else self.call("POST", "/pulls", _pull_request, content)

        return self._ask("open a pull request", attempt)

    def is_ours(self, user: Json | None) -> bool:
        """Whether the account that we act as is this one. Whoever cannot ask for its name acts for an App."""
        if not isinstance(user, dict):  # the account was deleted
            return False
        return bool(user["login"] == self._author if self._author else user["type"] == "Bot")

    @cached_property
    def _author(self) -> str | None:
        if self._author_given:
            return self._author_given
        try:
            return self._talk(lambda: str(self._requester.requestJsonAndCheck("GET", "/user")[1]["login"]))
        except Refused as refused:
            if refused.refusal.status != 403 or refused.refusal.limited:
                raise
            return None

    def call(self, verb: str, path: str, read: Callable[[Any], T], content: Json | None = None) -> T:
        """Send one request below the repository and read its answer. Raises Refused."""
        return self._talk(
            lambda: read(self._requester.requestJsonAndCheck(verb, self._place + path, input=content)[1])
        )

    def pages(self, path: str, read: Callable[[Json], T], **query: str) -> list[T]:
        """Read a list to its last page, by number: a server's links lead us nowhere. Raises Refused."""
        found: list[T] = []
        for page in range(1, MOST_PAGES + 1):
            parameters = {**query, "per_page": 100, "page": page}
            told, more = self._talk(partial(self._page, path, read, parameters))
            found += told
            if not more:
                return found
        raise Refused(Refusal(status=None, message="its list has no end", headers={}, final=True))

    def _page(self, path: str, read: Callable[[Json], T], parameters: Json) -> tuple[list[T], bool]:
        headers, told = self._requester.requestJsonAndCheck("GET", self._place + path, parameters=parameters)
        return [read(each) for each in _list(told)], 'rel="next"' in headers.get("link", "")

    def _talk(self, request: Callable[[], T]) -> T:
        """Send one request. Raises Refused, whatever PyGithub or what it stands on raised."""
        try:
            return request()
        except GithubException as error:
            raise Refused(_refusal(error)) from error
        # PyGithub's way to say that it was sent to another host.
        except RuntimeError as error:
            raise Refused(Refusal(status=None, message=str(error), headers={}, final=True)) from error
        # No answer, a truncated or broken one, or one that is not what GitHub describes.
        except (requests.RequestException, ValueError, TypeError, LookupError, AssertionError) as error:
            raise Refused(
                Refusal(status=None, message=f"{type(error).__name__}: {error}", headers={})
            ) from error

    def _ask(self, what: str, ask: Callable[[], T]) -> T:
        return patiently(ask, clock=self._clock, what=what, explain=_explain)


class _Thread:
    """The comments of one pull request."""

    def __init__(self, forge: GitHub, number: int) -> None:
        self._forge = forge
        self._path = f"/issues/{number}/comments"

    def comments(self) -> Sequence[Comment]:
        return self._forge.pages(self._path, self._comment)

    def create(self, body: str) -> Comment:
        return self._forge.call("POST", self._path, self._written, {"body": body})

    def edit(self, comment: Comment, body: str) -> None:
        self._forge.call("PATCH", f"/issues/comments/{comment.id}", self._written, {"body": body})

    def delete(self, comment: Comment) -> None:
        self._forge.call("DELETE", f"/issues/comments/{comment.id}", _nothing)

    def _comment(self, told: Json) -> Comment:
        found = self._written(told)
        return replace(found, ours=is_marked(found.body) and self._forge.is_ours(told["user"]))

    def _written(self, told: Json) -> Comment:
        return Comment(id=int(told["id"]), body=str(told["body"] or ""), ours=True, url=str(told["html_url"]))


class _Found(Struct, frozen=True, kw_only=True):
    """A pull request of a commit, and what became of it."""

    pull: PullRequest
    open: bool
    merged_as: str | None

    @classmethod
    def read(cls, told: Json) -> "_Found":
        merged = told["merge_commit_sha"] if told["merged_at"] is not None else None
        return cls(pull=_pull_request(told), open=told["state"] == "open", merged_as=merged)


def _pull_request(told: Json) -> PullRequest:
    head, base = told["head"], told["base"]
    # There is no repository when the fork was deleted.
    fork = head["repo"] or {}
    return PullRequest(
        number=int(told["number"]),
        head=head["sha"],
        base_branch=base["ref"],
        head_branch=head["ref"],
        title=told["title"],
        url=told["html_url"],
        labels=tuple(sorted(label["name"] for label in told["labels"])),
        same_repository=fork.get("full_name") == base["repo"]["full_name"],
    )


def _list(told: object) -> list[Json]:
    if not isinstance(told, list):
        raise TypeError("its answer is no list")
    return told


def _nothing(_told: object) -> None:
    """What comes back does not matter."""


def _refusal(error: GithubException) -> Refusal:
    data = error.data
    said = data.get("message") if isinstance(data, dict) else data
    details = data.get("errors") if isinstance(data, dict) else None
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    message = " ".join(f"{said or error.message or ''} {details or ''}".split())
    return Refusal(status=error.status or None, message=message, headers=headers)


def _explain(refusal: Refusal, what: str) -> ForgeError:
    needed = refusal.headers.get("x-accepted-github-permissions")
    missing = f" ({needed})" if needed else ""
    return refused_by(
        "GitHub",
        refusal,
        what,
        help_by_status={
            401: "the token is missing, wrong or expired: check GITHUB_TOKEN",
            403: f"the token lacks a permission{missing}; `mlci sync` writes workflows that ask for it",
            404: "the repository or pull request does not exist, or the token may not see it",
            422: "GitHub understood the request and refused its content",
        },
    )
