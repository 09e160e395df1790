"""`mlci test` and `mlci contract` as people type them."""

import json
import subprocess
import sys

import pytest

from tests.support.predicted import sampled, write
from tests.support.program import child_environment, run_here

MLCI = """
version: 1
project: credit
gates:
  data: {datasets: {people: {path: test.parquet, contract: contracts/test.yaml}}}
"""


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """A repository with DVC, a table and the contract that was suggested for it."""
    directory = tmp_path_factory.mktemp("repository")
    begin = (["git", "init", "-q"], ["git", "commit", "-q", "--allow-empty", "-m", "Begin"])
    for argv in (*begin, [sys.executable, "-m", "dvc", "init", "-q"]):
        subprocess.run(argv, cwd=directory, env=child_environment(), check=True)
    (directory / "mlci.yaml").write_text(MLCI, encoding="utf-8")
    write(directory, sampled(2000, seed=1))
    return directory


@pytest.mark.slow
def test_a_contract_is_suggested_kept_and_broken(repository, monkeypatch):
    monkeypatch.chdir(repository)
    shown = run_here("contract", "suggest", "test.parquet", "--dry-run")
    assert (shown.code, "  sex: {type: text, allowed: [F, M]}\n" in shown.stdout) == (0, True)
    assert not (repository / "contracts").exists()
    assert run_here("contract", "suggest", "test.parquet").stdout == "created contracts/test.yaml\n"
    assert run_here("contract", "suggest", "test.parquet").stdout == "unchanged contracts/test.yaml\n"

    kept = run_here("test")
    assert (kept.code, kept.stdout.splitlines()[-1]) == (0, "1 gate: passed")
    assert "not configured in mlci.yaml, so not run: bias, load, model" in kept.stderr

    (repository / "contracts/test.yaml").write_text("columns: {sex: {allowed: [F]}}", encoding="utf-8")
    broken = run_here("test", "data")
    assert broken.code == 10
    assert "  FAIL  data.allowed  people.sex: column 'sex' has " in broken.stdout
    assert "-> map the new values, or add them to `allowed` in contracts/test.yaml" in broken.stdout
    told = json.loads(run_here("test", "--json").stdout)
    left = json.loads((repository / ".mlci/evidence/data.json").read_text(encoding="utf-8"))
    assert (told["verdict"], told["evidence"][0]["findings"]) == ("failed", left["findings"])

    edited = run_here("contract", "suggest", "test.parquet")
    assert (edited.code, "[contract-exists]" in edited.stderr) == (7, True)
    replaced = run_here("contract", "suggest", "test.parquet", "--replace")
    assert replaced.stdout == "updated contracts/test.yaml\n"


@pytest.mark.slow
@pytest.mark.parametrize(("gate", "word"), [("dta", "gate-unknown"), ("load", "gate-unconfigured")])
def test_a_gate_that_cannot_run_is_a_usage_error(repository, monkeypatch, gate, word):
    monkeypatch.chdir(repository)
    said = run_here("test", gate)
    assert (said.code, f"[{word}]" in said.stderr) == (2, True)
