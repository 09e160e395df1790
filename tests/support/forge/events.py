"""What a forge tells a run about why it runs: GitHub's documents and GitLab's variables."""

from typing import Any

from tests.support.forge.state import Project, Pull


def pull_request(pull: Pull, action: str = "synchronize") -> dict[str, Any]:
    """GitHub's document for a pull request that was opened or pushed to."""
    return {
        "action": action,
        "number": pull.number,
        "pull_request": {
            "number": pull.number,
            "title": pull.title,
            "head": _side(pull.source, pull.branch, pull.head),
            "base": _side(pull.target, pull.base, pull.base_tip),
        },
        "repository": repository(pull.target),
        "sender": {"login": "ana"},
    }


def push(project: Project, ref: str) -> dict[str, Any]:
    """GitHub's document for a branch or tag that was pushed."""
    commit = project.sha(ref)
    return {
        "ref": ref,
        "before": "0" * 40,
        "after": commit,
        "deleted": False,
        "head_commit": {"id": commit},
        "repository": repository(project),
        "sender": {"login": "ana"},
    }


def dispatch(project: Project, inputs: dict[str, str]) -> dict[str, Any]:
    """GitHub's document for a workflow that was started by hand."""
    return {
        "ref": f"refs/heads/{project.default_branch}",
        "inputs": inputs,
        "repository": repository(project),
        "sender": {"login": "ana"},
    }


def workflow_run(pull: Pull, run_id: int, conclusion: str) -> dict[str, Any]:
    """GitHub's document for the end of a pull request's run; for a fork it names no pull request."""
    return {
        "action": "completed",
        "workflow_run": {
            "id": run_id,
            "event": "pull_request",
            "conclusion": conclusion,
            "head_sha": pull.head,
            "head_branch": pull.branch,
            "head_repository": repository(pull.source),
            "pull_requests": [],
            "actor": {"login": "ana"},
        },
        "repository": repository(pull.target),
        "sender": {"login": "ana"},
    }


def repository(project: Project) -> dict[str, Any]:
    """GitHub's short description of a repository."""
    return {
        "full_name": project.name,
        "name": project.name.partition("/")[2],
        "owner": {"login": project.name.partition("/")[0]},
        "default_branch": project.default_branch,
    }


def merge_request_variables(pull: Pull) -> dict[str, str]:
    """GitLab's variables for a merge request's pipeline."""
    return {
        "CI_PIPELINE_SOURCE": "merge_request_event",
        "CI_MERGE_REQUEST_IID": str(pull.number),
        "CI_MERGE_REQUEST_PROJECT_ID": str(pull.target.id),
        "CI_MERGE_REQUEST_SOURCE_PROJECT_ID": str(pull.source.id),
        "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": pull.branch,
        "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": pull.base,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": pull.target.git("merge-base", pull.base_tip, pull.head),
        "CI_MERGE_REQUEST_TITLE": pull.title,
        "CI_COMMIT_SHA": pull.head,
    }


def _side(project: Project, branch: str, commit: str) -> dict[str, Any]:
    return {"ref": branch, "sha": commit, "repo": repository(project)}
