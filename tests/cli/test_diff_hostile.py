"""`mlci diff` on files, names and histories that nobody should be able to hurt it with."""

import json
import os
import sys
from hashlib import md5

import pytest

from tests.support.program import run_here, run_python
from tests.support.repository import Link, repository

CONFIG = """version: 1
project: credit
objectives:
  - {metric: auc, from: FILE#/auc, direction: higher, at_least: 0.9}
"""
GOOD = {"m.json": '{"auc": 0.95}', "m.yaml": "auc: 0.95\n", "m.toml": "auc = 0.95\n"}
CONFLICT = '<<<<<<< ours\n{"auc": 0.99}\n=======\n{"auc": 0.98}\n>>>>>>> theirs\n'
DEEP = 10_000


def project(path, name="m.json", **more):
    """A project with one metrics file that is good on main, and a branch to spoil it on."""
    files = {
        "mlci.yaml": CONFIG.replace("FILE", name),
        "dvc.yaml": f"metrics: [{name}]\n",
        name: GOOD[name],
    }
    return repository(path).commit(files | more).branch("work")


def ended(story, *arguments):
    found = run_here("-C", str(story.path), "diff", *arguments)
    assert "Traceback" not in found.stdout + found.stderr
    return found


def problems(story, *revisions):
    """What stands among the problems of the JSON; it and the comment say red."""
    assert ended(story, *revisions, "--gate", "--md").code == 10
    found = ended(story, *revisions, "--gate", "--json")
    assert found.code == 10
    return json.loads(found.stdout)["problems"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("m.json", None, "m.json is declared, and it is not there"),
        ("m.yaml", None, "m.yaml is declared, and it is not there"),
        ("m.json", "", "m.json:1:1: not JSON: Expecting value"),
        ("m.json", '{"auc": 0.9', "m.json:1:12: not JSON: Expecting ',' delimiter"),
        ("m.toml", "auc = ", "m.toml: not TOML: "),
        ("m.json", CONFLICT, "m.json:1:1: a merge conflict was left in the file"),
        ("m.yaml", "auc: 0.9\n" + CONFLICT, "m.yaml:2:1: a merge conflict was left in the file"),
        ("m.toml", CONFLICT, "m.toml:1:1: a merge conflict was left in the file"),
        ("m.json", b"\x89PNG\r\n\0\xff", "m.json:1:1: the byte 0x89 is not UTF-8"),
        ("m.yaml", b"\x89PNG\r\n\0\xff", "m.yaml:1:1: the byte 0x89 is not UTF-8"),
        ("m.json", '{"auc": 1}'.encode("utf-16"), "m.json: the file is UTF-16 or UTF-32"),
        ("m.json", '{"auc": 1, "auc": 2}', "m.json: the key 'auc' stands twice"),
        ("m.yaml", "auc: 1\nauc: 2\n", "m.yaml:2:1: the key 'auc' stands twice, first on line 1"),
        ("m.toml", "auc = 1\nauc = 2\n", "m.toml: not TOML: "),
        ("m.json", f'{{"auc": {"9" * 5_000}}}', "m.json: a number of 5000 characters"),
        ("m.toml", f"auc = {'9' * 5_000}", "m.toml: a number of more than 4300 digits"),
        ("m.json", '{"auc":' * DEEP + "1" + "}" * DEEP, "m.json: more than 100 levels"),
        ("m.json", '{"auc":' + "[" * DEEP + "]" * DEEP + "}", "m.json: more than 100 levels"),
        ("m.yaml", "auc: " + "[" * DEEP + "]" * DEEP, "m.yaml:1:"),
        ("m.toml", "auc = " + "[" * DEEP + "]" * DEEP, "m.toml: more than 100 levels"),
        ("m.toml", f"auc{'.a' * DEEP} = 1\n", "m.toml: more than 100 levels"),
        (
            "m.toml",
            f"[auc{' . a' * 2_000}]\n" + "".join(f"k{at} = 1\n" for at in range(20_000)),
            "m.toml: more",
        ),
    ],
)
def test_a_file_that_cannot_be_read_is_told_with_its_place(tmp_path, name, content, said):
    story = project(tmp_path / "work", name).commit({name: content})
    for revisions in ((), ("HEAD~1", "HEAD")):
        (problem,) = problems(story, *revisions)
        assert problem.startswith(said)
        # Of a file that is there and cannot be read nobody knows that its values are gone.
        moved = json.loads(ended(story, *revisions, "--json").stdout)["values"]
        assert bool(moved) is (content is None)
    back = ended(story, "HEAD", "HEAD~1", "--gate", "--json")
    assert back.code == 0
    (note,) = json.loads(back.stdout)["notes"]
    assert note.startswith(f"in the base, {said}")


