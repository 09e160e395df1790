"""The composite actions: well-formed, pinned as the generated workflows are, safe in what they pass on."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from mlci import __version__
from mlci.ci.github import actions as pins
from tests.support.tools import BIN

ACTIONS = sorted((Path(__file__).parents[2] / "actions").glob("*/action.yml"))


@pytest.fixture(params=ACTIONS, ids=lambda path: path.parent.name)
def action(request):
    return request.param


def test_there_are_some():
    assert {each.parent.name for each in ACTIONS} == {"run", "setup"}


def test_the_schema_holds(action):
    checker = [BIN / "check-jsonschema", "--builtin-schema", "vendor.github-actions", action]
    done = subprocess.run(checker, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_zizmor_finds_nothing(action):
    done = subprocess.run(
        [BIN / "zizmor", "--offline", "--persona=pedantic", "--no-progress", action],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_pins_are_those_of_the_generated_workflows(action):
    known = {f"{each.repository}@{each.commit} # {each.release}" for each in pins.ALL}
    used = re.findall(r"uses: (\S+ # \S+)", action.read_text())
    assert used
    assert set(used) <= known


def test_inputs_reach_commands_as_variables_only(action):
    for step in yaml.safe_load(action.read_text())["runs"]["steps"]:
        assert "${{" not in step.get("run", "")


def test_the_default_version_is_this_one():
    setup = next(each for each in ACTIONS if each.parent.name == "setup")
    assert yaml.safe_load(setup.read_text())["inputs"]["version"]["default"] == __version__
