"""GitHub's API, as far as mlci speaks it. What it refuses, it refuses in GitHub's words."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from tests.support.forge.routes import Answer, Request, paged
from tests.support.forge.state import WHEN, Comment, Project, Pull

COMMENT_LIMIT = 262_144
ROUTES: dict[tuple[str, str], Callable[..., Answer]] = {}
_REPO = r"/repos/([^/]+/[^/]+)"
_NOT_FOUND = Answer(404, {"message": "Not Found", "status": "404"})


def route(method: str, pattern: str) -> Callable[[Callable[..., Answer]], Callable[..., Answer]]:
    """Answer a method and path below a repository, for those who have a token."""

    def register(answer_to: Callable[..., Answer]) -> Callable[..., Answer]:
        @wraps(answer_to)
        def checked(request: Request, name: str, *rest: str) -> Answer:
            if request.login is None:
                return Answer(401, {"message": "Bad credentials", "status": "401"})
            project = request.forge.projects.get(name)
            return _NOT_FOUND if project is None else answer_to(request, project, *rest)

        ROUTES[(method, _REPO + pattern)] = checked
        return checked

    return register


def _whoever(request: Request) -> Answer:
    """A workflow's token is nobody's: it may not ask who it is. A person's may."""
    if request.login and not request.login.endswith("[bot]"):
        return Answer(200, _user(request.login))
    return Answer(403, {"message": "Resource not accessible by integration", "status": "403"})


ROUTES[("GET", "/user")] = _whoever


@route("GET", "")
def repository(request: Request, project: Project) -> Answer:
    """The repository."""
    return Answer(200, _repository(request, project))


@route("GET", r"/commits/([0-9a-f]{40})")
def commit(request: Request, project: Project, sha: str) -> Answer:
    """One commit."""
    known = sha in project.git("rev-list", "--all").splitlines()
    return Answer(200, {"sha": sha, "url": request.url}) if known else _NOT_FOUND


@route("GET", r"/commits/([0-9a-f]{40})/pulls")
def pulls_of_commit(request: Request, project: Project, commit: str) -> Answer:
    """Open requests that hold the commit, and the merged one that brought it; none of a fork's."""
    own = [each for each in project.pulls.values() if each.source is project or each.state != "open"]
    found = [each for each in own if commit in (each.head, each.merge_commit)]
    return paged(request, [_pull(request, each) for each in found])


@route("GET", "/pulls")
def pulls(request: Request, project: Project) -> Answer:
    """Requests by state, head and base."""
    wanted = request.query
    state = wanted.get("state", "open")
    found = [
        _pull(request, each)
        for each in project.pulls.values()
        if (state == "all" or (each.state == "open") == (state == "open"))
        and wanted.get("base", each.base) == each.base
        and wanted.get("head", _label(each)) == _label(each)
    ]
    return paged(request, found)


@route("POST", "/pulls")
def open_pull(request: Request, project: Project) -> Answer:
    """Open a request for a branch that was pushed."""
    given = request.fields()
    branch, base = str(given.get("head")), str(given.get("base"))
    if not {f"refs/heads/{branch}", f"refs/heads/{base}"} <= set(project.refs("refs/heads/")):
        return _invalid("PullRequest", "head or base is invalid")
    if any(each.branch == branch and each.state == "open" for each in project.pulls.values()):
        return _invalid("PullRequest", f"A pull request already exists for {project.name}:{branch}.")
    return Answer(201, _pull(request, project.open(branch, str(given.get("title")), base=base)))


@route("GET", r"/pulls/(\d+)")
def pull(request: Request, project: Project, number: str) -> Answer:
    """One request."""
    found = project.pulls.get(int(number))
    return _NOT_FOUND if found is None else Answer(200, _pull(request, found))


@route("GET", r"/issues/(\d+)")
def issue(request: Request, project: Project, number: str) -> Answer:
    """A request as the issue that it also is."""
    found = project.pulls.get(int(number))
    if found is None:
        return _NOT_FOUND
    document = _pull(request, found)
    kept = ("id", "number", "title", "state", "html_url", "labels", "user")
    return Answer(200, {"url": document["issue_url"], "body": None} | {key: document[key] for key in kept})


@route("GET", r"/issues/(\d+)/comments")
def comments(request: Request, project: Project, number: str) -> Answer:
    """A page of the comments, oldest first."""
    found = project.pulls.get(int(number))
    if found is None:
        return _NOT_FOUND
    return paged(request, [_comment(request, found, each) for each in found.comments])


@route("POST", r"/issues/(\d+)/comments")
def create_comment(request: Request, project: Project, number: str) -> Answer:
    """Write a comment as whoever holds the token."""
    found = project.pulls.get(int(number))
    if found is None:
        return _NOT_FOUND
    body = request.fields().get("body")
    refused = _refused(body)
    return refused or Answer(201, _comment(request, found, found.comment(request.login or "", str(body))))


