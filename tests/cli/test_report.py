"""`mlci report` and `mlci comment` at a desk: of which commit they speak, and what they end with."""

import json
import os

import pytest

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.bundle import write_diff, write_evidence
from mlci.app.commit import PARTIAL, UNCOMMITTED
from mlci.app.same_tree import uncommitted
from mlci.core.diff import Diff
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Status
from mlci.errors import Exit
from tests.support.program import child_environment, run_here
from tests.support.repository import repository

CONFIG = "version: 1\nproject: credit\n"
GREEN = Finding(check="pipeline.reproduced", subject="make", status=Status.PASS, message="it ran")


@pytest.fixture
def story(tmp_path, monkeypatch):
    """A desk with a clean branch."""
    work = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, ".gitignore": ".mlci/\n"})
    work.branch("better").commit({"a": "1"})
    monkeypatch.chdir(work.path)
    for name in set(os.environ) - set(child_environment()):
        monkeypatch.delenv(name, raising=False)
    return work


def leave(story, commit, *, status=Status.PASS, known=False):
    """What a run leaves; `known` is word of the changes that it measured."""
    files = FileTree(story.path)
    figures = uncommitted(GitCli(ProcessRunner({}), story.path, {}), files, "") if known else {}
    finding = Finding(check=GREEN.check, subject=GREEN.subject, status=status, message=GREEN.message)
    for gate, findings in (("pipeline", (finding,)), ("diff", ())):
        write_evidence(files, Evidence(gate=gate, commit=commit, findings=findings, figures=figures))
    write_diff(files, Diff(base=None, head=commit))


def test_evidence_of_head_is_told_without_a_word_on_it(story):
    leave(story, story.head)
    said = run_here("report")
    assert (said.code, "The evidence is of" in said.stdout) == (Exit.DONE, False)
    assert json.loads(run_here("report", "--json").stdout)["stale"] is None


def test_the_header_says_that_the_evidence_is_of_another_commit(story):
    before = story.head
    leave(story, before)
    story.commit({"a": "2"})
    told = f"The evidence is of {before[:10]}, and HEAD is {story.head[:10]}."
    said = run_here("report")
    assert said.code == Exit.DONE
    assert told in " ".join(said.stdout.splitlines()[:4])
    assert "\n\n<b>The evidence is of <code>" in run_here("report", "--format", "markdown").stdout
    assert json.loads(run_here("report", "--json").stdout)["stale"] == told.removesuffix(".")


@pytest.mark.parametrize(
    ("mark", "dirty", "told"),
    [
        ("", True, "and the work tree has changed since."),
        (UNCOMMITTED, True, ""),
        (UNCOMMITTED, False, "with changes that are gone."),
    ],
)
def test_the_header_says_what_is_known_of_the_tree(story, mark, dirty, told):
    leave(story, story.head + mark)
    if dirty:
        story.write({"a": "3"})
    said = " ".join(run_here("report").stdout.split())
    assert (told in said, "The evidence is of" in said) == (True, bool(told))


@pytest.mark.parametrize(
    ("mark", "status", "code"),
    [
        ("", Status.PASS, Exit.DONE),
        ("", Status.FAIL, Exit.RED),
        (PARTIAL, Status.PASS, Exit.RED),
    ],
)
def test_only_a_gate_ends_with_the_verdict(story, mark, status, code):
    leave(story, story.head + mark, status=status)
    assert run_here("report").code == Exit.DONE
    gated = run_here("report", "--gate")
    assert gated.code == code
    assert gated.stdout == run_here("report").stdout
    assert ("only some stages were run, which decides nothing" in gated.stderr) is (mark == PARTIAL)


def test_nothing_is_decided_by_evidence_of_another_commit(story):
    leave(story, story.head)
    story.commit({"a": "2"})
    for asked in (("report", "--gate"), ("comment", "--dry-run"), ("comment",)):
        said = run_here(*asked)
        assert (said.code, said.stdout) == (Exit.REFUSED, "")
        assert "[evidence-of-another-commit]" in said.stderr
        assert said.stderr.endswith("help: mlci run\n")


def test_nothing_is_decided_by_evidence_of_changes_that_nobody_can_tell_from_these(story):
    story.write({"a": "3"})
    leave(story, story.head + UNCOMMITTED)
    story.write({"a": "4"})
    said = run_here("report", "--gate")
    assert (said.code, said.stdout) == (Exit.REFUSED, "")
    assert "nothing says that they are these" in " ".join(said.stderr.split())
    assert said.stderr.endswith("help: git commit, then mlci run\n")


@pytest.mark.parametrize("after", [{"a": "4"}, {"a": "3", "b": "1"}, {"a": "1"}])
def test_changes_that_are_not_committed_are_decided_by_while_they_are_those_that_were_measured(story, after):
    story.write({"a": "3"})
    leave(story, story.head + UNCOMMITTED, known=True)
    assert run_here("report", "--gate").code == Exit.DONE
    story.write(after)
    said = run_here("report", "--gate")
    assert (said.code, said.stdout) == (Exit.REFUSED, "")
    assert said.stderr.endswith("help: mlci run\n")


def test_the_comment_on_heads_own_evidence_is_made(story):
    leave(story, story.head)
    said = run_here("comment", "--dry-run", "--number", "7")
    assert said.code == Exit.DONE, said.stderr
    assert said.stdout.startswith("## ✅")


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (("report",), "nope"),
        (("report", "--gate"), "nope/.mlci"),
        (("comment", "--dry-run"), "there"),
        (("lock", "apply"), "there"),
    ],
)
def test_an_artifact_that_holds_no_evidence_is_named(story, asked, name):
    leave(story, story.head)
    (story.path / "there").mkdir()
    said = run_here(*asked, "--from-artifact", name)
    assert said.code == Exit.REFUSED
    assert f"there is no evidence in {name}: it holds no .mlci/evidence [evidence-missing]" in said.stderr
