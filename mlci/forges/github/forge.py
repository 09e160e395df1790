"""What mlci asks of GitHub."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TypeVar

import github
import requests
from github.GithubException import GithubException
from github.Issue import Issue
from github.IssueComment import IssueComment
from github.PullRequest import PullRequest as ApiPullRequest
from github.Repository import Repository

from mlci.core.comment import Comment
from mlci.core.patience import Refusal
from mlci.errors import ForgeError
from mlci.forges.patience import Refused, patiently
from mlci.forges.upsert import upsert
from mlci.ports.clock import Clock
from mlci.ports.forge import CommentResult, PullRequest

T = TypeVar("T")


class GitHub:
    """One repository on GitHub or GitHub Enterprise Server."""

    id = "github"
    comment_limit = 60_000

    def __init__(
        self, *, repository: str, token: str, api_url: str, clock: Clock, author: str | None = None
    ) -> None:
        """`author` is the login we act as; a workflow's own token may not ask who it is."""
        self._clock = clock
        self._author_given = author
        self._owner = repository.partition("/")[0]
        self._api = github.Github(
            auth=github.Auth.Token(token), base_url=api_url, retry=None, timeout=30, per_page=100, lazy=True
        )
        self._repository = self._api.get_repo(repository)

    def pull_request_of(self, commit: str) -> PullRequest | None:
        """The open pull request whose head is this commit, else the merged one that brought it."""
        found = self._ask("read the pull requests of a commit", lambda: self._pulls_of(commit))
        own_head = [each for each in found if each.head.sha == commit and each.state == "open"]
        brought = [each for each in found if each.merge_commit_sha == commit and each.merged_at is not None]
        chosen = next(iter(own_head or brought), None)
        return None if chosen is None else _pull_request(chosen)

    def upsert_comment(self, number: int, key: str, body: str, *, head: str) -> CommentResult:  # noqa: ARG002
        """Make or update our one comment with this key."""
        thread = _Thread(self, number)
        return upsert(
            thread, key, body, ask=lambda attempt: self._ask("post the report as a comment", attempt)
        )

    def open_pull_request(self, *, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a pull request for a pushed branch, or return the open one that has it."""

        def attempt() -> PullRequest:
            pulls = self._repository.get_pulls(state="open", head=f"{self._owner}:{branch}", base=base)
            existing = self.talk(lambda: next(iter(pulls), None))
            if existing is not None:
                return _pull_request(existing)
            create = self._repository.create_pull
            return _pull_request(self.talk(lambda: create(base, branch, title=title, body=body)))

        return self._ask("open a pull request", attempt)

    def dispatch(self, workflow: str, inputs: Sequence[tuple[str, str]]) -> None:
        """Start a workflow by hand on the default branch."""

        def attempt() -> None:
            branch = self.talk(lambda: self._repository.default_branch)
            started = self.talk(
                lambda: self._repository.get_workflow(workflow).create_dispatch(branch, dict(inputs))
            )
            if not started:
                raise Refused(Refusal(status=422, message=f"{workflow} was not started", headers={}))

        self._ask(f"start the workflow {workflow}", attempt)

    @cached_property
    def author(self) -> str:
        """The login that our comments carry."""
        return self._author_given or self.talk(lambda: self._api.get_user().login)

    def issue(self, number: int) -> Issue:
        """The thread of a pull request, without asking for it."""
        return self._repository.get_issue(number)

    def talk(self, request: Callable[[], T]) -> T:
        """Send one request. Raises Refused, whatever PyGithub or what it stands on raised."""
        try:
            return request()
        except GithubException as error:
            raise Refused(_refusal(error)) from error
        # Truncated or broken answers, and the assertion PyGithub makes against foreign redirects.
        except (requests.RequestException, ValueError, AssertionError) as error:
            raise Refused(
                Refusal(status=None, message=f"{type(error).__name__}: {error}", headers={})
            ) from error

    def _pulls_of(self, commit: str) -> list[ApiPullRequest]:
        return self.talk(lambda: list(self._repository.get_commit(commit).get_pulls()))

    def _ask(self, what: str, ask: Callable[[], T]) -> T:
        return patiently(ask, clock=self._clock, what=what, explain=_explain)


class _Thread:
    """The comments of one pull request."""

    def __init__(self, forge: GitHub, number: int) -> None:
        self._forge = forge
        self._issue = forge.issue(number)

    def comments(self) -> Sequence[Comment]:
        author = self._forge.author
        return [_comment(each, author) for each in self._forge.talk(lambda: list(self._issue.get_comments()))]

    def create(self, body: str) -> Comment:
        made = self._forge.talk(lambda: self._issue.create_comment(body))
        return _comment(made, self._forge.author)

    def edit(self, comment: Comment, body: str) -> None:
        self._forge.talk(lambda: self._issue.get_comment(comment.id).edit(body))

    def delete(self, comment: Comment) -> None:
        self._forge.talk(lambda: self._issue.get_comment(comment.id).delete())


def _comment(api: IssueComment, author: str) -> Comment:
    return Comment(id=api.id, body=api.body or "", ours=api.user.login == author, url=api.html_url)


def _pull_request(api: ApiPullRequest) -> PullRequest:
    # GitHub sends null when the fork was deleted, whatever the type says.
    fork: object = api.head.repo
    same = isinstance(fork, Repository) and fork.full_name == api.base.repo.full_name
    return PullRequest(
        number=api.number,
        head=api.head.sha,
        base_branch=api.base.ref,
        head_branch=api.head.ref,
        title=api.title,
        url=api.html_url,
        labels=tuple(sorted(label.name for label in api.labels)),
        same_repository=same,
    )


def _refusal(error: GithubException) -> Refusal:
    data = error.data
    said = data.get("message") if isinstance(data, dict) else data
    details = data.get("errors") if isinstance(data, dict) else None
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    return Refusal(
        status=error.status, message=f"{said or error.message or ''} {details or ''}".strip(), headers=headers
    )


def _explain(refusal: Refusal, what: str) -> ForgeError:
    needed = refusal.headers.get("x-accepted-github-permissions")
    missing = f" ({needed})" if needed else ""
    help_by_status = {
        401: "the token is missing, wrong or expired: check GITHUB_TOKEN",
        403: f"the token lacks a permission{missing}; `mlci sync` writes workflows that ask for it",
        404: "the repository or pull request does not exist, or the token may not see it",
        422: "GitHub understood the request and refused its content",
    }
    status = "no readable answer" if refusal.status is None else f"status {refusal.status}"
    return ForgeError(
        f"GitHub would not {what}: {status}, {refusal.message[:300]}",
        id="forge-refused" if refusal.status and refusal.status < 500 else "forge-unreachable",
        help=help_by_status.get(refusal.status or 0, "run the command again later"),
    )
