import pytest

from mlci.ci.gitlab import context_from, detected
from mlci.core.context import RunContext, Trigger

ENVIRONMENT = {
    "GITLAB_CI": "true",
    "CI_COMMIT_SHA": "c" * 40,
    "CI_JOB_URL": "https://forge.test/job/3",
    "GITLAB_USER_LOGIN": "ana",
}
MERGE_REQUEST = {
    **ENVIRONMENT,
    "CI_MERGE_REQUEST_IID": "5",
    "CI_MERGE_REQUEST_PROJECT_ID": "1",
    "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": "1",
    "CI_MERGE_REQUEST_DIFF_BASE_SHA": "b" * 40,
}


def test_outside_of_gitlab_there_is_no_context():
    assert not detected({"CI": "true"})
    assert context_from({"CI": "true"}) is None


def test_a_merge_request():
    assert context_from(MERGE_REQUEST) == RunContext(
        trigger=Trigger.PULL_REQUEST,
        provider="gitlab",
        head="c" * 40,
        base_tip="b" * 40,
        pull_request=5,
        actor="ana",
        run_url="https://forge.test/job/3",
    )


def test_a_merged_results_pipeline_is_about_the_authors_commit():
    shas = {
        "CI_MERGE_REQUEST_SOURCE_BRANCH_SHA": "a" * 40,
        "CI_MERGE_REQUEST_TARGET_BRANCH_SHA": "d" * 40,
    }
    found = context_from({**MERGE_REQUEST, **shas})
    assert (found.head, found.base_tip) == ("a" * 40, "d" * 40)


@pytest.mark.parametrize("source", ["2", ""])
def test_a_fork_is_known_by_its_project(source):
    found = context_from({**MERGE_REQUEST, "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": source})
    assert not found.same_repository


@pytest.mark.parametrize("number", ["", "-1", "0", "x", "\u0665", "9" * 40])
def test_a_number_that_is_none_makes_no_merge_request(number):
    assert context_from({**ENVIRONMENT, "CI_MERGE_REQUEST_IID": number}).trigger is Trigger.MAIN


def test_a_push_to_main():
    found = context_from(ENVIRONMENT)
    assert (found.trigger, found.head, found.tag) == (Trigger.MAIN, "c" * 40, None)


@pytest.mark.parametrize("variable", ["CI_COMMIT_TAG", "MLCI_TAG"])
def test_a_tag(variable):
    found = context_from({**ENVIRONMENT, variable: "income#prod#7"})
    assert (found.trigger, found.tag) == (Trigger.TAG, "income#prod#7")
