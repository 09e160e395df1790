"""GitLab's API, as far as mlci speaks it. A project is named by number or by path."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from tests.support.forge.routes import Answer, Request, paged
from tests.support.forge.state import WHEN, Comment, Project, Pull

NOTE_LIMIT = 1_000_000
ROUTES: dict[tuple[str, str], Callable[..., Answer]] = {}
_NOT_FOUND = Answer(404, {"message": "404 Not found"})


def route(method: str, pattern: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Answer a method and path below a project, for those who have a token."""

    def register(answer_to: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(answer_to)
        def checked(request: Request, name: str, *rest: str) -> Answer:
            if request.login is None:
                return Answer(401, {"message": "401 Unauthorized"})
            project = _project(request, name)
            return _NOT_FOUND if project is None else answer_to(request, project, *rest)

        ROUTES[(method, r"/projects/([^/]+)" + pattern)] = checked
        return checked

    return register


def _project(request: Request, name: str) -> Project | None:
    projects = request.forge.projects.values()
    return next((each for each in projects if name in (str(each.id), each.name)), None)


def _user(request: Request) -> Answer:
    if request.login is None:
        return Answer(401, {"message": "401 Unauthorized"})
    return Answer(200, {"id": 1, "username": request.login, "name": request.login})


ROUTES[("GET", "/user")] = _user


@route("GET", "")
def project_itself(request: Request, project: Project) -> Answer:
    """The project."""
    return Answer(
        200,
        {
            "id": project.id,
            "path_with_namespace": project.name,
            "default_branch": project.default_branch,
            "web_url": f"{request.forge.url}/{project.name}",
        },
    )


@route("GET", r"/repository/commits/([0-9a-f]{40})/merge_requests")
def requests_of_commit(request: Request, project: Project, commit: str) -> Answer:
    """Merge requests that hold or brought a commit."""
    found = [each for each in project.pulls.values() if commit in (each.head, each.merge_commit)]
    return paged(request, [_request(request, each) for each in found])


@route("GET", "/merge_requests")
def merge_requests(request: Request, project: Project) -> Answer:
    """Merge requests by state and branches."""
    wanted = request.query
    found = [
        _request(request, each)
        for each in project.pulls.values()
        if wanted.get("state", "all") in ("all", _state(each))
        and wanted.get("source_branch", each.branch) == each.branch
        and wanted.get("target_branch", each.base) == each.base
    ]
    return paged(request, found)


@route("POST", "/merge_requests")
def open_request(request: Request, project: Project) -> Answer:
    """Open a merge request for a branch that was pushed."""
    given = request.fields()
    branch = str(given.get("source_branch"))
    if any(each.branch == branch and each.state == "open" for each in project.pulls.values()):
        return Answer(409, {"message": ["Another open merge request already exists for this source branch"]})
    if f"refs/heads/{branch}" not in project.refs("refs/heads/"):
        return Answer(400, {"message": {"source_branch": ["does not exist"]}})
    pull = project.open(branch, str(given.get("title")), base=str(given.get("target_branch")))
    return Answer(201, _request(request, pull))


@route("GET", r"/merge_requests/(\d+)/notes")
def notes(request: Request, project: Project, number: str) -> Answer:
    """A page of the notes, newest first unless asked otherwise."""
    found = project.pulls.get(int(number))
    if found is None:
        return _NOT_FOUND
    ordered = found.comments if request.query.get("sort") == "asc" else list(reversed(found.comments))
    return paged(request, [_note(found, each) for each in ordered])


@route("POST", r"/merge_requests/(\d+)/notes")
def create_note(request: Request, project: Project, number: str) -> Answer:
    """Write a note as whoever holds the token."""
    found = project.pulls.get(int(number))
    if found is None:
        return _NOT_FOUND
    body = request.fields().get("body")
    refused = _refused(body)
    return refused or Answer(201, _note(found, found.comment(request.login or "", str(body))))


@route("PUT", r"/merge_requests/(\d+)/notes/(\d+)")
def edit_note(request: Request, project: Project, number: str, id: str) -> Answer:
    """Replace a note's text: only its author may."""
    found = project.pulls.get(int(number))
    note = next((each for each in found.comments if each.id == int(id)), None) if found else None
    if found is None or note is None:
        return _NOT_FOUND
    if note.author != request.login:
        return Answer(403, {"message": "403 Forbidden"})
    body = request.fields().get("body")
    refused = _refused(body)
    if refused:
        return refused
    note.body = str(body)
    return Answer(200, _note(found, note))


@route("DELETE", r"/merge_requests/(\d+)/notes/(\d+)")
def delete_note(request: Request, project: Project, number: str, id: str) -> Answer:
    """Take a note away."""
    found = project.pulls.get(int(number))
    if found is None or all(each.id != int(id) for each in found.comments):
        return _NOT_FOUND
    found.comments = [each for each in found.comments if each.id != int(id)]
    return Answer(204)


@route("POST", "/pipeline")
def start(request: Request, project: Project) -> Answer:
    """Start a pipeline by hand: remembered for the test, which starts it."""
    given = request.fields()
    if not given.get("ref"):
        return Answer(400, {"error": "ref is missing"})
    project.dispatched.append(given)
    return Answer(201, {"id": project.next_id(), "ref": given["ref"], "status": "created"})


def _refused(body: object) -> Answer | None:
    if not isinstance(body, str) or not body.strip():
        return Answer(400, {"error": "body is empty"})
    if len(body) > NOTE_LIMIT:
        return Answer(422, {"message": {"note": [f"is too long (maximum is {NOTE_LIMIT} characters)"]}})
    return None


def _state(pull: Pull) -> str:
    return "opened" if pull.state == "open" else pull.state


def _request(request: Request, pull: Pull) -> dict[str, Any]:
    squashed = pull.merge_commit
    return {
        "id": pull.number,
        "iid": pull.number,
        "project_id": pull.target.id,
        "source_project_id": pull.source.id,
        "target_project_id": pull.target.id,
        "title": pull.title,
        "state": _state(pull),
        "sha": pull.head,
        "merge_commit_sha": squashed,
        "squash_commit_sha": None,
        "source_branch": pull.branch,
        "target_branch": pull.base,
        "labels": list(pull.labels),
        "web_url": f"{request.forge.url}/{pull.target.name}/-/merge_requests/{pull.number}",
    }


def _note(pull: Pull, comment: Comment) -> dict[str, Any]:
    return {
        "id": comment.id,
        "body": comment.body,
        "system": False,
        "author": {"id": 1, "username": comment.author},
        "noteable_iid": pull.number,
        "created_at": WHEN,
        "updated_at": WHEN,
    }
