"""What CI does for a project, before any provider's words for it: workflows of jobs of steps."""

import re
from enum import StrEnum

from msgspec import Struct

from mlci.core.config import Config, Environment, LockAuthor
from mlci.core.context import Trigger
from mlci.errors import ConfigError

# Where `mlci run` leaves evidence and reports, and where a later job finds them again.
EVIDENCE = ".mlci"
VERSION_TAGS = "**@v*"
ASSIGNMENT_TAGS = "**#*"

MINUTE = 60.0
_SHORT = 15 * MINUTE
_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._/-]*[A-Za-z0-9])?")
_SECRET = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Access(StrEnum):
    """What a job may do to the repository beyond reading it."""

    COMMENT = "comment"
    READ_PULL_REQUESTS = "read_pull_requests"
    WRITE_TAGS = "write_tags"
    WRITE_BRANCH = "write_branch"


class Condition(StrEnum):
    """When a job whose needs have ended goes on."""

    SUCCESS = "success"
    ENDED = "ended"


class Value(StrEnum):
    """What only the provider knows: the word of a command that stands for it, named as its variable."""

    TAG = "MLCI_TAG"


class Step(Struct, frozen=True, kw_only=True):
    """One `mlci` command. `token` gives it the job's access to the forge; `secrets` the data's.

    `pushes` also gives it the token that was put there for pushes that start runs.
    """

    title: str
    command: tuple[str | Value, ...]
    token: bool = False
    secrets: bool = False
    pushes: bool = False


class Job(Struct, frozen=True, kw_only=True):
    """Steps on one machine. `user_code` says that the project's own environment is installed there.

    `leaves` and `takes` name the artifact that holds `.mlci/`; `tag_part` limits a job of the tag
    workflow to tags that hold this text; jobs of the same `queue` take turns.
    """

    id: str
    title: str
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()
    condition: Condition = Condition.SUCCESS
    access: tuple[Access, ...] = ()
    user_code: bool = False
    runner: tuple[str, ...] = ()
    timeout: float = _SHORT
    leaves: str | None = None
    takes: str | None = None
    environment: str | None = None
    queue: str | None = None
    tag_part: str | None = None


class Workflow(Struct, frozen=True, kw_only=True):
    """What happens on one trigger. A newer run replaces an older one only where `replaceable`."""

    trigger: Trigger
    jobs: tuple[Job, ...]
    replaceable: bool = False
    required: tuple[str, ...] = ()


class Installation(Struct, frozen=True, kw_only=True):
    """What is installed on a runner: mlci apart from the project's own environment.

    `mlci` is its requirement and those that go with it; `venv` is made before `project` (a shell
    command of the user's) runs inside it.
    """

    mlci: tuple[str, ...]
    project: str | None = None
    venv: str | None = None


class Pipeline(Struct, frozen=True, kw_only=True):
    """All of a project's CI. `slug` names its files, `check` its required check."""

    project: str
    slug: str
    prefix: str
    branch: str
    workflows: tuple[Workflow, ...]
    installation: Installation
    secrets: tuple[str, ...] = ()

    @property
    def check(self) -> str:
        """The name of the one check that a branch protection asks for."""
        return f"mlci ({self.project})"


def pipeline_of(config: Config, prefix: str, *, version: str) -> Pipeline:
    """The CI of a project at `prefix` (empty at the root), for this version of mlci."""
    _refuse_unusable_names(config, prefix)
    slug = re.sub(r"[^a-z0-9]+", "-", config.project.lower()).strip("-")
    deployed = tuple(each for each in config.environments.values() if each.deploy)
    workflows = [_pull_request(config, slug), _main(config, slug, prefix, deployed)]
    if deployed:
        workflows.append(_tag(slug, prefix, deployed))
    return Pipeline(
        project=config.project,
        slug=slug,
        prefix=prefix,
        branch=config.ci.branch,
        workflows=tuple(workflows),
        installation=_installation(config, version),
        secrets=config.ci.secrets,
    )


def _pull_request(config: Config, slug: str) -> Workflow:
    run = _run(
        config,
        slug,
        Step(title="CI files are what mlci.yaml asks for", command=("sync", "--check")),
    )
    # The registry is on the remote, which a private repository shows to a token only: no user code here.
    promotion = Job(
        id="promotion",
        title="Asked promotions are allowed",
        steps=(Step(title="Check the environments' files", command=("promote", "--check"), token=True),),
    )
    comment = Job(
        id="comment",
        title="Comment on the pull request",
        needs=(run.id,),
        condition=Condition.ENDED,
        access=(Access.COMMENT,),
        takes=run.leaves,
        steps=(Step(title="Comment", command=("comment", "--from-artifact", EVIDENCE), token=True),),
    )
    # After the comment, which is for the commit that was tested: the lock makes another one the head.
    lock = Job(
        id="lock",
        title="Commit dvc.lock",
        needs=(run.id, comment.id),
        condition=Condition.ENDED,
        access=(Access.WRITE_BRANCH,),
        takes=run.leaves,
        steps=(
            Step(
                title="Commit dvc.lock",
                command=("lock", "apply", "--from-artifact", EVIDENCE, "--push"),
                token=True,
                pushes=True,
            ),
        ),
    )
    return Workflow(
        trigger=Trigger.PULL_REQUEST,
        jobs=(run, promotion, comment, *((lock,) if config.ci.lock is LockAuthor.CI else ())),
        replaceable=True,
        required=(run.id, promotion.id),
    )


