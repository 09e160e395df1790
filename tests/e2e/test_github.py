"""Generated workflows, executed by act against the loopback forge."""

import pytest

from mlci.core.config import LockAuthor
from tests.e2e.story import Recorded
from tests.support.actions import Actions
from tests.support.forge import serving

pytestmark = pytest.mark.e2e
GREEN = dict.fromkeys(("run", "promotion", "comment", "mlci"), "success")


@pytest.fixture
def recorded(tmp_path):
    with serving(tmp_path / "forge") as forge:
        yield Recorded.made(tmp_path, forge, Actions, providers=("github",))


def test_a_pull_request_is_tested_commented_on_and_checked(recorded):
    pull = recorded.change("better", {"a.txt": "two\n"})
    run = recorded.runner.pull_request(pull)["credit-pull-request"]
    assert run.jobs == GREEN, run.output
    calls = recorded.calls()
    assert calls[-1] == ("token", pull.head, "comment --from-artifact .mlci")
    assert sorted(calls[:-1]) == [
        ("none", pull.head, "run"),
        ("none", pull.head, "sync --check"),
        ("token", pull.head, "promote --check"),
    ]


def test_a_red_gate_makes_the_required_check_red_and_is_still_commented_on(recorded):
    pull = recorded.change("worse", {"RED": ""})
    run = recorded.runner.pull_request(pull)["credit-pull-request"]
    assert run.jobs == {**GREEN, "run": "failure", "mlci": "failure"}, run.output


def test_a_forks_comment_is_posted_afterwards_by_mains_own_code(recorded):
    pull = recorded.change("better", {"a.txt": "two\n"}, fork="mallory/credit")
    run = recorded.runner.pull_request(pull)["credit-pull-request"]
    assert run.jobs == {"run": "success", "promotion": "success", "mlci": "success"}, run.output
    after = recorded.runner.after(run, pull)["credit-comment"]
    assert after.jobs == {"comment": "success"}, after.output
    main = recorded.runner.project.sha("main")
    assert recorded.calls()[-1] == ("token", main, "comment --from-artifact .mlci")


def test_the_poster_leaves_pull_requests_of_the_repository_alone(recorded):
    pull = recorded.change("better", {"a.txt": "two\n"})
    run = recorded.runner.pull_request(pull)["credit-pull-request"]
    assert recorded.runner.after(run, pull)["credit-comment"].jobs == {}


def test_a_lock_of_cis_is_committed_after_the_comment_and_never_for_a_fork(tmp_path):
    with serving(tmp_path / "forge") as forge:
        recorded = Recorded.made(tmp_path, forge, Actions, providers=("github",), lock=LockAuthor.CI)
        pull = recorded.change("better", {"RED": ""})
        run = recorded.runner.pull_request(pull)["credit-pull-request"]
        assert run.jobs == {**GREEN, "run": "failure", "mlci": "failure", "lock": "success"}, run.output
        assert recorded.calls()[-2:] == [
            ("token", pull.head, "comment --from-artifact .mlci"),
            ("token", pull.head, "lock apply --from-artifact .mlci --push"),
        ]
        fork = recorded.change("other", {"a.txt": "two\n"}, fork="mallory/credit")
        run = recorded.runner.pull_request(fork)["credit-pull-request"]
        assert run.jobs == {"run": "success", "promotion": "success", "mlci": "success"}, run.output


def test_a_merge_registers_reconciles_and_deploys(recorded):
    pull = recorded.change("better", {"a.txt": "two\n"})
    merged = recorded.runner.project.merge(pull)
    run = recorded.runner.push("main")["credit-main"]
    assert run.green, run.output
    assert recorded.calls() == [
        ("none", merged, "run"),
        ("token", merged, "register --from-artifact .mlci"),
        ("token", merged, "reconcile"),
        ("token", merged, "deploy staging"),
    ]


def test_on_a_red_main_nothing_is_registered_and_environments_still_follow_their_files(recorded):
    recorded.runner.project.merge(recorded.change("worse", {"RED": ""}))
    run = recorded.runner.push("main")["credit-main"]
    assert run.jobs == {"run": "failure", "reconcile": "success", "deploy-staging": "success"}, run.output


@pytest.mark.parametrize("tag", ["income#staging#7", "services/a=income#staging#7"])
def test_a_pushed_assignment_tag_deploys_where_it_says(recorded, tag):
    recorded.runner.project.git("tag", tag, "main")
    run = recorded.runner.tag(tag)["credit-tag"]
    assert run.jobs == {"deploy-staging": "success"}, run.output
    assert recorded.calls()[-1][2] == f"deploy --tag {tag}"


def test_a_tag_can_be_deployed_again_by_hand(recorded):
    run = recorded.runner.dispatch("mlci-credit-tag.yml", tag="income#staging#7")
    assert run.jobs == {"deploy-staging": "success"}, run.output


def test_a_pushed_version_tag_makes_environments_follow(recorded):
    recorded.runner.project.git("tag", "income@v1.0.0", "main")
    assert recorded.runner.tag("income@v1.0.0")["credit-tag"].jobs == {"reconcile": "success"}


def test_other_tags_and_branches_start_nothing(recorded):
    recorded.runner.project.git("tag", "nightly", "main")
    recorded.runner.project.git("branch", "other", "main")
    assert recorded.runner.tag("nightly") == {}
    assert recorded.runner.push("other") == {}


def test_a_hostile_branch_name_and_title_run_nothing(recorded, tmp_path):
    pull = recorded.change('a";touch${IFS}PWN;"', {"a.txt": "two\n"}, title="`touch PWN` $(touch PWN)")
    run = recorded.runner.pull_request(pull)["credit-pull-request"]
    assert run.green, run.output
    assert not list(tmp_path.rglob("PWN"))


def test_a_project_below_the_top_runs_where_it_stands(tmp_path):
    with serving(tmp_path / "forge") as forge:
        recorded = Recorded.made(tmp_path, forge, Actions, providers=("github",), prefix="services/credit")
        pull = recorded.change("better", {"services/credit/a.txt": "two\n"})
        run = recorded.runner.pull_request(pull)["credit-pull-request"]
        assert run.jobs == {
            "run": "success",
            "promotion": "success",
            "comment": "success",
            "mlci": "success",
        }, run.output
