"""The server: who asks, for what, and what goes wrong on the way."""

import base64
import json
import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlsplit

from tests.support.forge import github, gitlab
from tests.support.forge.contract import Exchange, problems
from tests.support.forge.faults import Fault, Harm
from tests.support.forge.git_http import GitRequest, backend, wants_to_write
from tests.support.forge.routes import Answer, Request
from tests.support.forge.state import Project, Pull

# Long, because a runner masks every occurrence of a secret in its logs.
TOKEN = "loopback-token-of-the-bot-0123456789"
BOT = "github-actions[bot]"
_GITHUB = "/api/v3"
_GITLAB = "/api/v4"


@dataclass(slots=True)
class Forge:
    """The state of the forge and its address. Tokens are all that it knows of people."""

    root: Path
    private: bool = False
    port: int = 0
    tokens: dict[str, str] = field(default_factory=lambda: {TOKEN: BOT})
    projects: dict[str, Project] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str, int]] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    surprises: list[str] = field(default_factory=list)
    lock: Any = field(default_factory=threading.RLock)

    @property
    def url(self) -> str:
        """The address, which is also that of Git."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def github_api(self) -> str:
        """Where GitHub's API is."""
        return self.url + _GITHUB

    @property
    def gitlab_api(self) -> str:
        """Where GitLab's API is."""
        return self.url + _GITLAB

    def create(self, name: str) -> Project:
        """Make an empty project, `owner/name`."""
        made = Project(name, len(self.projects) + 1, self.root / f"{name}.git", f"{self.url}/{name}.git")
        self.projects[name] = made
        return made

    def writes(self) -> list[tuple[str, str, int]]:
        """The API requests so far that meant to change something."""
        return [each for each in self.requests if each[0] != "GET" and "/git-" not in each[1]]

    def pull_of_comment(self, project: Project, id: int) -> Pull | None:
        """The pull request that holds a comment."""
        found = (pull for pull in project.pulls.values() if any(each.id == id for each in pull.comments))
        return next(found, None)


@contextmanager
def serving(root: Path, *, private: bool = False) -> Iterator[Forge]:
    """Serve until the block is left; requests that no forge would have understood fail it then.

    A `private` forge lets nobody read without a token either.
    """
    forge = Forge(root, private)
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"forge": forge}))
    server.daemon_threads = True
    forge.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield forge
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    undescribed = [problem for each in forge.exchanges for problem in problems(each)]
    assert not forge.surprises + undescribed, forge.surprises + undescribed


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # An answer is sent in two pieces, and the second would wait for the first's receipt.
    disable_nagle_algorithm = True
    forge: ClassVar[Forge]

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing on stderr."""

    def answer(self) -> None:
        """Do what is asked, unless a fault was planted for it."""
        body = _body(self)
        fault = next((each for each in self.forge.faults if each.takes(self.command, self.path)), None)
        harm = fault.harm if fault else None
        if fault and harm is Harm.STATUS:
            self._send(*fault.answer())
        elif harm is Harm.RESET:
            self._hang_up()
        else:
            status, headers, content = self._done(body)
            if harm is Harm.AFTER:
                self._hang_up()
            elif fault and harm is Harm.LATE:
                self._send(*fault.answer())
            else:
                self._send(status, headers, content[: len(content) // 2] if fault else content)

    do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = do_HEAD = answer  # noqa: N815

    def _done(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes]:
        place = urlsplit(self.path)
        login = _login(self.forge, self.headers)
        for prefix, routes in ((_GITHUB, github.ROUTES), (_GITLAB, gitlab.ROUTES)):
            if place.path.startswith(prefix + "/"):
                request = Request(
                    forge=self.forge,
                    method=self.command,
                    path=place.path.removeprefix(prefix),
                    url=self.forge.url + place.path,
                    query=dict(parse_qsl(place.query, keep_blank_values=True)),
                    body=body,
                    login=login,
                )
                return _api(self.forge, routes, request)
        if login is None and (self.forge.private or wants_to_write(place.path, place.query)):
            return 401, [("WWW-Authenticate", 'Basic realm="forge"')], b""
        git = GitRequest(
            method=self.command,
            path=_with_suffix(unquote(place.path)),
            query=place.query,
            headers=dict(self.headers.items()),
            body=body,
            user=login,
        )
        return backend(self.forge.root, git)

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        with self.forge.lock:
            self.forge.requests.append((self.command, self.path, status))
        dated = any(name == "Date" for name, _ in headers)
        (self.send_response_only if dated else self.send_response)(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _hang_up(self) -> None:
        with self.forge.lock:
            self.forge.requests.append((self.command, self.path, 0))
        self.close_connection = True


def _api(
    forge: Forge, routes: Mapping[tuple[str, str], Callable[..., Answer]], request: Request
) -> tuple[int, list[tuple[str, str]], bytes]:
    for (method, pattern), answer_to in routes.items():
        found = re.fullmatch(pattern, request.path)
        if method == request.method and found:
            with forge.lock:
                answer = answer_to(request, *map(unquote, found.groups()))
            if routes is github.ROUTES:
                forge.exchanges.append(_exchange(request, answer))
            if answer.status == 400:
                forge.surprises.append(f"{request.method} {request.path}: {answer.document}")
            headers = [("Content-Type", "application/json; charset=utf-8"), *answer.headers.items()]
            content = b"" if answer.status == 204 else json.dumps(answer.document).encode()
            return answer.status, headers, content
    forge.surprises.append(f"no route: {request.method} {request.path}")
    return 404, [("Content-Type", "application/json")], b'{"message": "Not Found"}'


def _exchange(request: Request, answer: Answer) -> Exchange:
    return Exchange(
        method=request.method,
        path=request.path,
        query=request.query,
        request=request.fields() if request.body else None,
        status=answer.status,
        response=answer.document,
    )


def _login(forge: Forge, headers: Message) -> str | None:
    """Whose token a request carries, however it carries it; None for a stranger."""
    kind, _, value = headers.get("Authorization", "").partition(" ")
    if kind.lower() == "basic":
        _, _, value = base64.b64decode(value).decode("utf-8", "replace").partition(":")
    return forge.tokens.get(value.strip()) or forge.tokens.get(headers.get("PRIVATE-TOKEN", ""))


def _with_suffix(path: str) -> str:
    """A repository may be named without `.git`, as on every forge."""
    return re.sub(r"^(/[^/]+/[^/]+?)(?:\.git)?/(info/refs|git-)", r"\1.git/\2", path)


def _body(handler: BaseHTTPRequestHandler) -> bytes:
    if handler.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
    content = b""
    while size := int(handler.rfile.readline().split(b";")[0], 16):
        content += handler.rfile.read(size)
        handler.rfile.readline()
    handler.rfile.readline()
    return content
