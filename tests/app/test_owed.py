"""What a run owes: by what is asked where it goes to, and by what it says itself."""

import pytest
from msgspec.structs import replace

from mlci.adapters.files import FileTree
from mlci.adapters.git import GitCli
from mlci.adapters.process import ProcessRunner
from mlci.app.bundle import Bundle
from mlci.app.owed import Missing, given_up, missing_from, owing
from mlci.app.report import report
from mlci.app.side.snapshot import Snapshot
from mlci.core.config import Config
from mlci.core.diff import Occasion
from mlci.core.diff.findings import gate_removed
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Status, Verdict
from mlci.core.report import plain
from mlci.render import markdown
from tests.support.repository import repository

HEAD = "a" * 40
PASSED = Finding(check="data.rows", subject="train", status=Status.PASS, message="enough")


def configured(*gates: str) -> Config:
    return Config(project="credit", gates=dict.fromkeys(gates))


def left(*gates: str, owed: Config | None, findings: tuple[Finding, ...] = (PASSED,)) -> Bundle:
    """What a whole run of these gates leaves, its own configuration asking for `owed`."""
    figures = {} if owed is None else owing(owed)
    pipeline = Evidence(gate="pipeline", commit=HEAD, findings=(), figures=figures)
    evidence = (Evidence(gate=each, commit=HEAD, findings=findings) for each in ("diff", *gates))
    return Bundle(evidence=(*evidence, pipeline))


BOTH = configured("data", "bias")


@pytest.mark.parametrize(
    ("bundle", "asked", "missing"),
    [
        (left("data", "bias", owed=BOTH), BOTH, Missing()),
        (left("data", owed=BOTH), BOTH, Missing(unrun=("bias",))),
        # The change removes a gate, and says so; what it leaves out beside that did not run.
        (left("data", owed=configured("data")), BOTH, Missing(removed=("bias",))),
        (left(owed=configured("data")), BOTH, Missing(unrun=("data",), removed=("bias",))),
        # It adds one, and owes it from then on.
        (left("data", "bias", owed=BOTH), configured("data"), Missing()),
        (left("data", owed=BOTH), configured("data"), Missing(unrun=("bias",))),
        # It does not say what it owes, or says what is no list of gates.
        (left("data", owed=None), BOTH, Missing(unrun=("bias",))),
        (left("data", owed=configured("data", "no\ngate" * 9)), configured("data"), Missing()),
    ],
)
def test_owed_is_what_either_side_asks_for(bundle: Bundle, asked: Config, missing: Missing) -> None:
    assert missing_from(bundle, asked) == missing


def test_gates_alone_are_no_whole_run() -> None:
    alone = Bundle(evidence=(Evidence(gate="data", commit=HEAD, findings=(PASSED,)),))
    assert missing_from(alone, configured("data")).names == ("diff", "pipeline")


@pytest.mark.parametrize("told", [(PASSED,), (replace(PASSED, status=Status.FAIL),)])
def test_a_stranger_does_not_get_green_by_owing_less(told: tuple[Finding, ...]) -> None:
    bundle = left("data", owed=configured("data"), findings=told)
    said = report(bundle, BOTH, Occasion.PULL_REQUEST)
    assert said.report.verdict is Verdict.FAILED
    headline = plain(said.report.headline)
    assert ("removes the gate bias" in headline) == (told == (PASSED,))
    assert "the change removes the gate <code>bias</code>" in markdown.render(said.report)
    assert said.document["removed_gates"] == ["bias"]


def test_the_runs_own_word_of_a_removed_gate_is_told_once() -> None:
    told = gate_removed("bias")
    bundle = left("data", owed=configured("data"), findings=(PASSED, told))
    here = report(bundle, configured("data"), Occasion.PULL_REQUEST)
    assert here.report.verdict is Verdict.WARNED
    assert plain(here.report.headline).startswith("You may merge, after a look: the gate bias is removed")
    there = markdown.render(
        report(replace(bundle, evidence=bundle.evidence[::2]), BOTH, Occasion.NONE).report
    )
    assert there.count("removes the gate <code>bias</code>") == 1


CONFIG = "version: 1\nproject: credit\ngates: {data: {datasets: {a: {path: a.csv, contract: c.yaml}}}}\n"


@pytest.mark.parametrize(
    ("base", "removed"),
    [
        (CONFIG, ["data"]),
        ("version: 1\nproject: credit\n", []),
        ("gates: [", ["mlci.yaml"]),
        (None, ["mlci.yaml"]),
    ],
)
def test_a_removed_gate_is_seen_in_the_bases_own_file(tmp_path, base, removed) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": base} if base else {"a": "1"})
    git = GitCli(ProcessRunner({}), story.path, {})
    behind = Snapshot(git=git, files=FileTree(story.path), prefix="", commit=story.head)
    assert [each.subject for each in given_up(behind, configured("bias"))] == removed
