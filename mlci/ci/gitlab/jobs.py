"""A project's pipeline as GitLab CI jobs, all below one template that a user's file can override."""

import math
import re
from collections.abc import Iterator, Mapping

from mlci.ci import shell
from mlci.ci.header import header
from mlci.ci.yamltext import Value, dump
from mlci.core.context import Trigger
from mlci.core.pipeline import EVIDENCE, MINUTE, Access, Condition, Job, Pipeline, Workflow

IMAGE = "python:3.12-bookworm"
TOKEN = "MLCI_GITLAB_TOKEN"

_OURS = re.compile(r"\.gitlab/mlci-[a-z0-9-]+\.yml")
_MERGE_REQUEST = '$CI_PIPELINE_SOURCE == "merge_request_event"'
_SAME_PROJECT = "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID"
# A merged-results pipeline has checked out a merge commit that nobody wrote.
_TO_HEAD = (
    'if [ -n "${CI_MERGE_REQUEST_SOURCE_BRANCH_SHA:-}" ]; '
    'then git checkout --quiet "$CI_MERGE_REQUEST_SOURCE_BRANCH_SHA"; fi'
)


def files(pipeline: Pipeline) -> Mapping[str, bytes]:
    """The one file of a project, by path from the top of the repository."""
    document: dict[str, Value] = {_template_name(pipeline): _template(pipeline)}
    for workflow in pipeline.workflows:
        for job in workflow.jobs:
            document[_name(pipeline, workflow, job.id)] = _job(pipeline, workflow, job)
    return {path_of(pipeline): dump(document, header=header(pipeline))}


def owns(path: str) -> bool:
    """Whether a path is one that `files` could give, for some project."""
    return _OURS.fullmatch(path) is not None


def path_of(pipeline: Pipeline) -> str:
    """Where a project's jobs stand."""
    return f".gitlab/mlci-{pipeline.slug}.yml"


def _template_name(pipeline: Pipeline) -> str:
    return f".mlci-{pipeline.slug}"


def _name(pipeline: Pipeline, workflow: Workflow, job: str) -> str:
    return f"mlci-{pipeline.slug}-{workflow.trigger.value.replace('_', '-')}-{job}"


def _template(pipeline: Pipeline) -> Mapping[str, Value]:
    return {
        "image": IMAGE,
        "stage": "test",
        "variables": {"DVC_NO_ANALYTICS": "1", "GIT_DEPTH": "0"},
        "before_script": [
            f"pip install --quiet --root-user-action=ignore uv=={shell.UV}",
            'export PATH="$HOME/.local/bin:$PATH"',
            shell.install_mlci(pipeline.installation),
            _TO_HEAD,
            *([f"cd {pipeline.prefix}"] if pipeline.prefix else []),
        ],
    }


def _job(pipeline: Pipeline, workflow: Workflow, job: Job) -> Mapping[str, Value]:
    variables: dict[str, Value] = {
        value.value: "$CI_COMMIT_TAG" for step in job.steps for value in shell.values(step)
    }
    return {
        "extends": _template_name(pipeline),
        **({"tags": list(job.runner)} if job.runner else {}),
        "timeout": f"{max(1, math.ceil(job.timeout / MINUTE))} minutes",
        "interruptible": workflow.replaceable,
        **_turns(pipeline, job),
        **({"environment": {"name": job.environment}} if job.environment else {}),
        "rules": [_rule(pipeline, workflow, job)],
        "needs": [_need(pipeline, workflow, job, each) for each in job.needs],
        **({"variables": variables} if variables else {}),
        "script": list(_script(pipeline, job)),
        **(_artifacts(pipeline, job.leaves) if job.leaves else {}),
    }


def _turns(pipeline: Pipeline, job: Job) -> Mapping[str, Value]:
    registry = f"mlci-{pipeline.slug}-registry" if Access.WRITE_TAGS in job.access else None
    group = job.queue or registry
    return {"resource_group": group} if group else {}


def _rule(pipeline: Pipeline, workflow: Workflow, job: Job) -> Mapping[str, Value]:
    comments = Access.COMMENT in job.access
    when = {"when": "always"} if job.condition is Condition.ENDED else {}
    return {
        "if": " && ".join(_conditions(pipeline, workflow, job)),
        **when,
        # A comment that cannot be made does not change the verdict.
        **({"allow_failure": True} if comments else {}),
    }


def _conditions(pipeline: Pipeline, workflow: Workflow, job: Job) -> Iterator[str]:
    if workflow.trigger is Trigger.PULL_REQUEST:
        yield _MERGE_REQUEST
        # A fork's pipeline has no token, and its code does not run on machines of the project's own.
        if {Access.COMMENT, Access.WRITE_BRANCH} & {*job.access} or job.runner:
            yield _SAME_PROJECT
    elif workflow.trigger is Trigger.TAG:
        part = (job.tag_part or "").replace(".", r"\.").replace("/", r"\/")
        yield f"($CI_COMMIT_TAG =~ /{part}/ || $MLCI_TAG =~ /{part}/)"
    else:
        yield f'$CI_COMMIT_BRANCH == "{pipeline.branch}"'
        yield '$CI_PIPELINE_SOURCE != "merge_request_event"'
        yield "$CI_COMMIT_TAG == null"
        yield "$MLCI_TAG == null"


def _need(pipeline: Pipeline, workflow: Workflow, job: Job, name: str) -> Mapping[str, Value]:
    (needed,) = (each for each in workflow.jobs if each.id == name)
    taken = job.takes is not None and job.takes == needed.leaves
    return {"job": _name(pipeline, workflow, name), "artifacts": taken}


def _script(pipeline: Pipeline, job: Job) -> Iterator[str]:
    if not any(step.token for step in job.steps):
        yield f"unset {TOKEN}"
    project = shell.install_project(pipeline.installation) if job.user_code else None
    if project:
        # In a shell of its own, so that `mlci` stays the one that was installed apart.
        yield f"(\n{project.rstrip()}\n)\n"
    yield from (shell.command(step) for step in job.steps)


def _artifacts(pipeline: Pipeline, name: str) -> Mapping[str, Value]:
    place = f"{pipeline.prefix}/{EVIDENCE}" if pipeline.prefix else EVIDENCE
    return {
        "artifacts": {
            "name": name,
            "paths": [f"{place}/"],
            "when": "always",
            "expire_in": "30 days",
        }
    }
