import pytest

from mlci import ci
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.ports.git import PushOutcome, RefUpdate
from tests.support.forge import TOKEN, serving
from tests.support.repository import repository

GITHUB = {"GITHUB_ACTIONS": "true", "GITHUB_TOKEN": TOKEN}
GITLAB = {"GITLAB_CI": "true", "MLCI_GITLAB_TOKEN": TOKEN}


def push(tmp_path, environment, **servers):
    with serving(tmp_path / "forge") as forge:
        project = forge.create("acme/credit")
        work = repository(tmp_path / "work").commit({"a.txt": "one\n"})
        work.git("remote", "add", "origin", project.url)
        # What a checkout with persisted credentials leaves behind.
        work.git("config", f"http.{forge.url}/.extraHeader", "Authorization: Basic eDpvbGQ=")
        told = {**environment, **dict.fromkeys(servers, forge.url)}
        process = ProcessRunner({"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)})
        git = GitCli(process, work.path, {}, for_remotes=ci.git_settings(told))
        return git.push("origin", [RefUpdate(ref="refs/heads/main", new=work.head)])


@pytest.mark.parametrize(
    ("environment", "server"), [(GITHUB, "GITHUB_SERVER_URL"), (GITLAB, "CI_SERVER_URL")]
)
def test_a_steps_token_opens_its_forge(tmp_path, environment, server):
    assert push(tmp_path, environment, **{server: ""}).outcome is PushOutcome.DONE


def test_without_a_token_the_forge_stays_closed(tmp_path):
    environment = {"GITHUB_ACTIONS": "true"}
    assert push(tmp_path, environment, GITHUB_SERVER_URL="").outcome is not PushOutcome.DONE


def test_the_token_is_shown_to_one_server_only():
    settings = ci.git_settings({**GITHUB, "GITHUB_SERVER_URL": "https://forge.test"})
    assert {key for key, _ in settings} == {"http.https://forge.test/.extraHeader"}
    assert TOKEN not in str(settings)


def test_outside_of_ci_git_is_told_nothing():
    assert ci.git_settings({"GITHUB_TOKEN": TOKEN, "GITHUB_SERVER_URL": "https://forge.test"}) == ()
