"""A commit that was assigned without ever being registered, as a lightweight or a foreign tag leaves it."""

import json

import pytest

from tests.support.program import run_here
from tests.support.repository import repository

CONFIG = """\
version: 1
project: credit
models:
  income: {path: model.txt, task: binary}
environments:
  prod: {}
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "model.txt": "1"})
    story.tag("income@v0.1.0", lightweight=True).tag("income#prod#1").remote()
    monkeypatch.chdir(story.path)
    return story


COMMANDS = [["history"], ["show", "income#prod"], ["resolve", "income#prod"], ["models"], ["audit", "income"]]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_people_read_ten_digits_of_it_and_that_it_is_no_version(project, words):
    said = run_here(*words).stdout
    assert f"unregistered {project.head[:10]}" in said
    titles = [line for line in said.splitlines() if "version" in line.lower()]
    assert not any(project.head in line for line in titles)


@pytest.mark.parametrize("words", COMMANDS[:3], ids=" ".join)
def test_programs_read_all_of_it(project, words):
    answer = json.loads(run_here(*words, "--json").stdout)
    found = answer["events"][0] if "events" in answer else answer
    assert (found["version"], found["commit"]) == (project.head, project.head)
