import pytest

from mlci.ci.github import context_from, detected
from mlci.core.context import RunContext, Trigger

ENVIRONMENT = {
    "GITHUB_ACTIONS": "true",
    "GITHUB_ACTOR": "ana",
    "GITHUB_REPOSITORY": "acme/credit",
    "GITHUB_RUN_ID": "17",
    "GITHUB_SERVER_URL": "https://forge.test",
    "GITHUB_SHA": "c" * 40,
}
RUN = "https://forge.test/acme/credit/actions/runs/17"


def pull_request(source="acme/credit", **more):
    head = {"sha": "a" * 40, "repo": {"full_name": source}}
    return {"pull_request": {"number": 7, "head": head, "base": {"sha": "b" * 40}, **more}}


def context(event_name, event=None, **environment):
    return context_from({**ENVIRONMENT, "GITHUB_EVENT_NAME": event_name, **environment}, event)


def test_outside_of_actions_there_is_no_context():
    assert not detected({"CI": "true"})
    assert context_from({"CI": "true"}, pull_request()) is None


def test_a_pull_requests_head_is_its_own_commit_and_not_the_merge():
    assert context("pull_request", pull_request()) == RunContext(
        trigger=Trigger.PULL_REQUEST,
        provider="github",
        head="a" * 40,
        base_tip="b" * 40,
        pull_request=7,
        same_repository=True,
        actor="ana",
        run_url=RUN,
    )


@pytest.mark.parametrize("source", ["mallory/credit", None, 7])
def test_a_fork_or_a_deleted_source_is_not_the_same_repository(source):
    assert not context("pull_request", pull_request(source)).same_repository


def test_a_merge_queue_is_tested_like_a_pull_request_without_number():
    event = {"merge_group": {"head_sha": "a" * 40, "base_sha": "b" * 40}}
    found = context("merge_group", event)
    assert (found.trigger, found.head, found.base_tip) == (Trigger.PULL_REQUEST, "a" * 40, "b" * 40)
    assert found.pull_request is None


def test_after_a_forks_run_the_head_is_the_forks_and_the_number_is_not_taken_from_the_event():
    event = {
        "workflow_run": {
            "event": "pull_request",
            "head_sha": "a" * 40,
            "head_branch": "better",
            "head_repository": {"full_name": "mallory/credit", "owner": {"login": "mallory"}},
            "conclusion": "failure",
            "pull_requests": [{"number": 99}],
            "html_url": "https://forge.test/run",
            "actor": {"login": "mallory"},
        }
    }
    assert context("workflow_run", event) == RunContext(
        trigger=Trigger.PULL_REQUEST,
        provider="github",
        head="a" * 40,
        same_repository=False,
        source_branch="mallory:better",
        conclusion="failure",
        actor="mallory",
        run_url="https://forge.test/run",
    )


def test_a_push_to_a_branch_is_main():
    found = context("push", {"ref": "refs/heads/main"}, GITHUB_REF_TYPE="branch", GITHUB_REF_NAME="main")
    assert (found.trigger, found.head, found.tag) == (Trigger.MAIN, "c" * 40, None)


@pytest.mark.parametrize(
    ("name", "event", "environment"),
    [
        ("push", {}, {"GITHUB_REF_TYPE": "tag", "GITHUB_REF_NAME": "a/income#prod#7"}),
        ("workflow_dispatch", {"inputs": {"tag": "a/income#prod#7"}}, {"GITHUB_REF_TYPE": "branch"}),
    ],
)
def test_a_tag_is_known_by_its_push_or_by_dispatch(name, event, environment):
    found = context(name, event, **environment)
    assert (found.trigger, found.tag) == (Trigger.TAG, "a/income#prod#7")


@pytest.mark.parametrize("event", [None, [], "text", {"pull_request": 3}, {"pull_request": {"number": True}}])
def test_an_event_of_any_shape_is_read_without_a_crash(event):
    found = context("pull_request", event)
    assert (found.head, found.pull_request, found.same_repository) == (None, None, False)
