"""Whose comments are ours on GitHub: that depends on what the token is."""

from types import SimpleNamespace

import pytest

from mlci.core.report.comment import marked
from mlci.forges.github import GitHub
from mlci.ports.forge import Posted
from tests.support.fakes import FakeClock
from tests.support.forge import BOT, TOKEN, Fault, Harm, serving
from tests.support.repository import repository

PERSONAL = "a-personal-token-0123456789"


@pytest.fixture
def server(tmp_path, monkeypatch):
    monkeypatch.setattr("github.Requester.time", SimpleNamespace(sleep=lambda _: None))
    with serving(tmp_path / "forge") as forge:
        forge.tokens[PERSONAL] = "ana"
        project = forge.create("acme/credit")
        repository(tmp_path / "work").commit().git("push", "-q", str(project.path), "main")
        project.open("main")
        yield forge


def post(server, token, author=None):
    client = GitHub(
        repository="acme/credit", token=token, api_url=server.github_api, clock=FakeClock(), author=author
    )
    return client.upsert_comment(1, "k", "new", head="").posted


@pytest.mark.parametrize(
    ("token", "author", "by", "posted"),
    [
        (TOKEN, None, BOT, Posted.UPDATED),
        (TOKEN, None, "another-app[bot]", Posted.UPDATED),
        (TOKEN, BOT, "another-app[bot]", Posted.CREATED),
        (TOKEN, None, "ana", Posted.CREATED),
        (PERSONAL, None, "ana", Posted.UPDATED),
        (PERSONAL, None, BOT, Posted.CREATED),
    ],
)
def test_a_comment_is_ours_when_our_account_wrote_it(server, token, author, by, posted):
    server.projects["acme/credit"].pulls[1].comment(by, marked("old", "k"))
    assert post(server, token, author) is posted


def test_nobody_is_asked_for_our_name_before_there_is_a_comment_that_might_be_ours(server):
    server.projects["acme/credit"].pulls[1].comment("ana", "hello")
    post(server, TOKEN)
    assert len(server.requests) == 2


def test_a_deleted_accounts_comment_is_not_ours(server):
    ghost = {"id": 1, "body": marked("old", "k"), "user": None, "html_url": "u"}
    fault = Fault(method="GET", path="/comments", harm=Harm.STATUS, status=200, document=[ghost])
    server.faults.append(fault)
    assert post(server, TOKEN) is Posted.CREATED


def test_a_forks_pull_request_is_found_by_its_branch(tmp_path):
    """GitHub answers nothing for the name of a commit that lies in the fork alone."""
    with serving(tmp_path / "forge") as forge:
        project, fork = forge.create("acme/credit"), forge.create("mallory/credit")
        work = repository(tmp_path / "work").commit({"a": "1"}, message="Begin")
        work.git("push", "-q", str(project.path), "HEAD:refs/heads/main")
        work.branch("better").commit({"a": "2"}, message="Better")
        work.git("push", "-q", str(fork.path), "HEAD:refs/heads/better")
        pull = project.open("better", "Better", source=fork)
        client = GitHub(repository="acme/credit", token=TOKEN, api_url=forge.github_api, clock=FakeClock())

        assert client.pull_request_of(pull.head) is None
        found = client.pull_request_of(pull.head, branch="mallory:better")
        assert found is not None
        assert (found.number, found.same_repository) == (pull.number, False)
        assert client.pull_request_of("f" * 40, branch="mallory:better") is None