def test_a_number_that_is_too_long_for_yaml_is_text(tmp_path):
    story = project(tmp_path / "work", "m.yaml").commit({"m.yaml": f"auc: {'9' * 5_000}\n"})
    found = ended(story, "--gate")
    assert (found.code, "m.yaml#/auc is text, not a number" in found.stdout) == (10, True)


@pytest.mark.parametrize(
    ("name", "target"),
    [("m.json", "../secret"), ("m.yaml", "../secret"), ("m.json", "m.json"), ("m.yaml", "nothing")],
)
def test_a_link_is_no_metrics_file_in_a_commit_or_out_of_the_project(tmp_path, name, target):
    (tmp_path / "secret").write_text('{"auc": 0.99, "password": "hunter2"}')
    story = project(tmp_path / "work", name).commit({name: Link(target)})
    assert problems(story, "HEAD~1", "HEAD") == [f"{name} is a symbolic link: commit the file itself"]
    (problem,) = problems(story)
    assert name in problem
    assert "hunter2" not in ended(story, "--json").stdout


def test_the_work_tree_says_of_a_committed_link_what_the_commit_says(tmp_path):
    story = project(tmp_path / "work").commit({"m.json": Link("other.json"), "other.json": '{"auc": 0.95}'})
    assert problems(story) == problems(story, "HEAD~1", "HEAD")


def test_a_directory_of_metrics_is_its_files(tmp_path):
    story = project(tmp_path / "work").commit(
        {"m.json": None, "dvc.yaml": "metrics: [m]\n", "m/a.json": "{}"}
    )
    story.commit({"m/a.json": '{"loss": 1}', "m/deep/b.yaml": "loss: 2\n"})
    for revisions in (("HEAD~1", "HEAD"), ("HEAD~1",)):
        found = json.loads(ended(story, *revisions, "--json").stdout)
        assert [each["path"] for each in found["values"]] == ["m/a.json", "m/deep/b.yaml"]


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names are text")
def test_what_is_declared_in_a_directory_without_a_name_in_text_is_told(tmp_path):
    story = project(tmp_path / "work")
    story.write({"d\udcff/dvc.yaml": "metrics: [m.json]\n", "d\udcff/m.json": '{"loss": 1}'}).commit()
    for revisions in ((), ("HEAD~1", "HEAD")):
        (problem,) = problems(story, *revisions)
        assert problem.endswith("dvc.yaml: this path is not UTF-8: rename it")


def test_what_is_gits_own_is_no_metrics_file(tmp_path):
    story = project(tmp_path / "work").write({"dvc.yaml": "metrics: [m.json, .git/HEAD, sub/.git/x.json]\n"})
    assert len(problems(story)) == 2
    assert "refs/heads" not in ended(story).stdout


@pytest.mark.parametrize(
    "value", ["x" * 70_000, [0.123] * 10_000, {"k" * 70_000: 1.0}], ids=["text", "list", "name"]
)
def test_no_value_hides_the_others_and_floods_no_terminal(tmp_path, value):
    story = project(tmp_path / "work").commit({"m.json": json.dumps({"auc": 0.91, "z": value})})
    told = ended(story, "HEAD~1", "HEAD", "--md").stdout
    assert "<code>0.91</code>" in told
    assert len(told) < 4_000
    assert len(ended(story, "HEAD~1", "HEAD").stdout) < 4_000
    assert len(ended(story, "HEAD~1", "HEAD", "--all").stdout) < 4_000
    assert len(ended(story, "HEAD~1", "HEAD", "--json").stdout) > 50_000


def test_what_stands_where_a_metrics_file_should_be_is_named(tmp_path):
    story = project(tmp_path / "work")
    story.write({"m.json": None})
    (story.path / "m.json").mkdir()
    assert problems(story) == ["m.json is not a regular file"]


MADE = """stages:
  train:
    cmd: x
    metrics: [{m.json: {cache: false}}]
"""
RECORDED = f"""schema: '2.0'
stages:
  train:
    cmd: x
    outs:
    - {{path: m.json, hash: md5, md5: {md5(GOOD["m.json"].encode()).hexdigest()}, size: 13}}
"""


def put_pipe(place):
    os.mkfifo(place)


