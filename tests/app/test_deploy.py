import os

import pytest
from msgspec.structs import replace

from mlci.adapters.process import ProcessRunner
from mlci.app.audit import audit
from mlci.app.deploy import deploy, target_of
from mlci.core.config import Environment
from mlci.errors import RefusedError, UsageError
from tests.support.fakes import FakeProgress
from tests.support.registry import CONFIG, CONTEXT, begun
from tests.support.repository import repository

COMMAND = 'echo "{model} {version} $MLCI_COMMIT" >> deployed.txt; test ! -e broken'


@pytest.fixture
def desk(tmp_path):
    staging = Environment(name="staging", follows="new", deploy=COMMAND)
    config = replace(CONFIG, environments={**CONFIG.environments, "staging": staging})
    desk = begun(repository(tmp_path / "work"), config=config).merge(b"one")
    desk.register()
    desk.reconcile()
    return desk


def run(desk, environment="staging", progress=None, **options):
    root = desk.story.path
    runner = ProcessRunner(os.environ)
    return deploy(
        desk.ledger,
        desk.config,
        "",
        root,
        runner,
        progress or FakeProgress(),
        CONTEXT,
        environment=environment,
        **options,
    )


def deployed(desk):
    path = desk.story.path / "deployed.txt"
    return path.read_text().splitlines() if path.exists() else []


def test_a_version_is_deployed_once(desk):
    (first,) = run(desk)
    assert (first.ok, first.code) == (True, 0)
    (second,) = run(desk)
    assert (second.command, second.message) == ("", "income v0.1.0 is deployed in staging")
    assert deployed(desk) == [f"income v0.1.0 {desk.story.head}"]


def test_a_failure_is_written_down_and_tried_again(desk):
    (desk.story.path / "broken").touch()
    assert [each.ok for each in run(desk)] == [False]
    (desk.story.path / "broken").unlink()
    assert [each.ok for each in run(desk)] == [True]
    told = [each.happened.sentence for each in audit(desk.git, "income").steps]
    assert told[-2:] == ["The deployment failed", "The deployment succeeded"]


def test_what_needs_a_deployment_waits_for_it(desk):
    desk.merge(prod="income: v0.1.0\n")
    assert [each.id for each in desk.reconcile().refusals] == ["environment-needs"]
    run(desk)
    assert [each.tag for each in desk.reconcile().written] == ["income#prod#2"]


def test_a_failure_is_told_with_its_exit_code_and_never_as_done(desk):
    (desk.story.path / "broken").touch()
    progress = FakeProgress()
    (ended,) = run(desk, progress=progress)
    assert ended.line == "income v0.1.0 in staging: failed with exit code 1"
    assert progress.lines[-1] == "failed with exit code 1"


def test_an_assignment_that_was_made_by_hand_is_not_deployed(desk):
    desk.story.git("tag", "--annotate", "--message", "hand made", "income#staging#9")
    desk.story.git("push", "--quiet", "origin", "income#staging#9")
    with pytest.raises(RefusedError) as caught:
        run(desk)
    assert (caught.value.id, deployed(desk)) == ("assignment-not-in-journal", [])
    assert "':refs/tags/income#staging#9'" in caught.value.help
    desk.story.git("push", "--quiet", "origin", ":refs/tags/income#staging#9")
    assert [each.ok for each in run(desk)] == [True]


def test_a_tag_that_is_not_there_deploys_nothing(desk):
    with pytest.raises(UsageError) as caught:
        run(desk, tag="refs/tags/income#staging#77", model="income")
    assert (caught.value.id, deployed(desk)) == ("tag-unusable", [])
    assert [each.ok for each in run(desk, tag="refs/tags/income#staging#1", model="income")] == [True]


def test_who_is_on_main_but_did_not_push_is_told_to(desk):
    desk.story.commit({"note.txt": "mine\n"})
    with pytest.raises(RefusedError) as caught:
        run(desk)
    assert caught.value.help.startswith("git push origin main;")


def test_a_dry_run_runs_nothing(desk):
    (planned,) = run(desk, run=False)
    assert planned.command == 'echo "income v0.1.0 $MLCI_COMMIT" >> deployed.txt; test ! -e broken'
    assert deployed(desk) == []


def test_an_environment_without_a_command_or_a_version_has_nothing_to_do(desk):
    assert run(desk, "prod") == ()
    run(desk)
    desk.merge(prod="income: v0.1.0\n").reconcile()
    assert [each.message for each in run(desk, "prod")] == ["prod declares no deploy command"]


def test_a_tag_says_what_to_deploy():
    assert target_of("refs/tags/a=income#prod#7") == ("prod", "a:income")
    for text in ("income@v1.0.0", "income#prod!#7", "$(touch x)", ""):
        with pytest.raises(UsageError):
            target_of(text)


def test_the_configuration_of_a_branch_deploys_nothing(desk):
    desk.story.branch("other").commit({"mlci.yaml": "version: 1\n# another command\n"})
    with pytest.raises(RefusedError) as caught:
        run(desk)
    assert (caught.value.id, deployed(desk)) == ("not-on-main", [])
    assert caught.value.help.startswith("git switch main;")
    assert run(desk, run=False)[0].ok


@pytest.mark.parametrize(("secrets", "seen"), [((), "- - -"), (("GITHUB_TOKEN",), "mine - -")])
def test_a_deploy_command_gets_no_token_of_ours(desk, monkeypatch, secrets, seen):
    for name in ("GITHUB_TOKEN", "MLCI_GITHUB_TOKEN", "MLCI_GITLAB_TOKEN"):
        monkeypatch.setenv(name, "mine")
    shown = "echo ${GITHUB_TOKEN:--} ${MLCI_GITHUB_TOKEN:--} ${MLCI_GITLAB_TOKEN:--} > deployed.txt"
    staging = replace(desk.config.environments["staging"], deploy=shown)
    environments = {**desk.config.environments, "staging": staging}
    ci = replace(desk.config.ci, secrets=secrets)
    desk.config = replace(desk.config, environments=environments, ci=ci)
    run(desk)
    assert deployed(desk) == [seen]
