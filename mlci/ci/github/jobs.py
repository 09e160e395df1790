"""Jobs and their steps, as GitHub Actions writes them."""

import math
from collections.abc import Iterator, Mapping

from mlci.ci import shell
from mlci.ci.github.actions import CHECKOUT, DOWNLOAD_ARTIFACT, SETUP_UV, UPLOAD_ARTIFACT
from mlci.ci.github.context import PUSH_TOKENS
from mlci.ci.yamltext import Noted, Value
from mlci.core.context import Trigger
from mlci.core.pipeline import EVIDENCE, MINUTE, Access, Condition, Job, Pipeline, Step, Workflow

SAME_REPOSITORY = "github.event.pull_request.head.repo.full_name == github.repository"
TAG = "inputs.tag || github.ref_name"

_RUNNER = "ubuntu-24.04"
_KEPT_DAYS = 30
_AFTER_A_FORK = (
    "github.event.workflow_run.event == 'pull_request'"
    " && github.event.workflow_run.conclusion != 'cancelled'"
    " && github.event.workflow_run.head_repository.full_name != github.repository"
)
_PERMISSIONS: Mapping[Access, Mapping[str, Value]] = {
    Access.COMMENT: {"pull-requests": Noted("write", "creates or updates mlci's one comment")},
    Access.READ_PULL_REQUESTS: {"pull-requests": Noted("read", "finds the pull request of a merged commit")},
    Access.WRITE_BRANCH: {"contents": Noted("write", "commits dvc.lock to the pull request's branch")},
    Access.WRITE_TAGS: {"contents": Noted("write", "pushes tags and the journal of the registry")},
}
_VARIABLES: Mapping[str, str] = {"MLCI_TAG": f"${{{{ {TAG} }}}}"}


def job_of(pipeline: Pipeline, workflow: Workflow, job: Job) -> Mapping[str, Value]:
    """One job of the pipeline."""
    return {
        "name": job.title,
        **_condition(pipeline, workflow, job),
        **({"needs": list(job.needs)} if job.needs else {}),
        "runs-on": list(job.runner) or _RUNNER,
        "timeout-minutes": _minutes(job.timeout),
        **({"environment": job.environment} if job.environment else {}),
        **({"concurrency": {"group": job.queue, "cancel-in-progress": False}} if job.queue else {}),
        "permissions": _permissions(job),
        "defaults": _defaults(pipeline),
        "steps": list(_steps(pipeline, workflow, job)),
    }


def required_job(pipeline: Pipeline, workflow: Workflow) -> Mapping[str, Value]:
    """The one check that branch protection asks for: red unless each job it needs was green."""
    good = " ".join("success" for _ in workflow.required)
    return {
        "name": pipeline.check,
        "if": "always()",
        "needs": list(workflow.required),
        "runs-on": _RUNNER,
        "timeout-minutes": 5,
        "permissions": {},
        "steps": [
            {
                "name": "Every needed job is green",
                "env": {"RESULTS": "${{ join(needs.*.result, ' ') }}"},
                "run": (
                    f'echo "Needed jobs ended as: $RESULTS (skipped: a maintainer must run this)"\n'
                    f'test "$RESULTS" = "{good}"\n'
                ),
            }
        ],
    }


def poster_job(pipeline: Pipeline, comment: Job) -> Mapping[str, Value]:
    """The comment on a fork's pull request: the default branch's code reads the fork's evidence as data."""
    return {
        "name": comment.title,
        "if": _AFTER_A_FORK,
        "runs-on": _RUNNER,
        "timeout-minutes": _minutes(comment.timeout),
        "permissions": {
            "actions": Noted("read", "downloads the evidence of the pull request's run"),
            **_permissions(comment),
        },
        "defaults": _defaults(pipeline),
        "steps": [
            _checkout(head=False),
            *_install(pipeline, cache=False),
            _download(
                pipeline,
                comment,
                {"run-id": "${{ github.event.workflow_run.id }}", "github-token": "${{ github.token }}"},
            ),
            *(_step(pipeline, each) for each in comment.steps),
        ],
    }


