"""What the doctor says of data remotes, with real DVC: a server that refuses, one without the file."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from tests.support.program import run_mlci
from tests.support.repository import Repository, repository

pytestmark = pytest.mark.slow


@pytest.fixture
def story(tmp_path: Path) -> Repository:
    files = {"mlci.yaml": "version: 1\nproject: credit\n", ".gitignore": ".mlci/\n"}
    return repository(tmp_path / "work").with_dvc().data({"raw.csv": "a\n1\n"}).commit(files)


@contextmanager
def answering(code: int) -> Iterator[str]:
    """A server that has one answer to everything."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(code)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_HEAD(self) -> None:
            self.do_GET()

        def log_message(self, format: str, *arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/data"
        server.shutdown()


def told(story: Repository, url: str) -> list[str]:
    """The doctor's word on the data, and what it says to type."""
    story.dvc("remote", "add", "--quiet", "--default", "storage", url)
    lines = run_mlci("doctor", cwd=story.path).stdout.splitlines()
    at = next(number for number, line in enumerate(lines) if " data: " in line)
    return [each.strip() for each in lines[at : at + 2]]


@pytest.mark.parametrize(
    ("code", "said", "help"),
    [
        (
            401,
            "answers, and lets nobody in without credentials",
            "dvc remote modify --local storage OPTION VALUE",
        ),
        (
            403,
            "answers, and lets nobody in without credentials",
            "dvc remote modify --local storage OPTION VALUE",
        ),
        (404, "does not hold raw.csv", "dvc push --remote storage"),
        (500, "cannot be read", "look at its address with dvc remote list"),
    ],
)
def test_a_server_that_refuses_is_told_from_one_that_has_not(
    story: Repository, code: int, said: str, help: str
) -> None:
    with answering(code) as url:
        first, second = told(story, url)
    assert f"the remote storage {said}" in first
    assert second.startswith(f"help: {help}")


def test_a_directory_that_is_not_there_is_told_from_one_that_is_empty(
    story: Repository, tmp_path: Path
) -> None:
    first, _ = told(story, str(tmp_path / "store"))
    assert "cannot be read: there is no such directory here" in first
    (tmp_path / "store").mkdir()
    story.dvc("remote", "remove", "storage")
    first, second = told(story, str(tmp_path / "store"))
    assert "does not hold raw.csv" in first
    assert second == "help: dvc push --remote storage"
