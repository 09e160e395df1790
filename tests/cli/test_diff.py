"""What `mlci diff` says beside its answer."""

import html
import json
import re
from pathlib import Path

import pytest

from mlci.core.diff.json import from_json
from tests.support.program import Ended, run_here, run_python
from tests.support.repository import Repository, repository

CONFIG = """version: 1
project: credit
objectives:
  - {metric: auc, from: metrics.json#/auc, direction: higher, at_least: 0.9}
"""


@pytest.mark.parametrize(("gate", "code"), [((), 0), (("--gate",), 10)])
def test_without_gate_a_diff_that_blocks_says_who_decides(
    tmp_path: Path, gate: tuple[str, ...], code: int
) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.95}'})
    story.branch("work").commit({"metrics.json": '{"auc": 0.5}'})
    said = run_here("-C", str(story.path), "diff", *gate)
    assert said.code == code, said.stderr
    assert ("--gate" in said.stderr) is (not gate)


def test_metrics_in_files_are_compared_without_arrays(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.95}'})
    story.commit({"metrics.json": '{"auc": 0.96}'})
    program = (
        "import sys; from mlci.__main__ import run; run(['diff', 'HEAD~1']); "
        "print(sorted({'numpy', 'polars', 'narwhals', 'jinja2'} & set(sys.modules)), file=sys.stderr)"
    )
    said = run_python("-c", program, cwd=story.path)
    assert "auc" in said.stdout, said.stderr
    assert said.stderr.splitlines()[-1] == "[]"


WAIVER = "  - {{check: {check}, owner: ann, reason: known, until: {until}}}\n"


def told(story: Repository, *arguments: str) -> Ended:
    return run_here("-C", str(story.path), "diff", *arguments)


@pytest.mark.parametrize(
    ("gates", "check"), [("", "diff.objective"), ("gates: {model: }\n", "model.objective")]
)
def test_what_was_accepted_is_no_decision_of_the_diff_either(tmp_path: Path, gates: str, check: str) -> None:
    story = repository(tmp_path / "work").commit(
        {"mlci.yaml": CONFIG + gates, "metrics.json": '{"auc": 0.5}'}
    )
    story.branch("work").commit({"metrics.json": '{"auc": 0.6}'})
    red = told(story, "--gate")
    assert red.code == 10, red.stderr
    assert check in red.stdout

    waived = CONFIG + gates + "waivers:\n" + WAIVER.format(check=check, until="2999-01-01")
    story.commit({"mlci.yaml": waived})
    accepted = told(story, "--gate")
    assert accepted.code == 0, accepted.stdout
    assert "accepted until 2999-01-01, by ann" in " ".join(accepted.stdout.split())

    expired = CONFIG + gates + "waivers:\n" + WAIVER.format(check=check, until="2020-01-01")
    story.commit({"mlci.yaml": expired})
    again = told(story, "--gate")
    assert again.code == 10
    assert "its waiver ended on 2020-01-01" in " ".join(again.stdout.split())
    assert "asks less" not in again.stdout
    assert "that ended on 2020-01-01: it forgives nothing" in " ".join(again.stdout.split())

    idle = CONFIG + gates + "waivers:\n" + WAIVER.format(check="diff.verdict", until="2999-01-01")
    story.commit({"mlci.yaml": idle})
    needless = " ".join(told(story, "--gate").stdout.split())
    assert "diff.verdict is waived until 2999-01-01, and nothing of that is red" in needless

    unasked = CONFIG + gates + "waivers:\n" + WAIVER.format(check="data.rows", until="2999-01-01")
    story.commit({"mlci.yaml": unasked})
    assert "asks less of data.rows" in " ".join(told(story, "--gate").stdout.split())


def test_what_a_change_asks_less_of_is_told_by_the_diff_as_by_the_run(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.95}'})
    story.branch("work").commit({"mlci.yaml": CONFIG.replace("0.9}", "0.1}"), "metrics.json": '{"auc": 0.5}'})
    said = told(story, "--gate")
    assert (said.code, said.stdout.startswith("WARNED")) == (0, True), said.stdout
    assert "`at_least` goes from 0.9 to 0.1" in " ".join(said.stdout.split())