def put_directory(place):
    place.mkdir()


def put_link_out(place):
    place.with_name("secret").write_text("{}")
    place.symlink_to("../secret")


def put_link_to_nothing(place):
    place.symlink_to("nothing")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among its files")
@pytest.mark.parametrize("made", [True, False])
@pytest.mark.parametrize("put", [put_pipe, put_directory, put_link_out, put_link_to_nothing])
def test_what_is_no_file_in_the_work_tree_is_one_red_finding_that_names_it(tmp_path, put, made):
    more = {"dvc.yaml": MADE, "dvc.lock": RECORDED} if made else {}
    story = project(tmp_path / "work").commit(more)
    story.write({"m.json": None})
    put(story.path / "m.json")
    found = ended(story, "HEAD", "--gate", "--json")
    (finding,) = json.loads(found.stdout)["findings"]
    assert (found.code, finding["check"], finding["subject"]) == (10, "diff.readable", "m.json")
    assert ("mlci run" in finding["help"]) is made or put is put_link_to_nothing


@pytest.mark.parametrize("made", [True, False])
def test_a_directory_in_place_of_a_metrics_file_is_red(tmp_path, made):
    more = {"dvc.yaml": MADE, "dvc.lock": RECORDED} if made else {}
    story = (
        project(tmp_path / "work").commit(more).write({"m.json": None}).write({"m.json/x.txt": "1"}).commit()
    )
    for revisions in (("HEAD~1",), ("HEAD~1", "HEAD")):
        assert problems(story, *revisions)[0] == "m.json is a directory, and was a metrics file"
    # With no file to compare with, the record alone tells that there was one.
    assert ("m.json is a directory, and was a metrics file" in problems(story, "HEAD", "HEAD")) is made


