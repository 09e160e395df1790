"""The whole of `mlci run` on a real pipeline: what it leaves, of which commit it speaks, how it ends."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlci.app.run import compared
from tests.support.program import Ended, child_environment, run_here
from tests.support.repository import Repository, repository

pytestmark = pytest.mark.slow

MAKE = """
import json, sys
from pathlib import Path
text = Path("raw.txt").read_text()
Path("rows.csv").write_text("id\\n" + text)
Path("metrics.json").write_text(json.dumps({"rows": len(text.split())}))
sys.exit("bad" in text)
"""
PIPELINE = f"""
stages:
  make:
    cmd: {sys.executable} make.py
    deps: [raw.txt, make.py]
    outs: [rows.csv]
    metrics: [{{metrics.json: {{cache: false}}}}]
"""
FILES = {
    "mlci.yaml": """
version: 1
project: credit
gates: {data: {datasets: {rows: {path: rows.csv, contract: contract.yaml}}}}
""",
    "contract.yaml": "columns: {id: {type: integer}}\nrows: {at_least: 2}\n",
    ".gitignore": ".mlci/\nrows.csv\n",
    "raw.txt": "1\n2\n3\n",
    "make.py": MAKE,
    "dvc.yaml": PIPELINE,
}


@pytest.fixture(autouse=True)
def _at_a_desk(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in set(os.environ.keys() - child_environment().keys()):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def story(tmp_path: Path) -> Repository:
    return repository(tmp_path / "work").with_dvc("storage").commit(FILES)


def in_ci(monkeypatch: pytest.MonkeyPatch, story: Repository) -> None:
    ci = {"GITHUB_ACTIONS": "true", "GITHUB_EVENT_NAME": "push", "GITHUB_REF": "refs/heads/main"}
    for name, value in {**ci, "GITHUB_SHA": story.head}.items():
        monkeypatch.setenv(name, value)


def mlci_run(story: Repository, *arguments: str) -> Ended:
    return run_here("-C", str(story.path), "run", *arguments)


def evidence(story: Repository) -> dict[str, dict]:
    return {each.stem: json.loads(each.read_text()) for each in (story.path / ".mlci/evidence").iterdir()}


def commits(story: Repository) -> set[str]:
    return {each["commit"] for each in evidence(story).values()}


def statuses(story: Repository) -> dict[str, str]:
    return {each["check"]: each["status"] for each in evidence(story)["pipeline"]["findings"]}


def test_the_first_run_of_a_project_is_green_and_says_what_to_type_next(story: Repository) -> None:
    first = mlci_run(story)
    assert first.code == 0, first.stdout + first.stderr
    assert set(evidence(story)) == {"data", "diff", "pipeline"}
    assert commits(story) == {f"{story.head}+changes"}
    assert "next: git add dvc.lock metrics.json && git commit\nnext: dvc push\n" in first.stderr
    assert first.stdout.startswith("PASSED: Ready to be registered")

    story.commit()
    again = mlci_run(story)
    assert (again.code, commits(story)) == (0, {story.head})
    assert "next:" not in again.stderr


def test_what_is_said_to_be_typed_next_commits_what_was_measured(story: Repository) -> None:
    assert mlci_run(story).code == 0
    story.commit()
    story.branch("work").write({"raw.txt": "1\n2\n3\n4\n", "a note.txt": "4"})
    said = mlci_run(story)
    (line,) = (each for each in said.stderr.splitlines() if each.startswith("next: git add"))
    script = line.removeprefix("next: ") + " --quiet --message more"
    assert subprocess.run(["sh", "-c", script], cwd=story.path, check=False).returncode == 0
    assert story.git("status", "--porcelain") == ""
    assert run_here("-C", str(story.path), "report", "--gate").code == 0


def test_a_red_pipeline_is_not_judged_and_nothing_old_is_left(story: Repository) -> None:
    assert mlci_run(story).code == 0
    story.write({"raw.txt": "bad\n"})
    red = mlci_run(story)
    assert red.code == 10
    assert set(evidence(story)) == {"pipeline"}
    assert "stage make (1 of 1): failed" in re.sub(r", about \d+ s\)", ")", red.stderr)
    assert "next:" not in red.stderr
    assert not (story.path / ".mlci/report/diff.json").exists()


def test_a_red_gate_ends_with_10_and_is_told_as_mains(story: Repository) -> None:
    story.commit({"raw.txt": "1\n"})
    red = mlci_run(story)
    assert red.code == 10
    assert red.stdout.startswith("FAILED: Must not be registered: data.rows")


def test_changes_at_a_desk_are_marked_and_judged_as_a_change(story: Repository) -> None:
    assert mlci_run(story).code == 0
    story.commit()
    story.write({"notes.txt": "not committed"})
    said = mlci_run(story)
    assert said.stdout.startswith("PASSED: You may merge")
    assert commits(story) == {f"{story.head}+changes"}


def test_ci_is_red_over_a_lock_that_is_not_committed(
    story: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.commit({"mlci.yaml": FILES["mlci.yaml"] + "ci: {lock: ci}\n"})
    in_ci(monkeypatch, story)
    assert mlci_run(story).code == 10
    assert commits(story) == {story.head}
    # What it made is published before it is red, so that taking the lock needs no second training.
    told = {"pipeline.reproduced": "pass", "pipeline.lock": "fail", "pipeline.published": "pass"}
    assert statuses(story) == told
    assert set(evidence(story)) == {"pipeline"}


def test_a_part_of_a_run_leaves_nothing_to_register_by(story: Repository) -> None:
    said = mlci_run(story, "--stage", "make")
    assert (said.code, commits(story)) == (0, {f"{story.head}+changes+part"})
    assert said.stdout.startswith("PASSED: Reproduced, and nothing was judged")
    before = evidence(story)
    unknown = mlci_run(story, "--stage", "nope")
    assert unknown.code == 2
    assert "[stage-unknown]" in unknown.stderr
    assert evidence(story) == before


def test_a_removed_gate_is_told_by_name(story: Repository) -> None:
    assert mlci_run(story).code == 0
    story.commit().branch("less").commit({"mlci.yaml": "version: 1\nproject: credit\n"})
    said = mlci_run(story)
    assert said.code == 0
    assert said.stdout.startswith("WARNED: You may merge, after a look: the gate data is removed")
    assert evidence(story)["pipeline"]["figures"]["owed"] == []


def test_nothing_at_all_is_not_ready_to_be_registered(tmp_path: Path) -> None:
    bare = repository(tmp_path / "work").with_dvc()
    bare.commit({"mlci.yaml": "version: 1\nproject: credit\n", "dvc.yaml": "stages: {}\n"})
    said = mlci_run(bare)
    assert said.code == 0
    assert said.stdout.startswith("Nothing is judged: there is no stage to reproduce and no gate")


def test_an_output_that_git_keeps_is_restored(story: Repository) -> None:
    assert mlci_run(story).code == 0
    story.commit()
    (story.path / "metrics.json").unlink()
    assert mlci_run(story).code == 0
    assert (story.path / "metrics.json").exists()
    assert commits(story) == {story.head}


@pytest.mark.parametrize("default", [None, "empty"])
def test_a_clone_reads_from_the_remote_that_is_configured(
    story: Repository, tmp_path: Path, default: str | None
) -> None:
    story.commit({"mlci.yaml": FILES["mlci.yaml"] + "remotes: {read: storage}\n"})
    assert mlci_run(story).code == 0
    story.dvc("push", "--quiet")
    story.dvc("remote", "add", "--quiet", "empty", str(tmp_path / "nothing"))
    story.dvc("remote", "default", *([default] if default else ["--unset"]))
    clone = story.commit().clone(tmp_path / "clone")
    said = mlci_run(clone)
    assert said.code == 0, said.stdout + said.stderr
    assert (clone.path / "rows.csv").exists()
    assert evidence(clone)["pipeline"]["figures"]["ran"] == {}


def test_a_remote_that_is_not_there_is_told_from_a_forgotten_push(
    story: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mlci_run(story).code == 0
    clone = story.commit().clone(tmp_path / "clone")
    in_ci(monkeypatch, clone)
    assert mlci_run(clone).code == 10
    assert statuses(clone) == {"pipeline.remote": "fail"}
    (tmp_path / "work-storage").mkdir()
    assert mlci_run(clone).code == 10
    assert statuses(clone) == {"pipeline.pushed": "fail"}


PREDICT = """
import json
from pathlib import Path
rows = json.loads(Path("raw.txt").read_text())
answers = ["id,y_true,y_pred,y_score"]
for row in range(rows):
    truth, hit = row % 2, row % 7 != 0
    label = truth if hit else 1 - truth
    answers.append(f"{row},{truth},{label},{0.2 + 0.6 * label}")