def _condition(pipeline: Pipeline, workflow: Workflow, job: Job) -> Mapping[str, Value]:
    parts = []
    before = [each for each in workflow.jobs if each.id in job.needs]
    if job.condition is Condition.ENDED:
        parts.append("!cancelled()")
    elif any(each.condition is Condition.ENDED for each in before):
        # An implied success() would also look at what those jobs went on in spite of.
        parts += ["!cancelled()", *(f"needs.{name}.result == 'success'" for name in job.needs)]
    if workflow.trigger is Trigger.MAIN and Access.WRITE_TAGS in job.access:
        # The workflow can be started by hand on any branch; only what was merged may write.
        parts.append(f"github.ref == 'refs/heads/{pipeline.branch}'")
    if job.tag_part:
        parts.append(f"contains({TAG}, '{job.tag_part}')")
    if {Access.COMMENT, Access.WRITE_BRANCH} & {*job.access}:
        # A fork's token may not write (its poster will comment), and a merge queue has no pull request.
        parts += ["github.event_name == 'pull_request'", SAME_REPOSITORY]
    elif job.runner and workflow.trigger is Trigger.PULL_REQUEST:
        # A stranger's code does not run on machines of the project's own.
        parts.append(f"(github.event_name != 'pull_request' || {SAME_REPOSITORY})")
    return {"if": f"${{{{ {' && '.join(parts)} }}}}"} if parts else {}


def _permissions(job: Job) -> Mapping[str, Value]:
    granted: dict[str, Value] = {"contents": "read"}
    for access in job.access:
        granted.update(_PERMISSIONS[access])
    return granted


def _defaults(pipeline: Pipeline) -> Mapping[str, Value]:
    place = {"working-directory": pipeline.prefix} if pipeline.prefix else {}
    return {"run": {"shell": "bash", **place}}


def _steps(pipeline: Pipeline, workflow: Workflow, job: Job) -> Iterator[Value]:
    yield _checkout(head=workflow.trigger is Trigger.PULL_REQUEST)
    # A cache that pull requests share never reaches a job that holds a token.
    yield from _install(pipeline, cache=workflow.trigger is Trigger.PULL_REQUEST and job.user_code)
    project = shell.install_project(pipeline.installation) if job.user_code else None
    if project:
        secrets = _secrets(pipeline)
        yield {
            "name": "Install the project's environment",
            **({"env": secrets} if secrets else {}),
            "run": project,
        }
    if job.takes:
        yield _download(pipeline, job, {})
    for step in job.steps:
        yield _step(pipeline, step)
    if job.leaves:
        yield _upload(pipeline, job.leaves)


def _checkout(*, head: bool) -> Mapping[str, Value]:
    ref = {"ref": "${{ github.event.pull_request.head.sha || github.sha }}"} if head else {}
    return {
        "name": "Check out",
        "uses": CHECKOUT.uses,
        "with": {**ref, "fetch-depth": 0, "persist-credentials": False},
    }


def _install(pipeline: Pipeline, *, cache: bool) -> Iterator[Value]:
    yield {
        "name": "Install uv",
        "uses": SETUP_UV.uses,
        "with": {"version": shell.UV, "enable-cache": cache},
    }
    yield {"name": "Install mlci", "run": shell.install_mlci(pipeline.installation)}


def _step(pipeline: Pipeline, step: Step) -> Mapping[str, Value]:
    environment: dict[str, Value] = {value.value: _VARIABLES[value.value] for value in shell.values(step)}
    if step.token:
        environment["GITHUB_TOKEN"] = "${{ github.token }}"
    if step.pushes:
        environment[PUSH_TOKENS[0]] = f"${{{{ secrets.{PUSH_TOKENS[0]} }}}}"
    if step.secrets:
        environment.update(_secrets(pipeline))
    return {
        "name": step.title,
        **({"env": environment} if environment else {}),
        "run": shell.command(step),
    }


def _secrets(pipeline: Pipeline) -> Mapping[str, Value]:
    return {name: f"${{{{ secrets.{name} }}}}" for name in pipeline.secrets}


def _upload(pipeline: Pipeline, name: str) -> Mapping[str, Value]:
    return {
        "name": "Keep the evidence",
        "if": "${{ !cancelled() }}",
        "uses": UPLOAD_ARTIFACT.uses,
        "with": {
            "name": name,
            "path": _evidence(pipeline),
            "include-hidden-files": True,
            "if-no-files-found": "warn",
            "overwrite": True,
            "retention-days": _KEPT_DAYS,
        },
    }


def _download(pipeline: Pipeline, job: Job, more: Mapping[str, Value]) -> Mapping[str, Value]:
    return {
        "name": "Fetch the evidence",
        "uses": DOWNLOAD_ARTIFACT.uses,
        "with": {"name": job.takes, "path": _evidence(pipeline), **more},
    }


def _evidence(pipeline: Pipeline) -> str:
    return f"{pipeline.prefix}/{EVIDENCE}" if pipeline.prefix else EVIDENCE


def _minutes(seconds: float) -> int:
    return max(1, math.ceil(seconds / MINUTE))