def test_a_program_is_told_the_same_verdict_and_why(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.95}'})
    story.branch("work").commit({"metrics.json": '{"auc": 0.5}'})
    said = told(story, "--gate", "--json")
    answer = json.loads(said.stdout)
    assert (said.code, answer["verdict"]) == (10, "failed")
    assert [(each["check"], each["status"]) for each in answer["findings"]] == [("diff.objective", "fail")]
    assert from_json(said.stdout).metrics[0].head == 0.5


def test_a_clean_main_is_compared_with_its_newest_version(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.97}'})
    story.commit({"metrics.json": '{"auc": 0.95}'})
    said = told(story)
    assert "no version" in said.stdout, said.stdout


def test_a_base_that_cannot_be_had_is_told_before_what_else_is_doubtful(tmp_path: Path) -> None:
    pipeline = "stages: {t: {cmd: x, params: [lr]}}\n"
    lock = "schema: '2.0'\nstages: {t: {cmd: x, params: {params.yaml: {lr: 1}}}}\n"
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.95}'})
    story.commit({"dvc.yaml": pipeline, "dvc.lock": lock, "params.yaml": "lr: 1\n"})
    story.branch("work").commit({"params.yaml": "lr: 2\n"})
    clone = story.clone(tmp_path / "clone", depth=1)
    away = story.path.rename(tmp_path / "away")
    said = told(clone, "--gate")
    lines = " ".join(said.stdout.split())
    assert said.code == 0, said.stderr
    assert (
        "You may merge, after a look: main is not here, so nothing was compared with it and 1 more" in lines
    )
    assert lines.index("diff.base main:") < lines.index("diff.recorded params.yaml:")

    clone.git("remote", "set-url", "origin", str(away))
    clone.git("fetch", "--quiet", "origin", "main")
    again = told(clone, "--gate")
    assert "diff.base" not in again.stdout, again.stdout
    assert "diff.recorded params.yaml" in " ".join(again.stdout.split())


@pytest.mark.parametrize("checked_out", ["main", "work"])
def test_a_head_that_is_named_is_judged_by_its_own_file(tmp_path: Path, checked_out: str) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.95}'})
    story.branch("work").commit({"mlci.yaml": CONFIG.replace("0.9}", "0.99}")}).switch(checked_out)
    said = told(story, "main", "work", "--gate")
    assert (said.code, "expected ≥ 0.99" in said.stdout) == (10, True), said.stdout
    differs = "judged by the mlci.yaml of work, which is not the work tree's" in " ".join(said.stdout.split())
    assert differs is (checked_out == "main")


def test_without_its_own_file_the_work_trees_is_taken_and_a_broken_one_is_an_error(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"metrics.json": '{"auc": 0.5}'})
    story.commit({"mlci.yaml": CONFIG}).branch("broken").commit({"mlci.yaml": "version: 1\nprojekt: x\n"})
    story.switch("main")
    bare = told(story, "main", "main~1", "--gate")
    assert (bare.code, "main~1 has no mlci.yaml" in " ".join(bare.stdout.split())) == (10, True), bare.stdout
    broken = told(story, "main", "broken")
    assert (broken.code, "broken:mlci.yaml:2:1: projekt:" in broken.stderr) == (2, True), broken.stderr


MANY = 250


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Repository:
    """A change that moves more values than a report holds."""
    story = repository(tmp_path_factory.mktemp("many") / "work").commit(
        {
            "mlci.yaml": "version: 1\nproject: credit\n",
            "dvc.yaml": "metrics: [m.json]\n",
            "m.json": json.dumps({f"m{at}": 1.0 for at in range(MANY)}),
        }
    )
    values = {f"m{at}": 1.0 + (at + 1) / 1000 for at in range(MANY - 1)}
    return story.commit({"m.json": json.dumps({**values, "m.new": 1.0})})


def test_all_is_all(moved: Repository) -> None:
    said = told(moved, "HEAD~1", "HEAD", "--all").stdout
    assert said.count("  m.json:m") == MANY + 1
    assert "more" not in said
    whole = told(moved, "HEAD~1", "HEAD", "--md", "--all").stdout
    assert whole.count("m.json&#58;m") == MANY + 1
    assert "more" not in whole


