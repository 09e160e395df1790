"""Git's own smart HTTP server, as the CGI program it is."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class GitRequest:
    """What the program is told of a request."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    user: str | None


def wants_to_write(path: str, query: str) -> bool:
    """Whether a request pushes."""
    return path.endswith("/git-receive-pack") or "service=git-receive-pack" in query


def backend(root: Path, request: GitRequest) -> tuple[int, list[tuple[str, str]], bytes]:
    """Status, headers and body of git's answer for the repositories below a directory."""
    done = subprocess.run(
        [shutil.which("git") or "git", "http-backend"],
        input=request.body,
        env=_environment(root, request),
        capture_output=True,
        check=False,
    )
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    headers = [
        (name, value.strip())
        for name, _, value in (line.partition(":") for line in head.decode("latin-1").split("\r\n"))
        if name
    ]
    status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
    return status, [each for each in headers if each[0] != "Status"], body


def _environment(root: Path, request: GitRequest) -> dict[str, str]:
    known = {name.lower(): value for name, value in request.headers.items()}
    told = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "REQUEST_METHOD": request.method,
        "PATH_INFO": request.path,
        "QUERY_STRING": request.query,
        "CONTENT_TYPE": known.get("content-type", ""),
        "CONTENT_LENGTH": str(len(request.body)),
        "REMOTE_ADDR": "127.0.0.1",
        "GIT_PROTOCOL": known.get("git-protocol", ""),
        "HTTP_CONTENT_ENCODING": known.get("content-encoding", ""),
    }
    return {**told, **({"REMOTE_USER": request.user} if request.user else {})}