@route("PATCH", r"/issues/comments/(\d+)")
def edit_comment(request: Request, project: Project, id: str) -> Answer:
    """Replace a comment's text; a token with write access may do that to anybody's."""
    found = request.forge.pull_of_comment(project, int(id))
    if found is None:
        return _NOT_FOUND
    body = request.fields().get("body")
    (comment,) = (each for each in found.comments if each.id == int(id))
    refused = _refused(body)
    if refused:
        return refused
    comment.body = str(body)
    return Answer(200, _comment(request, found, comment))


@route("DELETE", r"/issues/comments/(\d+)")
def delete_comment(request: Request, project: Project, id: str) -> Answer:
    """Take a comment away."""
    found = request.forge.pull_of_comment(project, int(id))
    if found is None:
        return _NOT_FOUND
    found.comments = [each for each in found.comments if each.id != int(id)]
    return Answer(204)


@route("POST", r"/statuses/([0-9a-f]{40})")
def create_status(request: Request, project: Project, commit: str) -> Answer:
    """Set a status of a commit."""
    given = request.fields()
    if given.get("state") not in ("error", "failure", "pending", "success"):
        return _invalid("Status", "state is not included in the list")
    if len(str(given.get("description") or "")) > 140:
        return _invalid("Status", "description is too long (maximum is 140 characters)")
    project.statuses.append({"sha": commit, "login": request.login, **given})
    status = {"id": project.next_id(), "url": request.url, "created_at": WHEN, **given}
    return Answer(201, status)


@route("GET", r"/actions/workflows/([^/]+)")
def workflow(request: Request, project: Project, file: str) -> Answer:
    """A workflow by the name of its file, if the default branch has it."""
    path = f".github/workflows/{file}"
    listed = project.git("ls-tree", "-r", "--name-only", project.default_branch).splitlines()
    if path not in listed:
        return _NOT_FOUND
    return Answer(200, {"id": 1, "path": path, "name": file, "state": "active", "url": request.url})


@route("POST", r"/actions/workflows/([^/]+)/dispatches")
def dispatch(request: Request, project: Project, file: str) -> Answer:
    """Start a workflow by hand: remembered for the test, which starts it."""
    project.dispatched.append({"workflow": file, **request.fields()})
    return Answer(204)


def _refused(body: object) -> Answer | None:
    if not isinstance(body, str) or not body.strip():
        return _invalid("IssueComment", "body cannot be blank")
    if len(body.encode()) > COMMENT_LIMIT:
        return _invalid("IssueComment", f"body is too long (maximum is {COMMENT_LIMIT} bytes)")
    return None


def _invalid(resource: str, message: str) -> Answer:
    errors = [{"resource": resource, "code": "unprocessable", "message": message}]
    return Answer(422, {"message": "Validation Failed", "errors": errors, "status": "422"})


def _label(pull: Pull) -> str:
    return f"{pull.source.name.partition('/')[0]}:{pull.branch}"


def _user(login: str) -> dict[str, Any]:
    return {"login": login, "id": 1, "type": "Bot" if login.endswith("[bot]") else "User"}


def _repository(request: Request, project: Project) -> dict[str, Any]:
    return {
        "id": project.id,
        "name": project.name.partition("/")[2],
        "full_name": project.name,
        "default_branch": project.default_branch,
        "owner": _user(project.name.partition("/")[0]),
        "url": f"{request.forge.github_api}/repos/{project.name}",
        "html_url": f"{request.forge.url}/{project.name}",
    }


def _pull(request: Request, pull: Pull) -> dict[str, Any]:
    api = f"{request.forge.github_api}/repos/{pull.target.name}"
    merged = pull.state == "merged"
    return {
        "id": pull.number,
        "number": pull.number,
        "title": pull.title,
        "state": "open" if pull.state == "open" else "closed",
        "merged": merged,
        "merged_at": WHEN if merged else None,
        "merge_commit_sha": pull.merge_commit,
        "url": f"{api}/pulls/{pull.number}",
        "issue_url": f"{api}/issues/{pull.number}",
        "html_url": f"{request.forge.url}/{pull.target.name}/pull/{pull.number}",
        "labels": [{"id": 1, "name": name, "color": "ededed"} for name in pull.labels],
        "user": _user("ana"),
        "head": _side(request, pull.source, pull.branch, pull.head),
        "base": _side(request, pull.target, pull.base, pull.base_tip),
    }


def _side(request: Request, project: Project, branch: str, commit: str) -> dict[str, Any]:
    owner = project.name.partition("/")[0]
    return {
        "label": f"{owner}:{branch}",
        "ref": branch,
        "sha": commit,
        "user": _user(owner),
        "repo": _repository(request, project),
    }


def _comment(request: Request, pull: Pull, comment: Comment) -> dict[str, Any]:
    page = f"{request.forge.url}/{pull.target.name}/pull/{pull.number}"
    return {
        "id": comment.id,
        "body": comment.body,
        "user": _user(comment.author),
        "created_at": WHEN,
        "updated_at": WHEN,
        "url": f"{request.forge.github_api}/repos/{pull.target.name}/issues/comments/{comment.id}",
        "html_url": f"{page}#issuecomment-{comment.id}",
        "issue_url": f"{request.forge.github_api}/repos/{pull.target.name}/issues/{pull.number}",
    }
