"""Generated GitLab pipelines, executed by gitlab-ci-local against the loopback forge."""

import pytest

from mlci.core.config import LockAuthor
from tests.e2e.story import Recorded
from tests.support.forge import serving
from tests.support.gitlab_local import GitLab

pytestmark = pytest.mark.e2e


@pytest.fixture
def recorded(tmp_path):
    with serving(tmp_path / "forge") as forge:
        yield Recorded.made(tmp_path, forge, GitLab, providers=("gitlab",))


def test_a_merge_request_is_tested_and_commented_on(recorded):
    pull = recorded.change("better", {"a.txt": "two\n"})
    run = recorded.runner.merge_request(pull)
    assert run.jobs == {"run": "success", "promotion": "success", "comment": "success"}, run.output
    assert run.green
    calls = recorded.calls()
    assert calls[-1] == ("token", pull.head, "comment --from-artifact .mlci")
    assert sorted(calls[:-1]) == [
        ("none", pull.head, "run"),
        ("none", pull.head, "sync --check"),
        ("token", pull.head, "promote --check"),
    ]


def test_a_red_gate_makes_the_pipeline_red_and_is_still_commented_on(recorded):
    run = recorded.runner.merge_request(recorded.change("worse", {"RED": ""}))
    assert run.jobs == {"run": "failure", "promotion": "success", "comment": "success"}, run.output
    assert run.code != 0


def test_a_forks_pipeline_has_no_token_and_does_not_try_to_comment(recorded):
    run = recorded.runner.merge_request(recorded.change("better", {"a.txt": "two\n"}, fork="mallory/credit"))
    assert run.jobs == {"run": "success", "promotion": "success"}, run.output


def test_a_lock_of_cis_is_committed_after_the_comment_and_never_for_a_fork(tmp_path):
    with serving(tmp_path / "forge") as forge:
        recorded = Recorded.made(tmp_path, forge, GitLab, providers=("gitlab",), lock=LockAuthor.CI)
        pull = recorded.change("better", {"a.txt": "two\n"})
        run = recorded.runner.merge_request(pull)
        done = dict.fromkeys(("run", "promotion", "comment", "lock"), "success")
        assert run.jobs == done, run.output
        assert recorded.calls()[-1] == ("token", pull.head, "lock apply --from-artifact .mlci --push")
        fork = recorded.change("other", {"a.txt": "two\n"}, fork="mallory/credit")
        run = recorded.runner.merge_request(fork)
        assert run.jobs == {"run": "success", "promotion": "success"}, run.output


def test_a_merge_registers_reconciles_and_deploys(recorded):
    merged = recorded.runner.project.merge(recorded.change("better", {"a.txt": "two\n"}))
    run = recorded.runner.push("main")
    assert run.green, run.output
    assert recorded.calls() == [
        ("none", merged, "run"),
        ("token", merged, "register --from-artifact .mlci"),
        ("token", merged, "reconcile"),
        ("token", merged, "deploy staging"),
    ]


def test_on_a_red_main_nothing_is_registered(recorded):
    recorded.runner.project.merge(recorded.change("worse", {"RED": ""}))
    # GitLab goes on with `when: always` after a skipped need; the local runner waits for it in vain.
    assert recorded.runner.push("main").jobs == {"run": "failure"}


@pytest.mark.parametrize("tag", ["income#staging#7", "services/a=income#staging#7"])
def test_a_pushed_assignment_tag_deploys_where_it_says(recorded, tag):
    recorded.runner.project.git("tag", tag, "main")
    run = recorded.runner.tag(tag)
    assert run.jobs == {"deploy-staging": "success"}, run.output
    assert recorded.calls()[-1][2] == f"deploy --tag {tag}"


def test_a_pushed_version_tag_makes_environments_follow(recorded):
    recorded.runner.project.git("tag", "income@v1.0.0", "main")
    assert recorded.runner.tag("income@v1.0.0").jobs == {"reconcile": "success"}


def test_a_hostile_branch_name_and_title_run_nothing(recorded, tmp_path):
    pull = recorded.change('a";touch${IFS}PWN;"', {"a.txt": "two\n"}, title="`touch PWN` $(touch PWN)")
    run = recorded.runner.merge_request(pull)
    assert run.green, run.output
    assert not list(tmp_path.rglob("PWN"))


def test_a_project_below_the_top_runs_where_it_stands(tmp_path):
    with serving(tmp_path / "forge") as forge:
        recorded = Recorded.made(tmp_path, forge, GitLab, providers=("gitlab",), prefix="services/credit")
        run = recorded.runner.merge_request(recorded.change("better", {"services/credit/a.txt": "two\n"}))
        assert run.jobs == {"run": "success", "promotion": "success", "comment": "success"}, run.output
