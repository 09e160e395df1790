"""What mlci writes, the tools of the ecosystem read: GTO, DVC's artifacts, and Git alone."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from mlci.adapters.files import FileTree
from mlci.errors import Exit
from tests.support.program import child_environment, run_mlci
from tests.support.registry import leave_judgement
from tests.support.repository import repository

pytestmark = pytest.mark.slow

CONFIG = """\
version: 1
project: credit
models:
  income: {path: model.txt, task: binary}
environments:
  staging: {follows: new}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    story = repository(tmp_path_factory.mktemp("readers") / "work").with_dvc("storage")
    story.write({"mlci.yaml": CONFIG, "seed.txt": "1\n"})
    story.stage("train", "cp seed.txt model.txt", deps=["seed.txt"], outs=["model.txt"])
    pipeline = (story.path / "dvc.yaml").read_text()
    story.write({"dvc.yaml": f"{pipeline}artifacts:\n  income: {{path: model.txt, type: model}}\n"})
    story.reproduce(push=True).remote()
    leave_judgement(FileTree(story.path), story.head)
    for command in ("register", "reconcile"):
        ended = run_mlci(command, cwd=story.path)
        assert ended.code == Exit.DONE, ended
    return story


def gto(project, *words):
    program = Path(sys.executable).with_name("gto")
    ended = subprocess.run(
        [program, *words], cwd=project.path, env=child_environment(), capture_output=True, check=True
    )
    return json.loads(ended.stdout)


def test_gto_shows_and_tells(project):
    shown = gto(project, "show", "--json")["income"]
    assert shown["version"] == "v0.1.0"
    assert shown["stage"] == {"staging": "v0.1.0"}
    told = sorted(each["event"] for each in gto(project, "history", "--json"))
    assert told == ["assignment", "registration"]


@pytest.mark.parametrize("which", [("--rev", "v0.1.0"), ("--stage", "staging")])
def test_dvc_fetches_the_artifact_by_version_and_by_stage(project, tmp_path, which):
    place = tmp_path / "got"
    project.dvc("artifacts", "get", str(project.path), "income", *which, "--out", str(place))
    assert [each.read_text() for each in (place, *place.glob("*")) if each.is_file()] == ["1\n"]


def test_git_alone_reads_sentence_and_trailers(project):
    said = project.git("tag", "--list", "--format=%(contents:subject)%0a%(contents:body)", "income@v0.1.0")
    assert said.startswith("Register income v0.1.0")
    trailers = project.git(
        "for-each-ref", "--format=%(trailers:key=Model-Hash,valueonly)", "refs/tags/income@v0.1.0"
    )
    assert trailers.strip().startswith("md5:")
