"""What mlci asks of GitLab."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeVar

import gitlab
import requests
from gitlab.exceptions import GitlabError

from mlci.core.comment import Comment
from mlci.core.patience import Refusal
from mlci.errors import ForgeError
from mlci.forges.patience import Refused, patiently
from mlci.forges.upsert import upsert
from mlci.ports.clock import Clock
from mlci.ports.forge import CommentResult, PullRequest

T = TypeVar("T")


class GitLab:
    """One project on GitLab.com or a server of one's own."""

    id = "gitlab"
    comment_limit = 900_000

    def __init__(self, *, project: str, token: str, url: str, clock: Clock) -> None:
        """`project` is its number or path, `url` the server's address without `/api/v4`."""
        self._clock = clock
        self._id = project
        self._headers: dict[str, str] = {}
        session = requests.Session()
        session.hooks["response"].append(self._remember)
        self._api = gitlab.Gitlab(url, private_token=token, timeout=30, per_page=100, session=session)
        self._project = self._api.projects.get(project, lazy=True)

    def pull_request_of(self, commit: str) -> PullRequest | None:
        """The open merge request whose head is this commit, else the merged one that brought it."""
        found = self._ask("read the merge requests of a commit", lambda: self._requests_of(commit))
        own_head = [each for each in found if each["sha"] == commit and each["state"] == "opened"]
        merged = [each for each in found if each["state"] == "merged" and commit in _merged_as(each)]
        chosen = next(iter(own_head or merged), None)
        return None if chosen is None else _pull_request(chosen)

    def upsert_comment(self, number: int, key: str, body: str, *, head: str) -> CommentResult:  # noqa: ARG002
        """Make or update our one note with this key."""
        thread = _Thread(self, number)
        return upsert(thread, key, body, ask=lambda attempt: self._ask("post the report as a note", attempt))

    def open_pull_request(self, *, branch: str, base: str, title: str, body: str) -> PullRequest:
        """Open a merge request for a pushed branch, or return the open one that has it."""
        wanted: dict[str, Any] = {"source_branch": branch, "target_branch": base}

        def attempt() -> PullRequest:
            requests_ = self._project.mergerequests
            open_ones = self.talk(
                lambda: requests_.list(state="opened", get_all=False, obey_rate_limit=False, **wanted)
            )
            existing = next(iter(open_ones), None)
            if existing is not None:
                return _pull_request(existing.attributes)
            content = {**wanted, "title": title, "description": body}
            return _pull_request(
                self.talk(lambda: requests_.create(content, obey_rate_limit=False)).attributes
            )

        return self._ask("open a merge request", attempt)

    def dispatch(self, workflow: str, inputs: Sequence[tuple[str, str]]) -> None:
        """Start a pipeline on the default branch with these variables; GitLab has one pipeline a project."""

        def attempt() -> None:
            project = self.talk(lambda: self._api.projects.get(self._id, obey_rate_limit=False))
            variables = [
                {"key": key, "value": value} for key, value in (("MLCI_WORKFLOW", workflow), *inputs)
            ]
            pipeline = {"ref": project.default_branch, "variables": variables}
            self.talk(lambda: self._project.pipelines.create(pipeline, obey_rate_limit=False))

        self._ask(f"start a pipeline for {workflow}", attempt)

    @cached_property
    def author(self) -> str:
        """The user name that our notes carry."""
        user = self.talk(lambda: self._api.http_get("/user", obey_rate_limit=False))
        return str(user["username"]) if isinstance(user, dict) else ""

    def notes(self, number: int) -> Any:  # noqa: ANN401 - python-gitlab's managers are dynamic
        """The notes of a merge request, without asking for it."""
        return self._project.mergerequests.get(number, lazy=True).notes

    def note_url(self, number: int, note: int) -> str:
        """Where a note can be read."""
        return f"{self._api.url}/projects/{self._id}/merge_requests/{number}#note_{note}"

    def talk(self, request: Callable[[], T]) -> T:
        """Send one request. Raises Refused, whatever python-gitlab or what it stands on raised."""
        self._headers = {}
        try:
            return request()
        except GitlabError as error:
            status = error.response_code
            raise Refused(Refusal(status=status, message=str(error), headers=self._headers)) from error
        except (requests.RequestException, ValueError) as error:
            raise Refused(
                Refusal(status=None, message=f"{type(error).__name__}: {error}", headers={})
            ) from error

    def _requests_of(self, commit: str) -> list[dict[str, Any]]:
        lazy = self._project.commits.get(commit, lazy=True)
        found = self.talk(lambda: lazy.merge_requests(obey_rate_limit=False))
        return list(found)

    def _remember(self, response: requests.Response, *_: object, **__: object) -> None:
        self._headers = {name.lower(): value for name, value in response.headers.items()}

    def _ask(self, what: str, ask: Callable[[], T]) -> T:
        return patiently(ask, clock=self._clock, what=what, explain=_explain)


class _Thread:
    """The notes of one merge request."""

    def __init__(self, forge: GitLab, number: int) -> None:
        self._forge = forge
        self._number = number
        self._notes = forge.notes(number)

    def comments(self) -> Sequence[Comment]:
        pages = self._forge.talk(
            lambda: list(self._notes.list(iterator=True, per_page=100, obey_rate_limit=False))
        )
        return [self._comment(each.attributes) for each in pages if not each.attributes.get("system")]

    def create(self, body: str) -> Comment:
        made = self._forge.talk(lambda: self._notes.create({"body": body}, obey_rate_limit=False))
        return self._comment(made.attributes)

    def edit(self, comment: Comment, body: str) -> None:
        self._forge.talk(lambda: self._notes.update(comment.id, {"body": body}, obey_rate_limit=False))

    def delete(self, comment: Comment) -> None:
        self._forge.talk(lambda: self._notes.delete(comment.id, obey_rate_limit=False))

    def _comment(self, note: dict[str, Any]) -> Comment:
        ours = note["author"]["username"] == self._forge.author
        url = self._forge.note_url(self._number, note["id"])
        return Comment(id=note["id"], body=note["body"], ours=ours, url=url)


def _merged_as(request: dict[str, Any]) -> set[str | None]:
    return {request.get("merge_commit_sha"), request.get("squash_commit_sha"), request.get("sha")}


def _pull_request(api: dict[str, Any]) -> PullRequest:
    return PullRequest(
        number=api["iid"],
        head=api["sha"],
        base_branch=api["target_branch"],
        head_branch=api["source_branch"],
        title=api["title"],
        url=api["web_url"],
        labels=tuple(sorted(api.get("labels", ()))),
        same_repository=api["source_project_id"] == api["target_project_id"],
    )


def _explain(refusal: Refusal, what: str) -> ForgeError:
    token = "set MLCI_GITLAB_TOKEN to a project access token with the scope `api`"
    help_by_status = {
        401: token,
        403: f"a job token cannot write notes: {token}",
        404: "the project or merge request does not exist, or the token may not see it",
    }
    status = "no readable answer" if refusal.status is None else f"status {refusal.status}"
    return ForgeError(
        f"GitLab would not {what}: {status}, {refusal.message[:300]}",
        id="forge-refused" if refusal.status and refusal.status < 500 else "forge-unreachable",
        help=help_by_status.get(refusal.status or 0, "run the command again later"),
    )
