"""The registry from the command line, with real Git and real DVC: a model's whole life."""

import json

import pytest

from mlci.adapters.files import FileTree
from mlci.app.bundle import write_evidence
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Status
from mlci.errors import Exit
from tests.support.program import run_mlci
from tests.support.registry import leave_judgement
from tests.support.repository import repository

CONFIG = """\
version: 1
project: credit
models:
  income: {path: models/income.txt, task: binary}
environments:
  staging: {follows: new, deploy: "echo {version} >> ../deployed.txt"}
  prod: {needs: staging}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    story = repository(tmp_path_factory.mktemp("life") / "work").with_dvc("storage")
    story.write({"mlci.yaml": CONFIG, "seed.txt": "1\n", "environments/prod.yaml": "# nothing yet\n"})
    story.stage(
        "train", "mkdir -p models && cp seed.txt models/income.txt", deps=["seed.txt"], outs=["models"]
    )
    return story.reproduce(push=True).remote()


@pytest.mark.slow
def test_a_whole_life_from_the_command_line(project):
    def run(*words, code=Exit.DONE):
        ended = run_mlci(*words, cwd=project.path)
        assert ended.code == code, ended
        return ended.stdout

    def answer(*words, code=Exit.DONE):
        return json.loads(run(*words, "--json", code=code))

    assert "evidence-missing" in run_mlci("register", cwd=project.path).stderr
    leave_judgement(FileTree(project.path), project.head)
    assert answer("register", "--dry-run")["pending"] == ["income@v0.1.0"]
    assert answer("register")["registered"] == ["income@v0.1.0"]
    assert answer("register")["registered"] == []
    assert answer("reconcile", "--check", code=Exit.DRIFT)["pending"] == ["promote income v0.1.0 in staging"]
    assert answer("reconcile")["written"] == ["income#staging#1"]
    assert answer("reconcile", "--check")["pending"] == []

    run("promote", "income", "--to", "prod", code=Exit.REFUSED)
    assert answer("deploy", "staging")["deployments"][0]["ok"] is True
    assert "is deployed" in run("deploy", "--tag", "income#staging#1")
    assert (project.path.parent / "deployed.txt").read_text() == "v0.1.0\n"

    assert answer("promote", "income", "--to", "prod")["changed"] == ["environments/prod.yaml"]
    project.branch("ask").commit()
    assert "this would promote income v0.1.0 in prod" in " ".join(run("promote", "--check").split())
    project.switch("main").merge("ask").publish()
    assert "income#prod#2" in run("reconcile")

    resolved = answer("resolve", "income#prod")
    assert (resolved["version"], resolved["path"]) == ("v0.1.0", "models/income.txt")
    assert resolved["hash"].endswith(".dir")
    assert answer("models")["models"]["income"]["environments"] == {"prod": "v0.1.0", "staging": "v0.1.0"}
    events = [each["event"] for each in answer("history")["events"]]
    assert events == ["assign", "deploy", "assign", "register"]
    assert [each["event"] for each in answer("audit", "income")["steps"]] == [
        "register",
        "assign",
        "deploy",
        "assign",
    ]
    assert {each["what"]: each["ok"] for each in answer("verify", "income")["proofs"]} == {
        "signature": None,
        "registration": True,
        "lock hash": True,
        "model hash": True,
        "evidence": True,
        "bytes": True,
        "remote bytes": True,
    }
    run("retire", "income", "--reason", "replaced", code=Exit.REFUSED)
    run("rollback", "prod", "income", code=Exit.REFUSED)
    run("resolve", "income@v9.9.9", code=Exit.REFUSED)
    run("resolve", "$(touch x)", code=Exit.USAGE)
    assert "v0.1.0" in run("models") + run("resolve", "income") + run("history") + run("audit", "income")


def test_what_forbids_a_version_is_told_as_the_run_tells_it_with_what_to_type_next(tmp_path):
    story = repository(tmp_path / "work").with_dvc("storage")
    story.write({"mlci.yaml": CONFIG, "seed.txt": "1\n"})
    story.stage(
        "train", "mkdir -p models && cp seed.txt models/income.txt", deps=["seed.txt"], outs=["models"]
    )
    story.reproduce(push=True).remote()
    files = FileTree(story.path)
    leave_judgement(files, story.head)
    finding = Finding(
        check="diff.coverage", subject="income", status=Status.FAIL, message="no prediction for 3 rows",
        help="predict them, then `mlci run`",
    )  # fmt: skip
    write_evidence(files, Evidence(gate="diff", commit=story.head, findings=(finding,)))
    red = run_mlci("register", cwd=story.path)
    assert red.code == Exit.RED, red
    assert red.stdout.startswith("red: income\n")
    assert "x diff.coverage income: no prediction for 3 rows\n    -> predict them, then" in red.stdout
    assert "mlci register --allow-failed 'why this is right'" in red.stderr
    answer = json.loads(run_mlci("register", "--json", cwd=story.path).stdout)
    assert answer["red"] == ["income"]
    assert [each["check"] for each in answer["findings"]] == ["diff.coverage"]
    assert run_mlci("register", "--allow-failed", "why this is right", cwd=story.path).code == Exit.DONE