Path("model").write_text("m")
Path("predictions.csv").write_text("\\n".join(answers) + "\\n")
"""
PREDICTING = {
    "mlci.yaml": """
version: 1
project: credit
models: {income: {path: model, task: binary, test: test.csv, predictions: predictions.csv}}
objectives: [{model: income, metric: accuracy, at_least: 0.7}]
gates: {model: {beats_dummy: true}}
""",
    ".gitignore": ".mlci/\nmodel\npredictions.csv\n",
    "raw.txt": "400",
    "test.csv": "id,age\n" + "".join(f"{row},{20 + row % 50}\n" for row in range(400)),
    "predict.py": PREDICT,
    "dvc.yaml": f"""
stages:
  predict:
    cmd: {sys.executable} predict.py
    deps: [raw.txt, predict.py]
    outs: [model, predictions.csv]
""",
}


GATED = PREDICTING["mlci.yaml"]


@pytest.mark.parametrize(
    ("config", "gate"), [(GATED, "model"), (GATED.partition("gates:")[0], "diff")], ids=["gate", "no gate"]
)
def test_a_run_whose_predictions_leave_out_test_rows_ends_with_10(
    tmp_path: Path, config: str, gate: str
) -> None:
    story = repository(tmp_path / "work").with_dvc("storage").commit({**PREDICTING, "mlci.yaml": config})
    whole = mlci_run(story)
    (asked,) = [each for each in evidence(story)[gate]["findings"] if each["check"] == f"{gate}.coverage"]
    assert (whole.code, asked["message"]) == (0, "each of 400 rows of test.csv has its prediction")

    story.commit({"raw.txt": "100"})
    short = mlci_run(story)
    assert short.code == 10
    assert f"Must not be registered: {gate}.coverage fails on income" in short.stdout
    assert f"{gate}.coverage income: no prediction for 300 of 400 rows of test.csv" in short.stdout
    findings = evidence(story)[gate]["findings"]
    assert [each["check"] for each in findings if each["status"] != "pass"] == [f"{gate}.coverage"]


def _coverage(findings: list[dict]) -> dict[str, dict]:
    return {each["check"]: each for each in findings if each["check"].endswith(".coverage")}


def test_a_diff_alone_asks_what_both_gates_ask_of_whole_predictions(tmp_path: Path) -> None:
    gates = "gates: {bias: {sensitive: [group]}, model: {beats_dummy: false}}\n"
    waived = "waivers:\n  - {check: model.coverage, owner: ann, reason: known, until: 2999-01-01}\n"
    rows = [f"{each},{each % 2},{'ab'[each % 3 > 0]}" for each in range(400)]
    some = [f"{each},{each % 2},{each % 2}" for each in range(100)]
    story = repository(tmp_path / "work").commit({
        "mlci.yaml": GATED.partition("gates:")[0] + gates + waived,
        "test.csv": "\n".join(["id,y_true,group", *rows, ""]),
        "predictions.csv": "\n".join(["id,y_true,y_pred", *some, ""]),
        "model": "m",
    })  # fmt: skip
    said = run_here("-C", str(story.path), "diff", "--gate", "--json")
    told = _coverage(json.loads(said.stdout)["findings"])
    assert said.code == 10, said.stdout
    assert {check: each["status"] for check, each in told.items()} == {
        "model.coverage": "fail", "bias.coverage": "fail",
    }  # fmt: skip
    tested = json.loads(run_here("-C", str(story.path), "test", "--json").stdout)
    assert told == _coverage([each for gate in tested["evidence"] for each in gate["findings"]])


def test_a_metrics_file_that_was_committed_by_hand_is_red_in_ci_and_in_a_diff_and_what_both_say_mends_it(
    story: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert mlci_run(story).code == 0
    story.commit()
    story.dvc("push", "--quiet")
    made = (story.path / "metrics.json").read_text()
    story.commit({"metrics.json": '{"rows": 1000}'})
    with monkeypatch.context() as job:
        in_ci(job, story)
        assert mlci_run(story).code == 10
    red = run_here("-C", str(story.path), "diff", "--gate")
    assert red.code == 10, red.stdout
    assert "mlci run, then git add metrics.json and commit it" in " ".join(red.stdout.split())
    assert run_here("-C", str(story.path), "diff", "HEAD~1", "HEAD", "--gate").code == 10

    assert mlci_run(story).code == 0
    assert (story.path / "metrics.json").read_text() == made
    story.git("add", "metrics.json")
    story.commit()
    assert run_here("-C", str(story.path), "diff", "--gate").code == 0
    with monkeypatch.context() as job:
        in_ci(job, story)
        assert mlci_run(story).code == 0


def test_the_same_tree_on_a_main_that_has_moved_was_not_compared_with_it(story: Repository) -> None:
    story.branch("better").write({"raw.txt": "1\n2\n3\n4\n"})
    assert mlci_run(story).code == 0
    measured = story.head
    story.git("commit", "--quiet", "--allow-empty", "--message", "Main moves")
    story.git("update-ref", "refs/heads/main", "HEAD")
    story.commit()
    moved = run_here("-C", str(story.path), "report", "--gate")
    assert (moved.code, "help: mlci run" in moved.stderr) == (7, True), moved.stdout

    story.git("reset", "--quiet", "--soft", measured)
    story.commit()
    assert run_here("-C", str(story.path), "report", "--gate").code == 0


def test_a_file_that_was_edited_while_gates_looked_is_not_what_was_measured(
    story: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    story.branch("better").write({"raw.txt": "1\n2\n3\n4\n", "new.txt": "as the stages saw it"})

    def edited(*arguments: object) -> object:
        story.write({"new.txt": "as the diff saw it"})
        return compared(*arguments)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr("mlci.app.run.compared", edited)
        assert mlci_run(story).code == 0
    story.commit({"new.txt": "as the stages saw it"})
    assert run_here("-C", str(story.path), "report", "--gate").code == 7


def test_what_was_measured_and_then_committed_as_it_was_need_not_run_again(story: Repository) -> None:
    story.branch("better").write({"raw.txt": "1\n2\n3\n4\n", "new.txt": "x\n", "contract.yaml": None})
    story.write({"contract.yaml": "columns: {id: {type: integer}}\nrows: {at_least: 1}\n"})
    ran = mlci_run(story)
    assert ran.code == 0, ran.stdout + ran.stderr
    assert commits(story) == {f"{story.head}+changes"}
    story.commit()
    report = ("-C", str(story.path), "report", "--gate")
    same = run_here(*report)
    assert (same.code, "The evidence is of" in same.stdout) == (0, False), same.stderr

    story.write({"note.txt": "not measured"})
    dirty = run_here(*report)
    assert (dirty.code, "help: mlci run" in dirty.stderr) == (7, True)
    story.commit()
    assert run_here(*report).code == 7
    assert mlci_run(story).code == 0
    assert run_here(*report).code == 0


@pytest.mark.parametrize("late", ["raw.txt", "new.txt"])
def test_a_file_that_was_committed_otherwise_than_it_was_measured_is_another_tree(
    story: Repository, late: str
) -> None:
    story.branch("better").write({"raw.txt": "1\n2\n3\n4\n", "new.txt": "x\n"})
    assert mlci_run(story).code == 0
    story.commit({late: "1\n2\n"})
    assert run_here("-C", str(story.path), "report", "--gate").code == 7


def test_a_commit_on_main_is_judged_anew_for_it_is_held_against_the_newest_version(story: Repository) -> None:
    assert mlci_run(story).code == 0
    story.commit()
    said = run_here("-C", str(story.path), "report", "--gate")
    assert (said.code, "help: mlci run" in said.stderr) == (7, True)


def test_what_a_diff_says_puts_a_displaced_file_back_as_it_was(tmp_path: Path) -> None:
    metrics = PREDICT.replace("rows = ", "Path('m.json').write_text('{}')\nrows = ")
    pipeline = PREDICTING["dvc.yaml"] + "    metrics: [{m.json: {cache: false}}]\n"
    story = repository(tmp_path / "work").with_dvc("storage")
    story.commit({**PREDICTING, "predict.py": metrics, "dvc.yaml": pipeline})
    assert mlci_run(story).code == 0
    story.commit().branch("work").commit({"note": "1"})

    def advised() -> dict[str, str]:
        answer = json.loads(run_here("-C", str(story.path), "diff", "--json").stdout)
        return {
            each["subject"]: each["help"] for each in answer["findings"] if each["check"] == "diff.recorded"
        }

    (story.path / "predictions.csv").chmod(0o644)
    story.write({"predictions.csv": "id\n", "m.json": '{"a": 1}', "predict.py": metrics + "# slow\n"})
    assert advised() == {
        "m.json": "mlci run, or git checkout -- m.json",
        "predict.py": "mlci run",
        "predictions.csv": "mlci run, or dvc checkout predictions.csv",
    }
    story.git("checkout", "--", "m.json")
    story.dvc("checkout", "--force", "predictions.csv")
    assert advised() == {"predict.py": "mlci run"}
    assert mlci_run(story).code == 0
    assert advised() == {}
