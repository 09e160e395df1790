"""`mlci` killed for real: the server's hooks end the client before and after it takes what was written."""

import signal
import subprocess
import sys

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
  prod: {}
"""
# Whoever pushes is killed by its number, which the test writes down once the program runs.
KILL = """\
#!/bin/sh
while [ ! -s "{pid}" ]; do sleep 0.02; done
kill -9 "$(cat "{pid}")"
exit {code}
"""
# Before anything is taken and refused, before and taken all the same, after.
POINTS = (("pre-receive", 1), ("pre-receive", 0), ("post-receive", 0))
COMMANDS = {
    "register": ("register",),
    "reconcile": ("reconcile",),
    "promote": ("promote", "income", "--to", "prod", "--pull-request"),
    "retire": ("retire", "income@v0.1.0", "--reason", "replaced"),
}


@pytest.fixture
def project(tmp_path):
    story = repository(tmp_path / "work").with_dvc("storage")
    story.write({"mlci.yaml": CONFIG, "seed.txt": "1\n", "environments/prod.yaml": "# nothing yet\n"})
    story.stage("train", "cp seed.txt model.txt", deps=["seed.txt"], outs=["model.txt"])
    story.reproduce(push=True).remote()
    leave_judgement(FileTree(story.path), story.head)
    return story


def prepare(project, command):
    if command != "register":
        run(project, "register")
    if command == "promote":
        run(project, "reconcile")


def run(project, *words):
    ended = run_mlci(*words, cwd=project.path)
    assert ended.code == Exit.DONE, ended
    return ended


def kill(project, tmp_path, command, hook, code):
    pid = tmp_path / "pid"
    place = project.bare().path / "hooks" / hook
    place.parent.mkdir(exist_ok=True)
    place.write_text(KILL.format(pid=pid, code=code))
    place.chmod(0o755)
    child = subprocess.Popen(
        [sys.executable, "-m", "mlci", *COMMANDS[command]],
        cwd=project.path,
        env=child_environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    pid.write_text(str(child.pid))
    assert child.wait(timeout=60) == -signal.SIGKILL
    place.unlink()


def state(project):
    """Every tag and branch of the server, and what its journal holds."""
    bare = project.bare()
    refs = bare.git("for-each-ref", "--format=%(refname)", "refs/tags", "refs/heads")
    return refs.splitlines(), bare.git("ls-tree", "-r", "--name-only", "refs/mlci/registry").splitlines()


@pytest.mark.parametrize(("hook", "code"), POINTS, ids=["before", "during", "after"])
@pytest.mark.parametrize("command", COMMANDS)
def test_two_more_runs_complete_it_and_repeat_nothing(project, tmp_path, command, hook, code):
    prepare(project, command)
    kill(project, tmp_path, command, hook, code)
    run(project, *COMMANDS[command])
    once = state(project)
    run(project, *COMMANDS[command])

    assert state(project) == once
    events = [each for each in once[1] if each.startswith("events/")]
    wanted = {"register": 1, "reconcile": 2, "promote": 2, "retire": 2}[command]
    assert len(events) == wanted
    assert project.bare().git("fsck", "--no-dangling") == ""
