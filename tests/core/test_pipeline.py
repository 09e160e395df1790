import pytest

from mlci.core.config import Ci, Config, Environment, StageSettings
from mlci.core.context import Trigger
from mlci.core.pipeline import Access, Condition, pipeline_of
from mlci.errors import ConfigError

ENVIRONMENTS = {
    "staging": Environment(name="staging", follows="new", deploy="make deploy"),
    "prod": Environment(name="prod", needs="staging"),
}


def pipeline(prefix="", environments=ENVIRONMENTS, project="credit", python=None, **ci):
    config = Config(project=project, python=python, environments=environments, ci=Ci(**ci))
    return pipeline_of(config, prefix, version="1.2.3")


def jobs(built, trigger):
    (workflow,) = [each for each in built.workflows if each.trigger is trigger]
    return {job.id: job for job in workflow.jobs}


def commands(job):
    return [" ".join(step.command) for step in job.steps]


def test_a_pull_request_is_run_then_commented_on():
    built = jobs(pipeline(), Trigger.PULL_REQUEST)
    assert commands(built["run"]) == ["sync --check", "run"]
    assert commands(built["promotion"]) == ["promote --check"]
    assert not built["promotion"].user_code
    assert commands(built["comment"]) == ["comment --from-artifact .mlci"]
    assert built["comment"].takes == built["run"].leaves


def test_main_registers_reconciles_and_deploys_what_can_be_deployed():
    built = jobs(pipeline(), Trigger.MAIN)
    assert list(built) == ["run", "register", "reconcile", "deploy-staging"]
    assert commands(built["deploy-staging"]) == ["deploy staging"]
    assert built["deploy-staging"].environment == "staging"


def test_a_tag_deploys_to_the_environment_it_names():
    built = jobs(pipeline(), Trigger.TAG)
    assert commands(built["deploy-staging"]) == ["deploy --tag MLCI_TAG"]
    assert built["deploy-staging"].tag_part == "#staging#"


def test_without_anything_to_deploy_tags_start_nothing():
    triggers = [each.trigger for each in pipeline(environments={}).workflows]
    assert triggers == [Trigger.PULL_REQUEST, Trigger.MAIN]


def test_a_rollback_does_not_wait_for_green_gates():
    assert jobs(pipeline(), Trigger.MAIN)["reconcile"].condition is Condition.ENDED


def test_a_job_with_the_projects_own_code_never_may_comment_and_writes_only_to_deploy():
    for workflow in pipeline().workflows:
        for job in workflow.jobs:
            if job.user_code and not job.environment:
                assert not job.access
                assert not any(step.token for step in job.steps)
            assert not (job.user_code and Access.COMMENT in job.access)


def test_two_projects_of_one_repository_do_not_share_environments_or_queues():
    one, other = (
        jobs(pipeline(prefix, project=name), Trigger.MAIN)["deploy-staging"]
        for prefix, name in [("services/a", "a"), ("services/b", "b")]
    )
    assert one.environment == "services/a/staging"
    assert {one.environment, one.queue}.isdisjoint({other.environment, other.queue})


def test_mlci_is_pinned_to_the_version_that_wrote_the_files_unless_told_otherwise():
    assert pipeline().installation.mlci == ("mlci==1.2.3",)
    assert pipeline(mlci="mlci==2.0 dvc-s3==3.2").installation.mlci == ("mlci==2.0", "dvc-s3==3.2")


@pytest.mark.parametrize(
    ("python", "venv"),
    [
        (None, ".venv"),
        ("env/bin/python3", "env"),
        ("/opt/py/bin/python", None),
        ("python3", None),
        ("../x/bin/python", None),
    ],
)
def test_the_environment_that_python_names_is_made_before_it_is_filled(python, venv):
    assert pipeline(python=python, install="pip install x").installation.venv == venv


def test_the_one_job_runs_where_the_stages_ask_to_run():
    gpu = StageSettings(runner=("self-hosted", "gpu"), timeout=7200)
    run = jobs(pipeline(stages={"train": gpu}), Trigger.PULL_REQUEST)["run"]
    assert (run.runner, run.timeout) == (("self-hosted", "gpu"), 7200)


def test_stages_that_ask_for_different_runners_are_refused():
    stages = {"a": StageSettings(runner=("gpu",)), "b": StageSettings(runner=("cpu",))}
    with pytest.raises(ConfigError, match="different runners"):
        pipeline(stages=stages)


@pytest.mark.parametrize(
    "given",
    [
        {"project": "a\nb"},
        {"project": "${{ x }}"},
        {"branch": "release/*"},
        {"branch": 'a";touch${IFS}PWN;"'},
        {"prefix": "ser vices"},
        {"secrets": ("A-B",)},
        {"install": "echo ${{ secrets.TOKEN }}"},
        {"mlci": "mlci==${{ github.event.pull_request.title }}"},
        {"python": "${{ secrets.TOKEN }}/bin/python"},
        {"stages": {"a": StageSettings(runner=("x]",))}},
        {"environments": {"-p": Environment(name="-p")}},
    ],
)
def test_names_that_would_mean_more_than_a_name_are_refused(given):
    with pytest.raises(ConfigError):
        pipeline(**given)
