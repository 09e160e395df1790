"""The forge itself: real clients must find in it what they expect of a real one."""

import github
import gitlab
import pytest
import requests

from tests.support.forge import BOT, TOKEN, Comment, Fault, Harm, serving
from tests.support.repository import repository


@pytest.fixture
def forge(tmp_path):
    with serving(tmp_path / "forge") as forge:
        yield forge


@pytest.fixture
def project(forge, tmp_path):
    made = forge.create("acme/credit")
    story = repository(tmp_path / "work").commit({"a.txt": "one\n"})
    push(story, made, "main")
    story.git("checkout", "-q", "-b", "better")
    story.commit({"a.txt": "two\n"})
    push(story, made, "better")
    return made


def push(story, project, *refs, token=TOKEN):
    story.git("push", "-q", project.url.replace("http://", f"http://x:{token}@"), *refs)


@pytest.fixture
def hub(forge, project):
    auth = github.Auth.Token(TOKEN)
    api = github.Github(
        auth=auth, base_url=forge.github_api, retry=None, per_page=100, seconds_between_writes=0
    )
    return api.get_repo("acme/credit")


@pytest.fixture
def lab(forge, project):
    return gitlab.Gitlab(forge.url, private_token=TOKEN, timeout=5).projects.get("acme/credit")


def test_git_reads_for_everybody_and_writes_for_those_with_a_token(project, tmp_path):
    story = repository(tmp_path / "other")
    story.git("fetch", "-q", project.url, "better")
    assert story.sha("FETCH_HEAD") == project.sha("better")
    story.commit({"b.txt": "x" * 3_000_000})
    with pytest.raises(AssertionError):
        push(story, project, "HEAD:refs/heads/new", token="wrong")
    push(story, project, "HEAD:refs/heads/new")
    assert project.sha("new") == story.head


def test_a_lease_and_two_refs_go_through_whole_or_not_at_all(project, tmp_path):
    story = repository(tmp_path / "other").commit({"c.txt": "c\n"})
    with pytest.raises(AssertionError):
        push(story, project, "--atomic", "HEAD:refs/heads/main", "HEAD:refs/mlci/registry")
    assert "refs/mlci/registry" not in project.refs()


@pytest.mark.parametrize("how", ["merge", "squash"])
def test_a_merge_brings_the_change_to_main(project, hub, how):
    pull = project.open("better", "Better", labels=["minor"])
    merged = project.merge(pull, how=how)
    assert project.git("show", "main:a.txt") == "two"
    (found,) = hub.get_commit(merged).get_pulls()
    assert (found.number, found.merge_commit_sha, [each.name for each in found.labels]) == (
        1,
        merged,
        ["minor"],
    )


@pytest.mark.parametrize("count", [0, 1, 30, 31, 100, 101, 250])
def test_pygithub_reads_every_page(project, hub, count):
    pull = project.open("better")
    for number in range(count):
        pull.comment("ana", str(number))
    assert [each.body for each in hub.get_issue(1).get_comments()] == list(map(str, range(count)))


def test_pygithub_writes_edits_and_deletes_comments(project, hub):
    pull = project.open("better")
    made = hub.get_pull(1).create_issue_comment("hello")
    made.edit("world")
    assert [(each.author, each.body) for each in pull.comments] == [(BOT, "world")]
    made.delete()
    assert pull.comments == []
    with pytest.raises(github.GithubException, match="too long"):
        hub.get_pull(1).create_issue_comment("x" * 262_145)


def test_pygithub_opens_a_pull_request_once(project, hub):
    assert hub.create_pull("main", "better", title="T", body="").number == 1
    with pytest.raises(github.GithubException, match="already exists"):
        hub.create_pull("main", "better", title="T", body="")


@pytest.mark.parametrize("count", [0, 1, 100, 101])
def test_python_gitlab_reads_every_page(project, lab, count):
    pull = project.open("better")
    for number in range(count):
        pull.comment("ana", str(number))
    found = lab.mergerequests.get(1, lazy=True).notes.list(iterator=True, per_page=100, sort="asc")
    assert [each.body for each in found] == list(map(str, range(count)))


def test_python_gitlab_writes_and_edits_its_own_notes_only(project, lab):
    pull = project.open("better")
    notes = lab.mergerequests.get(1, lazy=True).notes
    made = notes.create({"body": "hello"})
    notes.update(made.id, {"body": "world"})
    assert [(each.author, each.body) for each in pull.comments] == [(BOT, "world")]
    with pytest.raises(gitlab.GitlabError):
        notes.update(pull.comment("ana", "mine").id, {"body": "yours"})


def test_python_gitlab_finds_the_merge_request_of_a_commit(project, lab):
    project.open("better", "Better")
    (found,) = lab.commits.get(project.sha("better"), lazy=True).merge_requests()
    assert (found["iid"], found["state"]) == (1, "opened")


@pytest.mark.parametrize(
    ("harm", "comments"), [(Harm.STATUS, 0), (Harm.RESET, 0), (Harm.AFTER, 1), (Harm.BROKEN, 1)]
)
def test_a_planted_fault_fails_once_before_or_after_the_deed(forge, project, hub, harm, comments):
    pull = project.open("better")
    issue = hub.get_pull(1)
    forge.faults.append(Fault(method="POST", path="/comments$", harm=harm))
    with pytest.raises((github.GithubException, requests.RequestException, ValueError)):
        issue.create_issue_comment("hello")
    assert len(pull.comments) == comments
    issue.create_issue_comment("again")
    assert len(pull.comments) == comments + 1


def test_a_strangers_token_is_refused(forge, project):
    answer = requests.get(f"{forge.github_api}/repos/acme/credit", timeout=5)
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "document"),
    [
        ("POST", "/statuses/" + "a" * 40, {"state": "success", "sate": "typo"}),
        ("POST", "/pulls", {"base": "main"}),
        ("PATCH", "/issues/comments/1", {"body": 7}),
        ("GET", "/pulls?stat=open", None),
    ],
)
def test_what_github_does_not_describe_fails_the_test_that_said_it(tmp_path, method, path, document):
    with pytest.raises(AssertionError, match=r"asked|no query"):
        say(tmp_path, method, path, document)


def say(tmp_path, method, path, document):
    with serving(tmp_path / "forge") as forge:
        project = forge.create("acme/credit")
        push(repository(tmp_path / "work").commit({"a": "1"}), project, "HEAD:refs/heads/main")
        project.open("main").comments.append(Comment(1, BOT, "x"))
        requests.request(
            method,
            f"{forge.github_api}/repos/acme/credit{path}",
            json=document,
            headers={"Authorization": f"Bearer {TOKEN}"},
            timeout=5,
        )


def test_what_no_forge_understands_fails_the_test_that_asked_it(tmp_path):
    with pytest.raises(AssertionError, match="no route"), serving(tmp_path / "forge") as forge:
        requests.get(f"{forge.github_api}/repos/acme/credit/secrets", timeout=5)
