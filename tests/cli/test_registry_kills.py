"""`mlci` killed for real: in every state of the world that it leads through, and by the server's hooks."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mlci.adapters.files import FileTree
from mlci.errors import Exit
from tests.support import doomed
from tests.support.program import child_environment, run_here, run_mlci
from tests.support.registry import leave_judgement
from tests.support.repository import Repository, repository

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]

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
    "promote here": ("promote", "income", "--to", "prod"),
    "retire": ("retire", "income@v0.1.0", "--reason", "replaced"),
}
PUSHING = [each for each in COMMANDS if each != "promote here"]
EVENTS = {"register": 1, "reconcile": 2, "promote": 2, "promote here": 2, "retire": 2}


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
    if command.startswith("promote"):
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


def state(bare):
    """Every tag and branch of the server, and what its journal holds."""
    refs = bare.git("for-each-ref", "--format=%(refname)", "refs/tags", "refs/heads")
    return refs.splitlines(), bare.git("ls-tree", "-r", "--name-only", "refs/mlci/registry").splitlines()


@pytest.mark.parametrize(("hook", "code"), POINTS, ids=["before", "during", "after"])
@pytest.mark.parametrize("command", PUSHING)
def test_two_more_runs_complete_it_and_repeat_nothing(project, tmp_path, command, hook, code):
    prepare(project, command)
    kill(project, tmp_path, command, hook, code)
    run(project, *COMMANDS[command])
    once = state(project.bare())
    run(project, *COMMANDS[command])

    assert state(project.bare()) == once
    events = [each for each in once[1] if each.startswith("events/")]
    assert len(events) == EVENTS[command]
    assert project.bare().git("fsck", "--no-dangling") == ""


def dying(world, chance, *words):
    """Run mlci in `world/work` until that chance to change something; the world as it was before each."""
    here, there = os.pipe()
    child = subprocess.Popen(
        [sys.executable, doomed.__file__, str(world), str(there), str(chance), *words],
        cwd=world / "work",
        env={**child_environment(), "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        pass_fds=[there],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(there)
    with os.fdopen(here) as said:
        states = said.read().split()
    return child.wait(timeout=60), states


def result(world):
    """What there is in the end: on the server, and in the environment files."""
    files = (world / "work" / "environments").glob("*.yaml")
    return state(Repository(world / "work-origin.git")), {each.name: each.read_text() for each in files}


@pytest.mark.parametrize("command", COMMANDS)
def test_killed_in_any_state_of_the_world_two_more_runs_complete_it(project, tmp_path, monkeypatch, command):
    prepare(project, command)
    project.git("remote", "set-url", "origin", "../work-origin.git")

    def world(number):
        for name in ("work", "work-origin.git"):
            shutil.copytree(tmp_path / name, tmp_path / f"world{number}" / name, symlinks=True)
        return tmp_path / f"world{number}"

    whole = world(0)
    ended, states = dying(whole, 0, *COMMANDS[command])
    assert ended == Exit.DONE
    chances = [number for number, each in enumerate(states[:-1], 1) if each not in states[: number - 1]]
    assert len(chances) > 1, "nothing was seen to change"

    for chance in chances:
        place = world(chance)
        ended, _ = dying(place, chance, *COMMANDS[command])
        assert ended == -signal.SIGKILL
        monkeypatch.chdir(place / "work")
        for _ in range(2):
            done = run_here(*COMMANDS[command])
            assert done.code == Exit.DONE, (chance, done)
            assert result(place) == result(whole), chance