@pytest.mark.parametrize(
    ("arguments", "most", "others"),
    [((), 12, " diff 'HEAD~1' HEAD --all"), (("--md",), 200, " diff 'HEAD~1' HEAD --json")],
)
def test_a_short_list_begins_with_what_changed_most_and_says_where_the_others_are(
    moved: Repository, arguments: tuple[str, ...], most: int, others: str
) -> None:
    said = " ".join(html.unescape(told(moved, "HEAD~1", "HEAD", *arguments).stdout).split())
    assert f"These {most} changed most: first what is new, gone or no number, then by share." in said
    assert f"{MANY + 1 - most} more: " in said
    assert others in said
    assert f"mlci -C {str(moved.path)[:20]}" in said  # it works where this one did
    assert "diff.json" not in said
    assert re.findall(r"m\.json:(m\S+)", re.sub("</?code>", "", said))[:3] == ["m.new", "m249", "m248"]


TWO = CONFIG + "  - {metric: p95, from: metrics.json#/p95, direction: lower, at_most: 20}\n"
DECLARES = {"dvc.yaml": "metrics: [metrics.json]\n"}


@pytest.mark.parametrize(
    ("content", "said"),
    [("{", "metrics.json:1:"), (None, "metrics.json is declared, and it is not there")],
    ids=["broken", "gone"],
)
def test_a_file_that_cannot_be_read_is_told_once_and_red_for_who_accepts_that_alone(
    tmp_path: Path, content: str | None, said: str
) -> None:
    good = '{"auc": 0.95, "p95": 10}'
    story = repository(tmp_path / "work").commit({"mlci.yaml": TWO, "metrics.json": good, **DECLARES})
    story.branch("work").commit({"metrics.json": content})
    red = told(story, "--gate", "--json")
    (finding,) = json.loads(red.stdout)["findings"]
    assert (red.code, finding["check"]) == (10, "diff.readable")
    assert said in finding["message"]
    for row in json.loads(red.stdout)["metrics"]:
        assert row["problem"] == finding["message"]

    story.commit({"mlci.yaml": TWO + "waivers:\n" + WAIVER.format(check="diff.readable", until="2999-01-01")})
    waived = told(story, "--gate", "--json")
    left = [each for each in json.loads(waived.stdout)["findings"] if not each.get("waived")]
    assert waived.code == 10
    assert [(each["check"], each["subject"]) for each in left if each["status"] == "error"] == [
        ("diff.verdict", "auc"), ("diff.verdict", "p95"),
    ]  # fmt: skip


def test_a_value_that_is_not_in_a_file_that_can_be_read_is_told_by_its_objective(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.95}'})
    story.branch("work").commit({"metrics.json": '{"auroc": 0.95}'})
    (finding,) = json.loads(told(story, "--json").stdout)["findings"]
    assert (finding["check"], finding["message"]) == (
        "diff.verdict",
        "metrics.json#/auc is missing, and metrics.json#/auroc is new",
    )
    assert "`report: {renamed: {metrics.json#/auc: metrics.json#/auroc}}`" in finding["help"]

    renamed = CONFIG.replace("#/auc", "#/auroc")
    renamed += "report: {renamed: {metrics.json#/auc: metrics.json#/auroc}}\n"
    story.commit({"mlci.yaml": renamed})
    (row,) = json.loads(told(story, "--json").stdout)["metrics"]
    assert (row["base"], row["head"]) == (0.95, 0.95)


def test_an_answer_has_one_form(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.5}'})
    said = told(story, "--md", "--json")
    assert said.code == 2
    assert "two forms of one answer" in said.stderr


def test_the_command_that_decides_asks_what_this_one_did(tmp_path: Path) -> None:
    story = repository(tmp_path / "work").commit({"mlci.yaml": CONFIG, "metrics.json": '{"auc": 0.5}'})
    said = told(story, "--project", "credit", "--promotion")
    assert f"`mlci -C {story.path} --project credit diff --promotion --gate` decides" in said.stderr
