"""Why a command runs, as GitLab CI tells it."""

from collections.abc import Mapping

from mlci.ci.credentials import Settings, header_for
from mlci.ci.documents import number
from mlci.core.context import RunContext, Trigger
from mlci.core.strictjson import JsonValue

PROVIDER = "gitlab"
# A job's own token pushes only where a project allows it, and no pipeline ever starts for its pushes.
PUSH_TOKENS = ("MLCI_GITLAB_TOKEN",)


def detected(environment: Mapping[str, str]) -> bool:
    """Whether this process runs in GitLab CI."""
    return environment.get("GITLAB_CI") == "true"


def context_from(environment: Mapping[str, str], _event: JsonValue = None) -> RunContext | None:
    """The context of a run; None outside of GitLab CI, which has variables but no event document."""
    if not detected(environment):
        return None
    request = number(environment.get("CI_MERGE_REQUEST_IID"))
    # A forced dispatch names its tag in MLCI_TAG; a pushed tag's pipeline knows it as CI_COMMIT_TAG.
    tag = environment.get("CI_COMMIT_TAG") or environment.get("MLCI_TAG") or None
    trigger = Trigger.TAG if tag else Trigger.MAIN
    return RunContext(
        trigger=Trigger.PULL_REQUEST if request else trigger,
        provider=PROVIDER,
        head=_head(environment),
        base_tip=_base_tip(environment) if request else None,
        pull_request=request,
        branch=environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") if request else None,
        same_repository=_same_repository(environment) if request else True,
        tag=None if request else tag,
        actor=environment.get("GITLAB_USER_LOGIN"),
        run_url=environment.get("CI_JOB_URL") or environment.get("CI_PIPELINE_URL"),
    )


def git_settings(environment: Mapping[str, str]) -> Settings:
    """What Git needs to use the project's access token: a job's own token may not push."""
    server, token = environment.get("CI_SERVER_URL"), environment.get(PUSH_TOKENS[0])
    return header_for(server, "oauth2", token) if server and token else ()


def after_push(_environment: Mapping[str, str]) -> str:
    """Nothing is left to do: a push with an access token starts a pipeline."""
    return ""


def _head(environment: Mapping[str, str]) -> str | None:
    """The author's commit: a merged-results pipeline has checked out a merge commit instead."""
    return environment.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or environment.get("CI_COMMIT_SHA")


def _base_tip(environment: Mapping[str, str]) -> str | None:
    """The target's tip; outside of merged-results pipelines GitLab only tells the merge base."""
    tip = environment.get("CI_MERGE_REQUEST_TARGET_BRANCH_SHA")
    return tip or environment.get("CI_MERGE_REQUEST_DIFF_BASE_SHA") or None


def _same_repository(environment: Mapping[str, str]) -> bool:
    source = environment.get("CI_MERGE_REQUEST_SOURCE_PROJECT_ID")
    return bool(source) and source == environment.get("CI_MERGE_REQUEST_PROJECT_ID")