def _main(config: Config, slug: str, prefix: str, deployed: tuple[Environment, ...]) -> Workflow:
    run = _run(config, slug)
    register = Job(
        id="register",
        title="Register versions",
        needs=(run.id,),
        access=(Access.WRITE_TAGS, Access.READ_PULL_REQUESTS),
        takes=run.leaves,
        steps=(
            Step(
                title="Register",
                command=("register", "--from-artifact", EVIDENCE),
                token=True,
                secrets=True,
            ),
        ),
    )
    # A merged promotion or rollback is carried out even where today's gates are red.
    reconcile = Job(
        id="reconcile",
        title="Reconcile environments",
        needs=(register.id,),
        condition=Condition.ENDED,
        access=(Access.WRITE_TAGS,),
        steps=(_reconcile(),),
    )
    deploys = tuple(
        _deploy(each, slug, prefix, ("deploy", each.name), needs=(reconcile.id,)) for each in deployed
    )
    return Workflow(trigger=Trigger.MAIN, jobs=(run, register, reconcile, *deploys))


def _tag(slug: str, prefix: str, deployed: tuple[Environment, ...]) -> Workflow:
    reconcile = Job(
        id="reconcile",
        title="Reconcile environments",
        access=(Access.WRITE_TAGS,),
        tag_part="@v",
        steps=(_reconcile(),),
    )
    deploys = tuple(
        _deploy(each, slug, prefix, ("deploy", "--tag", Value.TAG), tag_part=f"#{each.name}#")
        for each in deployed
    )
    return Workflow(trigger=Trigger.TAG, jobs=(reconcile, *deploys))


def _run(config: Config, slug: str, *before: Step) -> Job:
    return Job(
        id="run",
        title="Reproduce, test and report",
        user_code=True,
        runner=_runner(config),
        timeout=_run_timeout(config),
        leaves=f"mlci-{slug}",
        steps=(*before, Step(title="Run", command=("run",), secrets=True)),
    )


def _reconcile() -> Step:
    return Step(title="Reconcile", command=("reconcile",), token=True)


def _deploy(
    environment: Environment,
    slug: str,
    prefix: str,
    command: tuple[str | Value, ...],
    *,
    needs: tuple[str, ...] = (),
    tag_part: str | None = None,
) -> Job:
    return Job(
        id=f"deploy-{environment.name}",
        title=f"Deploy to {environment.name}",
        needs=needs,
        access=(Access.WRITE_TAGS,),
        user_code=True,
        timeout=60 * MINUTE,
        environment=f"{prefix}/{environment.name}" if prefix else environment.name,
        queue=f"mlci-{slug}-deploy-{environment.name}",
        tag_part=tag_part,
        steps=(Step(title="Deploy", command=command, token=True, secrets=True),),
    )


def _runner(config: Config) -> tuple[str, ...]:
    """The one machine that all stages can share, as long as one job reproduces them all."""
    wanted = {each.runner for each in config.ci.stages.values() if each.runner}
    if len(wanted) > 1:
        raise ConfigError(
            "stages ask for different runners, but one job reproduces them all",
            id="runners-differ",
            where="ci.stages",
            help="give every stage the same `runner:`",
        )
    return wanted.pop() if wanted else ()


def _run_timeout(config: Config) -> float:
    stages = [each.timeout for each in config.ci.stages.values() if each.timeout]
    return max([config.ci.timeout, sum(stages)])


def _installation(config: Config, version: str) -> Installation:
    python = config.python or ".venv/bin/python"
    venv, found, _ = python.partition("/bin/python")
    inside = bool(found and venv) and not venv.startswith(("/", ".."))
    return Installation(
        mlci=tuple((config.ci.mlci or f"mlci=={version}").split()),
        project=config.ci.install,
        venv=venv if inside and config.ci.install else None,
    )


def _refuse_unusable_names(config: Config, prefix: str) -> None:
    """Names become YAML keys, globs and shell words on two providers: the common safe part is allowed."""
    named = [("project", config.project), ("ci.branch", config.ci.branch)]
    named += [("environments", name) for name in config.environments]
    named += [("the project's directory", prefix)] if prefix else []
    named += [("ci.stages", label) for each in config.ci.stages.values() for label in each.runner]
    for where, name in named:
        if not _NAME.fullmatch(name):
            raise ConfigError(
                f"{name!r} cannot be used in CI files",
                id="name-not-for-ci",
                where=where,
                help="use letters and digits, and `.`, `_`, `-`, `/` between them",
            )
    for name in config.ci.secrets:
        if not _SECRET.fullmatch(name):
            raise ConfigError(
                f"{name!r} is not the name of a secret", id="name-not-for-ci", where="ci.secrets"
            )
    commands = {"ci.install": config.ci.install, "ci.mlci": config.ci.mlci, "python": config.python}
    for where, text in commands.items():
        if "${{" in (text or ""):
            raise ConfigError(
                f"`{where}` may not hold an expression of the CI provider",
                id="expression-in-command",
                where=where,
                help="list secrets in `ci.secrets`; they reach the command as environment variables",
            )