PREDICTING = """version: 1
project: credit
models:
  income: {path: m.skops, task: binary, predictions: p.csv}
objectives:
  - {model: income, metric: accuracy, may_drop: 0.01}
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among its files")
@pytest.mark.parametrize("put", [put_pipe, put_directory, put_link_out])
def test_what_is_no_file_where_predictions_should_be_is_red(tmp_path, put):
    story = repository(tmp_path / "work").commit({
        "mlci.yaml": PREDICTING,
        "dvc.yaml": MADE.replace("metrics: [{m.json: {cache: false}}]", "outs: [m.skops, p.csv]"),
        "dvc.lock": RECORDED.replace("m.json", "p.csv"),
        ".gitignore": "p.csv\n",
    })  # fmt: skip
    put(story.path / "p.csv")
    found = ended(story, "HEAD", "--gate", "--json")
    told = {each["check"]: each["message"] for each in json.loads(found.stdout)["findings"]}
    assert found.code == 10
    assert "p.csv cannot be used" in told["diff.verdict"]


@pytest.mark.parametrize(
    ("spoilt", "subject", "line", "help_"),
    [
        (
            {"params.yaml": "lr: 1\nlr: 2\n"},
            "params.yaml",
            2,
            "edit params.yaml, line 2: keep one of the two",
        ),
        ({"params.yaml": "a: 1\n" + CONFLICT}, "params.yaml", 2, "edit params.yaml, line 2: choose one side"),
        ({"params.yaml": "lr: 1", "made.json": "{"}, "made.json", 1, "`mlci run` makes it again"),
        ({"dvc.yaml": "stages: [\n"}, "dvc.yaml", 2, "edit dvc.yaml, line 2: check quotes"),
        ({"dvc.lock": CONFLICT}, "dvc.lock", 1, "mlci lock resolve"),
        ({"dvc.lock": "stages: ["}, "dvc.lock", 2, "git checkout COMMIT -- dvc.lock"),
        ({"m.json": "{"}, "m.json", 1, "edit m.json, line 1"),
        ({"m.json": None}, "m.json", None, "commit the file, or take it out"),
    ],
)
def test_a_file_is_mended_by_who_wrote_it(tmp_path, spoilt, subject, line, help_):
    pipeline = MADE.replace("m.json", "made.json") + "    params: [lr]\nmetrics: [m.json]\n"
    story = project(tmp_path / "work").commit({
        "dvc.yaml": pipeline,
        "dvc.lock": RECORDED.replace("m.json", "made.json"),
        "made.json": GOOD["m.json"],
        "params.yaml": "lr: 1",
    })  # fmt: skip
    story.commit(spoilt)
    # Of a dvc.yaml that is broken in the work tree no command gets as far as to compare anything.
    here = [] if "dvc.yaml" in spoilt else [("HEAD~1",)]
    story.write({"dvc.yaml": pipeline})
    for revisions in (*here, ("HEAD~1", "HEAD")):
        found = json.loads(ended(story, *revisions, "--gate", "--json").stdout)["findings"]
        (told,) = [each for each in found if each["check"] == "diff.readable"]
        assert (told["subject"], (told.get("location") or {}).get("line")) == (subject, line)
        assert help_ in told["help"]


def test_without_metrics_in_the_base_all_are_new(tmp_path):
    story = repository(tmp_path / "work").commit({"mlci.yaml": "version: 1\nproject: credit\n"})
    story.branch("work").commit({"mlci.yaml": CONFIG.replace("FILE", "m.json"), "m.json": GOOD["m.json"]})
    found = json.loads(ended(story, "--gate", "--json").stdout)
    assert [(each["metric"], each["note"]) for each in found["metrics"]] == [("auc", "no baseline")]
    assert found["notes"] == ["in the base, m.json is declared, and it is not there"]


NAMES = {
    "pipe|x": "&#124;",
    "tick`x``y": "&#96;",
    "new\nline": "new line",
    "@everyone": "&#64;everyone",
    "<img src=x onerror=alert(1)>": "&#60;img",
    "\u202eevil\u202c": "evil",
    "::error::x": "&#58;&#58;error",
    "##[error]x": "&#35;&#35;&#91;error",
    "</details>": "&#60;&#47;details",
    "\x1b[31mred": "&#91;31mred",
}


def test_names_and_texts_stay_inert(tmp_path):
    def written(value):
        return json.dumps({"auc": 0.95} | {f"{name}{each}": value for name in NAMES for each in ("", name)})

    story = project(tmp_path / "work").commit({"m.json": written("a")})
    story.commit({"m.json": written("@everyone <img src=x>|`\n::error::no")})
    told = ended(story, "HEAD~1", "HEAD", "--md").stdout
    assert all(expected in told for expected in NAMES.values())
    assert not any(each in told for each in ("@everyone", "<img", "\u202e", "\x1b", "\n::error"))
    told = ended(story, "HEAD~1", "HEAD").stdout
    assert not any(each in told for each in ("\u202e", "\x1b", "\n::error", "##[error]"))
    told = ended(story, "HEAD~1", "HEAD", "--json").stdout
    assert not any(each in told for each in ("\u202e", "\x1b", "##[error]"))
    kept = json.loads(told)["values"]
    assert {"pipe|x", "\u202eevil\u202c"} <= {each["key"][0] for each in kept}


# Runs the program and prints the most memory it held, in megabytes.
PEAK = """
import resource, subprocess, sys
ended = subprocess.run([sys.executable, "-m", "mlci", *sys.argv[1:]], stdout=subprocess.DEVNULL).returncode
unit = 1 << (20 if sys.platform == "darwin" else 10)
print(ended, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // unit)
"""


def peak(story, *arguments):
    said = run_python("-c", PEAK, "-C", str(story.path), "diff", *arguments, timeout=300)
    code, megabytes = said.stdout.split()
    return int(code), int(megabytes)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts memory otherwise")
@pytest.mark.parametrize("revisions", [(), ("HEAD~1", "HEAD")])
def test_a_hundred_megabytes_are_refused_before_they_are_read(tmp_path, revisions):
    huge = b'{"auc": 0.9, "x": "' + b"a" * 100_000_000 + b'"}'
    story = project(tmp_path / "work").commit({"m.json": huge})
    assert problems(story, *revisions) == ["m.json is larger than 64 MiB"]
    code, megabytes = peak(story, *revisions, "--gate")
    assert code == 10
    assert megabytes < 100


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts memory otherwise")
@pytest.mark.parametrize("form", ["--json", "--md"])
def test_a_hundred_thousand_keys_take_300_megabytes_at_most(tmp_path, form):
    story = repository(tmp_path / "work")
    for at in (0, 1):
        many = {f"a{one}": {f"b{two}": one * two + at + 0.5 for two in range(100)} for one in range(1_000)}
        story.commit({
            "mlci.yaml": "version: 1\nproject: credit\n",
            "m.json": json.dumps(many),
            "dvc.yaml": "metrics: [m.json]\n",
        })  # fmt: skip
    code, megabytes = peak(story, "HEAD~1", "HEAD", form)
    assert (code, megabytes < 300) == (0, True), megabytes
