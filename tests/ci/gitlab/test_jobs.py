"""What every generated GitLab job promises, held against the files themselves."""

from pathlib import Path

import pytest
import yaml

from mlci.ci.gitlab import files, missing_line, owns, seeds
from tests.support.golden import assert_golden
from tests.support.pipelines import CONFIGS, pipeline
from tests.support.tools import tool

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(params=sorted(CONFIGS))
def name(request):
    return request.param


def document(name):
    (text,) = files(pipeline(name)).values()
    return yaml.safe_load(text)


def jobs(name):
    return {key: value for key, value in document(name).items() if not key.startswith(".")}


def test_the_files_are_those_that_were_reviewed(name):
    assert_golden(GOLDEN / name, {**files(pipeline(name)), **seeds()})


def test_every_file_is_known_as_ours_again_and_the_entry_is_not(name):
    assert all(owns(path) for path in files(pipeline(name)))
    assert not any(owns(path) for path in seeds())


def test_every_job_ends_and_says_when_it_runs(name):
    for job in jobs(name).values():
        assert job["timeout"].endswith(" minutes")
        assert len(job["rules"]) == 1


def test_the_token_is_gone_before_the_projects_own_code_runs(name):
    for key, job in jobs(name).items():
        if key.endswith("-run"):
            assert job["script"][0] == "unset MLCI_GITLAB_TOKEN"
        else:
            assert "unset MLCI_GITLAB_TOKEN" not in job["script"]


def test_a_fork_gets_no_comment_job_and_a_failed_comment_no_red_pipeline(name):
    (comment,) = (job for key, job in jobs(name).items() if key.endswith("-comment"))
    (rule,) = comment["rules"]
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID" in rule["if"]
    assert rule["allow_failure"] is True


def test_the_lock_is_committed_where_ci_makes_it_and_never_to_a_forks_branch():
    assert not [key for name in ("minimal", "credit") for key in jobs(name) if key.endswith("-lock")]
    lock = jobs("monorepo")["mlci-scoring-pull-request-lock"]
    (rule,) = lock["rules"]
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == $CI_MERGE_REQUEST_PROJECT_ID" in rule["if"]
    assert rule["when"] == "always"
    assert "allow_failure" not in rule
    assert lock["script"] == ["mlci lock apply --from-artifact .mlci --push"]
    needs = {each["job"].rpartition("-")[2]: each["artifacts"] for each in lock["needs"]}
    assert needs == {"run": True, "comment": False}


def test_machines_of_the_projects_own_do_not_run_forks():
    run = jobs("monorepo")["mlci-scoring-pull-request-run"]
    assert run["tags"] == ["self-hosted", "gpu"]
    assert "$CI_MERGE_REQUEST_SOURCE_PROJECT_ID == " in run["rules"][0]["if"]


def test_only_merge_requests_can_be_interrupted(name):
    for key, job in jobs(name).items():
        assert job["interruptible"] is ("-pull-request-" in key)


def test_writers_of_the_registry_take_turns(name):
    for key, job in jobs(name).items():
        if key.rsplit("-", 1)[-1] in ("register", "reconcile"):
            assert job["resource_group"] == f"mlci-{pipeline(name).slug}-registry"


def test_environments_follow_their_files_even_where_todays_gates_are_red(name):
    reconciles = [job for key, job in jobs(name).items() if key.endswith("-main-reconcile")]
    assert [job["rules"][0]["when"] for job in reconciles] == ["always"]


def test_an_entry_file_of_the_users_own_is_told_what_to_include(name):
    built = pipeline(name)
    (path,) = files(built)
    assert missing_line(built, ".gitlab-ci.yml", b"stages: [test]\n") == f"include: [{{local: {path}}}]"
    assert missing_line(built, ".gitlab-ci.yml", f"include: /{path}".encode()) is None
    assert missing_line(built, ".gitlab-ci.yml", seeds()[".gitlab-ci.yml"]) is None


def test_the_published_schema_accepts_them(name, tmp_path):
    for path, text in {**files(pipeline(name)), **seeds()}.items():
        (tmp_path / Path(path).name).write_bytes(text)
    found = sorted(str(each) for each in tmp_path.iterdir())
    done = tool("check-jsonschema", "--builtin-schema", "vendor.gitlab-ci", *found, cwd=tmp_path)
    assert done.returncode == 0, done.stdout
