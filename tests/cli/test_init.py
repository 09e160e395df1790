"""`mlci init` as people and scripts use it."""

import json
import os
import pty
import select
import signal
import stat
import sys
from pathlib import Path

import pytest

from mlci.adapters.process import ProcessRunner
from mlci.ports.process import Command
from tests.support.program import run_here, run_mlci
from tests.support.repository import repository
from tests.support.rights import powerless

CTRL_C = "\x03"


def test_a_second_init_writes_nothing_and_says_so(tmp_path):
    first = run_here("init", str(tmp_path / "credit"), "--yes")
    before = {each: each.stat().st_mtime_ns for each in (tmp_path / "credit").rglob("*")}
    second = run_here("init", str(tmp_path / "credit"), "--yes")
    assert (first.code, second.code) == (0, 0)
    assert "is a project already: nothing to do" in second.stdout
    assert {each: each.stat().st_mtime_ns for each in (tmp_path / "credit").rglob("*")} == before


def test_what_to_type_next_can_be_typed(tmp_path):
    said = run_here(
        "-C", str(tmp_path), "init", "a project's place", "--template", "minimal", "--name", "credit"
    )
    assert said.code == 0
    following = [line.strip() for line in said.stdout.split("Type next:\n")[1].split("\n\n")[0].splitlines()]
    assert following[-1] == "mlci run"
    script = " && ".join(following[:-1])
    done = ProcessRunner(dict(os.environ)).run(Command(argv=("sh", "-c", script), cwd=tmp_path))
    assert done.ok, done.last_lines()


def test_json_says_what_was_written(tmp_path):
    said = run_here("--json", "init", str(tmp_path / "credit"), "--dry-run")
    answer = json.loads(said.stdout)
    assert answer["written"] is False
    assert answer["created"][-1] == "mlci.yaml"
    assert not (tmp_path / "credit").exists()


@pytest.mark.parametrize("name", ["2024", "Größe Ä", "A B", "x" * 100, "null", "-"])
@pytest.mark.parametrize("template", ["minimal", "tabular-classification"])
def test_a_directory_may_have_any_name(tmp_path, name, template):
    directory = tmp_path / name
    directory.mkdir()
    said = run_here("-C", str(directory), "init", "--adopt", "--yes", "--dry-run", "--template", template)
    assert (said.code, said.stderr) == (0, "")
    assert said.stdout.startswith("Would write ")


def test_a_stranger_in_the_directory_is_named_and_the_way_out_too(tmp_path):
    (tmp_path / "notes.txt").touch()
    said = run_mlci("init", str(tmp_path), "--yes")
    assert said.code == 2
    assert "notes.txt" in said.stderr
    assert "--adopt" in said.stderr


def test_adopting_takes_the_branch_that_is_checked_out(tmp_path):
    repository(tmp_path, branch="master").commit({"train.py": "print()\n"})
    said = run_here("init", str(tmp_path), "--adopt", "--yes")
    assert said.code == 0
    assert 'branch: "master"' in (tmp_path / "mlci.yaml").read_text()
    assert "versions come from the branch master" in said.stderr


def test_adopting_on_a_side_branch_takes_the_one_that_the_remote_calls_its_own(tmp_path):
    origin = repository(tmp_path / "origin", branch="trunk").commit({"train.py": "print()\n"})
    origin.clone(tmp_path / "work").branch("begin-mlci")
    run_here("init", str(tmp_path / "work"), "--adopt", "--yes")
    assert 'branch: "trunk"' in (tmp_path / "work/mlci.yaml").read_text()


@pytest.mark.parametrize(
    ("standing", "taken"),
    [(["master"], "master"), (["master", "main"], "main"), (["trunk"], "begin-mlci")],
)
def test_adopting_on_a_side_branch_without_a_remote_takes_the_usual_one(tmp_path, standing, taken):
    first, *others = standing
    story = repository(tmp_path, branch=first).commit({"train.py": "print()\n"})
    for each in (*others, "begin-mlci"):
        story.branch(each)
    run_here("init", str(tmp_path), "--adopt", "--yes")
    assert f'branch: "{taken}"' in (tmp_path / "mlci.yaml").read_text()


@pytest.mark.skipif(os.name != "posix", reason="directory modes are POSIX")
def test_a_read_only_directory_is_a_sentence_not_a_crash(tmp_path):
    # Everything is imported before the rights are gone: a user may not see where root's Python lies.
    assert run_here("init", str(tmp_path / "other"), "--yes").code == 0
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with powerless():
        said = run_here("init", str(tmp_path / "credit"), "--yes")
    tmp_path.chmod(stat.S_IRWXU)
    assert said.code == 3
    assert "ermission denied" in said.stderr


@pytest.mark.skipif(os.name != "posix", reason="a terminal is POSIX here")
def test_a_terminal_is_asked_and_asked_again(tmp_path):
    said, code = on_terminal(["init", "churn"], tmp_path, "minimal\nNo Good\nchurn\n\ngithub\n\n")
    assert code == 0, said
    assert "cannot be used as --name" in said
    text = (tmp_path / "churn/mlci.yaml").read_text()
    assert "project: churn\n" in text
    assert '["github"]' in text
    assert not (tmp_path / "churn/.gitlab-ci.yml").exists()


@pytest.mark.skipif(os.name != "posix", reason="a terminal is POSIX here")
def test_ctrl_c_at_a_question_leaves_nothing(tmp_path):
    said, code = on_terminal(["init", "churn"], tmp_path, CTRL_C)
    assert code == 130, said
    assert list(tmp_path.iterdir()) == []


def on_terminal(arguments: list[str], cwd: Path, typed: str) -> tuple[str, int]:
    """Run mlci on a terminal of its own, this typed at the first question: all it says, and how it ends."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(cwd)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.execv(sys.executable, [sys.executable, "-m", "mlci", *arguments])
    said = _heard(terminal, child)
    os.write(terminal, typed.encode())
    said += b"".join(iter(lambda: _heard(terminal, child, again=typed == CTRL_C), b""))
    os.close(terminal)
    return said.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _heard(terminal: int, child: int, *, again: bool = False) -> bytes:
    """The next words, none at the end. What stays silent is killed."""
    # Between a question and the wait for its answer, Python's `input` can miss a Ctrl-C. Who sees nothing
    # happen types it again.
    if again and not select.select([terminal], [], [], 2)[0]:
        os.write(terminal, CTRL_C.encode())
    if not select.select([terminal], [], [], 20)[0]:
        os.kill(child, signal.SIGKILL)
    return _read(terminal)


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 4096)
    except OSError:
        return b""
