"""What every generated workflow promises, held against the files themselves."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from mlci.ci.github import files, owns
from tests.support.golden import assert_golden
from tests.support.pipelines import CONFIGS, pipeline
from tests.support.tools import tool

GOLDEN = Path(__file__).parent / "golden"
NAMES = sorted(CONFIGS)
WRITES = {
    ("comment", "pull-requests"),
    ("lock", "contents"),
    ("register", "contents"),
    ("reconcile", "contents"),
    ("deploy-staging", "contents"),
    ("deploy-prod", "contents"),
}


def documents(name):
    return {Path(path).stem: yaml.safe_load(text) for path, text in files(pipeline(name)).items()}


def jobs(name):
    return [
        (job_id, job) for document in documents(name).values() for job_id, job in document["jobs"].items()
    ]


def steps(name):
    return [(job_id, step) for job_id, job in jobs(name) for step in job["steps"]]


@pytest.fixture(params=NAMES)
def name(request):
    return request.param


@pytest.fixture
def written(name, tmp_path):
    for path, text in files(pipeline(name)).items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(text)
    return tmp_path


def test_the_files_are_those_that_were_reviewed(name):
    assert_golden(GOLDEN / name, files(pipeline(name)))


def test_every_file_is_known_as_ours_again(name):
    assert all(owns(path) for path in files(pipeline(name)))
    assert not owns(".github/workflows/release.yml")
    assert not owns(".github/workflows/../../mlci-x.yml")


def test_nothing_is_permitted_that_no_job_asks_for(name):
    assert all(document["permissions"] == {} for document in documents(name).values())
    assert all("permissions" in job for _, job in jobs(name))


def test_only_these_jobs_write_and_each_says_why(name):
    for text in files(pipeline(name)).values():
        for line in text.decode().splitlines():
            if re.search(r": write\b", line):
                assert re.search(r" # \w+ ", line), line
    granted = {
        (job_id, scope)
        for job_id, job in jobs(name)
        for scope, right in job["permissions"].items()
        if right == "write"
    }
    assert granted <= WRITES


def test_a_token_is_only_in_the_step_that_needs_it(name):
    for job_id, step in steps(name):
        holds = "github.token" in str(step)
        asks = (
            "Comment",
            "Commit dvc.lock",
            "Register",
            "Reconcile",
            "Deploy",
            "Check the environments' files",
        )
        writes = step["name"] in asks
        fetches = job_id == "comment" and step["name"] == "Fetch the evidence"
        assert not holds or writes or fetches


def test_every_job_has_a_name_and_an_end(name):
    assert all(job["name"] and 0 < job["timeout-minutes"] <= 360 for _, job in jobs(name))


def test_every_action_is_pinned_by_commit_with_its_release_behind(name):
    for text in files(pipeline(name)).values():
        uses = [line for line in text.decode().splitlines() if "uses:" in line]
        assert uses
        assert all(re.search(r"uses: [\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line) for line in uses)


def test_a_checkout_leaves_no_credentials_and_takes_all_history(name):
    for _, step in steps(name):
        if step.get("uses", "").startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False
            assert step["with"]["fetch-depth"] == 0


def test_no_expression_stands_in_a_script(name):
    assert not [step for _, step in steps(name) if "${{" in step.get("run", "")]


def test_a_required_workflow_runs_for_every_change_and_ends_in_one_check(name):
    slug = pipeline(name).slug
    document = documents(name)[f"mlci-{slug}-pull-request"]
    assert document["on"] == {
        "pull_request": {"branches": [pipeline(name).branch]},
        "merge_group": None,
    }
    last = list(document["jobs"].values())[-1]
    needs = ["run", "promotion"]
    assert (last["name"], last["if"], last["needs"]) == (pipeline(name).check, "always()", needs)


def test_nothing_runs_a_strangers_code_with_our_rights(name):
    texts = [text.decode() for text in files(pipeline(name)).values()]
    assert not any("pull_request_target" in text for text in texts)
    poster = documents(name)[f"mlci-{pipeline(name).slug}-comment"]
    (job,) = poster["jobs"].values()
    (checkout,) = (step for step in job["steps"] if "checkout" in step.get("uses", ""))
    assert "ref" not in checkout["with"]
    assert "head_repository.full_name != github.repository" in job["if"]


def test_machines_of_the_projects_own_do_not_run_forks():
    run = documents("monorepo")["mlci-scoring-pull-request"]["jobs"]["run"]
    assert run["runs-on"] == ["self-hosted", "gpu"]
    assert "head.repo.full_name == github.repository" in run["if"]


def test_the_lock_is_committed_where_ci_makes_it_by_a_job_without_the_projects_code():
    assert not [job_id for name in ("minimal", "credit") for job_id, _ in jobs(name) if job_id == "lock"]
    document = documents("monorepo")["mlci-scoring-pull-request"]
    lock = document["jobs"]["lock"]
    # The comment is for the commit that was tested, and the lock makes another one the head.
    assert lock["needs"] == ["run", "comment"]
    assert "head.repo.full_name == github.repository" in lock["if"]
    assert "github.event_name == 'pull_request'" in lock["if"]
    assert lock["permissions"] == {"contents": "write"}
    *before, last = lock["steps"]
    assert [each["name"] for each in before] == [
        "Check out",
        "Install uv",
        "Install mlci",
        "Fetch the evidence",
    ]
    assert not any("secrets." in str(each) or "github.token" in str(each) for each in before)
    assert last["run"] == "mlci lock apply --from-artifact .mlci --push"
    assert last["env"] == {
        "GITHUB_TOKEN": "${{ github.token }}",
        "MLCI_GITHUB_TOKEN": "${{ secrets.MLCI_GITHUB_TOKEN }}",
    }
    others = [job for job_id, job in jobs("monorepo") if job_id != "lock"]
    assert not any("MLCI_GITHUB_TOKEN" in str(each) for each in others)
    assert "lock" not in document["jobs"]["mlci"]["needs"]


def test_runs_on_main_wait_for_one_another_and_runs_of_a_pull_request_replace_one_another(name):
    slug = pipeline(name).slug
    for stem, document in documents(name).items():
        assert document["concurrency"]["cancel-in-progress"] is (stem == f"mlci-{slug}-pull-request")


def test_tags_of_a_monorepo_start_the_tag_workflow():
    document = documents("credit")["mlci-credit-tag"]
    assert document["on"]["push"]["tags"] == ["**@v*", "**#*"]


def test_the_published_schema_accepts_them(written):
    found = sorted(map(str, written.glob(".github/workflows/*.yml")))
    schema = "vendor.github-workflows"
    done = tool("check-jsonschema", "--builtin-schema", schema, *found, cwd=written)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing_even_when_pedantic(written):
    done = tool("zizmor", "--offline", "--persona=pedantic", "--quiet", ".github/workflows", cwd=written)
    assert done.returncode == 0, done.stdout
    ignored = "".join(each.read_text() for each in written.glob(".github/workflows/*.yml"))
    assert ignored.count("zizmor: ignore") == 1


def test_the_runner_accepts_them(written):
    subprocess.run(["git", "init", "--quiet"], cwd=written, check=True)
    done = tool("act", "--validate", "--strict", cwd=written)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_main_workflow_that_is_started_on_another_branch_writes_nothing(name):
    (main,) = (each for stem, each in documents(name).items() if stem.endswith("-main"))
    writing = [each for each in main["jobs"].values() if each["permissions"].get("contents") == "write"]
    assert writing
    wanted = f"github.ref == 'refs/heads/{pipeline(name).branch}'"
    assert all(wanted in each["if"] for each in writing)
