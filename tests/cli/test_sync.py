"""`mlci sync` as people type it."""

import json

import pytest

from tests.support.program import run_here

FILE = ".github/workflows/mlci-credit-main.yml"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    (tmp_path / ".git").mkdir()
    (tmp_path / "mlci.yaml").write_text("version: 1\nproject: credit\nci: {providers: [github]}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_says_what_it_wrote_and_the_second_time_that_there_is_nothing_to_do(repository):
    first = run_here("sync")
    assert (first.code, f"create  {FILE}\n" in first.stdout) == (0, True)
    assert run_here("sync").stdout == "every CI file is what mlci.yaml asks for\n"
    assert run_here("sync", "--check").code == 0


def test_a_dry_run_shows_the_difference_and_writes_nothing(repository):
    run_here("sync")
    written = (repository / FILE).read_bytes()
    (repository / "mlci.yaml").write_text(
        "version: 1\nproject: credit\nci: {providers: [github], branch: trunk}\n"
    )
    said = run_here("sync", "--dry-run")
    assert said.code == 0
    assert "\n-      - main\n+      - trunk\n" in said.stdout
    assert (repository / FILE).read_bytes() == written


def test_drift_ends_with_6_and_the_command_to_type(repository):
    said = run_here("sync", "--check")
    assert said.code == 6
    assert FILE in said.stderr
    assert "help: mlci sync" in said.stderr


def test_an_edit_is_not_overwritten_unless_told_so(repository):
    run_here("sync")
    (repository / FILE).write_text("name: mine\n")
    assert run_here("sync").code == 6
    assert "was edited by hand" in run_here("sync", "--dry-run").stderr
    assert run_here("sync", "--overwrite").code == 0
    assert run_here("sync", "--check").code == 0


def test_json_lists_the_changes(repository):
    said = json.loads(run_here("sync", "--json").stdout)
    assert {"path": FILE, "change": "create"} in said["changes"]


def test_without_a_project_it_says_what_to_type(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    said = run_here("sync")
    assert (said.code, "mlci init" in said.stderr) == (2, True)


def test_every_project_of_a_repository_is_written_from_anywhere_in_it(repository, monkeypatch):
    other = repository / "services" / "churn"
    other.mkdir(parents=True)
    (other / "mlci.yaml").write_text("version: 1\nproject: churn\nci: {providers: [github]}\n")
    monkeypatch.chdir(other)
    run_here("sync")
    assert (repository / FILE).exists()
    assert (
        b"working-directory: services/churn"
        in (repository / ".github/workflows/mlci-churn-main.yml").read_bytes()
    )
