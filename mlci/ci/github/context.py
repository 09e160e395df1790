"""Why a command runs, as GitHub Actions tells it."""

from collections.abc import Mapping

from mlci.ci.credentials import Settings, header_for
from mlci.ci.documents import count, look, text
from mlci.core.context import RunContext, Trigger
from mlci.core.strictjson import JsonValue

PROVIDER = "github"
# The first is one of a person or an App, for whose pushes GitHub starts runs as for anybody's.
PUSH_TOKENS = ("MLCI_GITHUB_TOKEN", "GITHUB_TOKEN")


def detected(environment: Mapping[str, str]) -> bool:
    """Whether this process runs in GitHub Actions."""
    return environment.get("GITHUB_ACTIONS") == "true"


def context_from(environment: Mapping[str, str], event: JsonValue) -> RunContext | None:
    """The context of a run, from its variables and its event document; None outside of Actions."""
    if not detected(environment):
        return None
    name = environment.get("GITHUB_EVENT_NAME", "")
    if name in ("pull_request", "pull_request_target"):
        return _pull_request(environment, event)
    if name == "merge_group":
        return _merge_group(environment, event)
    if name == "workflow_run" and text(event, "workflow_run", "event") == "pull_request":
        return _after_pull_request(environment, event)
    return _push(environment, event)


def git_settings(environment: Mapping[str, str]) -> Settings:
    """What Git needs to use the step's token; nothing where the step has none."""
    server = environment.get("GITHUB_SERVER_URL")
    token = next(filter(None, map(environment.get, PUSH_TOKENS)), None)
    return header_for(server, "x-access-token", token) if server and token else ()


def after_push(environment: Mapping[str, str]) -> str:
    """What is left to do after this step pushed to a branch; empty when nothing is."""
    if environment.get(PUSH_TOKENS[0]):
        return ""
    return (
        "GitHub starts no run for what GITHUB_TOKEN pushes, so the required check waits: close the pull"
        " request and open it again, or push another commit. It starts one by itself where the secret"
        " MLCI_GITHUB_TOKEN holds a token of a person or an App with `contents: write`"
    )


def _pull_request(environment: Mapping[str, str], event: JsonValue) -> RunContext:
    head = text(event, "pull_request", "head", "repo", "full_name")
    return RunContext(
        trigger=Trigger.PULL_REQUEST,
        provider=PROVIDER,
        # GITHUB_SHA is a merge commit that nobody wrote and that will never be on main.
        head=text(event, "pull_request", "head", "sha"),
        base_tip=text(event, "pull_request", "base", "sha"),
        pull_request=count(event, "pull_request", "number"),
        branch=text(event, "pull_request", "head", "ref"),
        same_repository=head is not None and head == _repository(environment, event),
        actor=environment.get("GITHUB_ACTOR"),
        run_url=_run_url(environment),
    )


def _merge_group(environment: Mapping[str, str], event: JsonValue) -> RunContext:
    return RunContext(
        trigger=Trigger.PULL_REQUEST,
        provider=PROVIDER,
        head=text(event, "merge_group", "head_sha"),
        base_tip=text(event, "merge_group", "base_sha"),
        actor=environment.get("GITHUB_ACTOR"),
        run_url=_run_url(environment),
    )


def _after_pull_request(environment: Mapping[str, str], event: JsonValue) -> RunContext:
    """A run on main's code after a pull request's own. Its number is looked up from the commit.

    The event's list of pull requests is empty for forks, and an artifact's word is a stranger's.
    """
    head = text(event, "workflow_run", "head_repository", "full_name")
    return RunContext(
        trigger=Trigger.PULL_REQUEST,
        provider=PROVIDER,
        head=text(event, "workflow_run", "head_sha"),
        same_repository=head is not None and head == _repository(environment, event),
        source_branch=_source_branch(event),
        conclusion=text(event, "workflow_run", "conclusion") or "unknown",
        actor=text(event, "workflow_run", "actor", "login"),
        run_url=text(event, "workflow_run", "html_url") or _run_url(environment),
    )


def _source_branch(event: JsonValue) -> str | None:
    owner = text(event, "workflow_run", "head_repository", "owner", "login")
    branch = text(event, "workflow_run", "head_branch")
    return f"{owner}:{branch}" if owner and branch else None


def _push(environment: Mapping[str, str], event: JsonValue) -> RunContext:
    tag = text(event, "inputs", "tag")
    if tag is None and environment.get("GITHUB_REF_TYPE") == "tag":
        tag = environment.get("GITHUB_REF_NAME")
    return RunContext(
        trigger=Trigger.TAG if tag else Trigger.MAIN,
        provider=PROVIDER,
        head=environment.get("GITHUB_SHA"),
        tag=tag,
        actor=environment.get("GITHUB_ACTOR"),
        run_url=_run_url(environment),
    )


def _repository(environment: Mapping[str, str], event: JsonValue) -> str | None:
    named = environment.get("GITHUB_REPOSITORY")
    return named or text(look(event, "repository"), "full_name")


def _run_url(environment: Mapping[str, str]) -> str | None:
    names = ("GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_RUN_ID")
    server, repository, run = (environment.get(name) for name in names)
    return f"{server}/{repository}/actions/runs/{run}" if server and repository and run else None
