"""A project's pipeline as GitHub Actions workflows."""

import re
from collections.abc import Iterator, Mapping

from mlci.ci.github.jobs import TAG, job_of, poster_job, required_job
from mlci.ci.header import header
from mlci.ci.yamltext import Noted, Spaced, Value, dump
from mlci.core.context import Trigger
from mlci.core.pipeline import ASSIGNMENT_TAGS, VERSION_TAGS, Access, Pipeline, Workflow

_FOLDER = ".github/workflows"
_OURS = re.compile(re.escape(_FOLDER) + r"/mlci-[a-z0-9-]+\.yml")
_POSTER = "zizmor: ignore[dangerous-triggers] only the default branch's code runs; a fork's evidence is data"


def files(pipeline: Pipeline) -> Mapping[str, bytes]:
    """The workflow files of a project, by path from the top of the repository."""
    return dict(_files(pipeline))


def owns(path: str) -> bool:
    """Whether a path is one that `files` could give, for some project."""
    return _OURS.fullmatch(path) is not None


def _files(pipeline: Pipeline) -> Iterator[tuple[str, bytes]]:
    for workflow in pipeline.workflows:
        yield _file(pipeline, workflow.trigger.value.replace("_", "-"), _workflow(pipeline, workflow))
        if workflow.trigger is Trigger.PULL_REQUEST:
            yield _file(pipeline, "comment", _poster(pipeline, workflow))


def _file(pipeline: Pipeline, word: str, document: Mapping[str, Value]) -> tuple[str, bytes]:
    return f"{_FOLDER}/mlci-{pipeline.slug}-{word}.yml", dump(document, header=header(pipeline))


def _workflow(pipeline: Pipeline, workflow: Workflow) -> Mapping[str, Value]:
    jobs: dict[str, Value] = {each.id: job_of(pipeline, workflow, each) for each in workflow.jobs}
    if workflow.required:
        jobs["mlci"] = required_job(pipeline, workflow)
    return {
        "name": _name(pipeline, workflow),
        "on": _triggers(pipeline, workflow),
        "permissions": {},
        "concurrency": _concurrency(pipeline, workflow),
        "env": {"DVC_NO_ANALYTICS": "1"},
        "jobs": Spaced(jobs),
    }


def _poster(pipeline: Pipeline, workflow: Workflow) -> Mapping[str, Value]:
    (comment,) = (each for each in workflow.jobs if Access.COMMENT in each.access)
    return {
        "name": f"mlci ({pipeline.project}) comment for forks",
        "on": Noted(
            {"workflow_run": {"workflows": [_name(pipeline, workflow)], "types": ["completed"]}}, _POSTER
        ),
        "permissions": {},
        "concurrency": {
            "group": f"mlci-{pipeline.slug}-comment-${{{{ github.event.workflow_run.head_sha }}}}",
            "cancel-in-progress": False,
        },
        "jobs": {comment.id: poster_job(pipeline, comment)},
    }


def _name(pipeline: Pipeline, workflow: Workflow) -> str:
    return f"mlci ({pipeline.project}) {workflow.trigger.value.replace('_', ' ')}"


def _triggers(pipeline: Pipeline, workflow: Workflow) -> Mapping[str, Value]:
    match workflow.trigger:
        case Trigger.PULL_REQUEST:
            return {"pull_request": {"branches": [pipeline.branch]}, "merge_group": None}
        case Trigger.TAG:
            tag: Mapping[str, Value] = {
                "description": "The tag to deploy",
                "required": True,
                "type": "string",
            }
            return {
                "push": {"tags": [VERSION_TAGS, ASSIGNMENT_TAGS]},
                "workflow_dispatch": {"inputs": {"tag": tag}},
            }
        case _:
            return {"push": {"branches": [pipeline.branch]}, "workflow_dispatch": None}


def _concurrency(pipeline: Pipeline, workflow: Workflow) -> Mapping[str, Value]:
    turns = {
        Trigger.PULL_REQUEST: "-${{ github.event.pull_request.number || github.ref }}",
        Trigger.TAG: f"-${{{{ {TAG} }}}}",
    }
    word = workflow.trigger.value.replace("_", "-")
    return {
        "group": f"mlci-{pipeline.slug}-{word}{turns.get(workflow.trigger, '')}",
        "cancel-in-progress": workflow.replaceable,
    }
