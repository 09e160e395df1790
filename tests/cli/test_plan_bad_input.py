"""Bad pipelines, through the program: what, where and what to type, and the exit code; never a traceback."""

import json
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.program import run_here
from tests.support.repository import repository
from tests.support.rights import disown, powerless

MD5_OF_X = "9dd4e461268c8034f5c8564e155c67a6"
PIPELINE = """\
stages:
  prepare: {cmd: cp raw data, deps: [raw], params: [rate], outs: [data]}
  train: {cmd: cp data model, deps: [data], outs: [model]}
"""
LOCK = f"""\
schema: '2.0'
stages:
  prepare:
    cmd: cp raw data
    deps: [{{path: raw, hash: md5, md5: {MD5_OF_X}, size: 1}}]
    params: {{params.yaml: {{rate: 1}}}}
    outs: [{{path: data, hash: md5, md5: {MD5_OF_X}, size: 1}}]
  train:
    cmd: cp data model
    deps: [{{path: data, hash: md5, md5: {MD5_OF_X}, size: 1}}]
    outs: [{{path: model, hash: md5, md5: {MD5_OF_X}, size: 1}}]
"""
FILES = {
    "mlci.yaml": "version: 1\nproject: credit\n",
    "dvc.yaml": PIPELINE,
    "dvc.lock": LOCK,
    "params.yaml": "rate: 1\n",
    ".gitignore": "/data\n/model\n/.mlci\n",
    **dict.fromkeys(("raw", "data", "model"), "x"),
}
BOMB = "a0: &a0 [x, x]\n" + "".join(
    f"a{at}: &a{at} [{', '.join([f'*a{at - 1}'] * 9)}]\n" for at in range(1, 10)
)
OTHER_LOCK = "schema: '2.0'\nstages:\n"


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("bad") / "clean").with_dvc().commit(FILES).path


@pytest.fixture
def here(tmp_path: Path, clean: Path) -> Path:
    return Path(shutil.copytree(clean, tmp_path / "credit"))


def stages(text: str) -> Callable[[Path], object]:
    return lambda here: (here / "dvc.yaml").write_text(f"stages: {{{text}}}\n")


def put(path: str, content: str) -> Callable[[Path], object]:
    return lambda here: (here / path).write_text(content)


def tracked_and_made(here: Path) -> None:
    (here / "raw.dvc").write_text(f"outs: [{{path: raw, hash: md5, md5: {MD5_OF_X}}}]\n")
    stages("a: {cmd: x, outs: [raw]}")(here)


def tracked_inside_made(here: Path) -> None:
    (here / "raw.dvc").write_text(f"outs: [{{path: d/raw, hash: md5, md5: {MD5_OF_X}}}]\n")
    stages("a: {cmd: x, outs: [d]}")(here)


def pipe(here: Path) -> None:
    (here / "raw").unlink()
    os.mkfifo(here / "raw")


def pipe_below(*around: str) -> Callable[[Path], object]:
    """A pipe deep in a directory, which a stage that never ran reads."""

    def make(here: Path) -> None:
        (here / "src/inner").mkdir(parents=True)
        (here / "src/a.py").touch()
        os.mkfifo(here / "src/inner/fifo")
        for each in around:
            (here / "src" / each).symlink_to("inner/fifo")
        stages("a: {cmd: x, deps: [src]}")(here)

    return make


def pipe_of_parameters(here: Path) -> None:
    (here / "params.yaml").unlink()
    os.mkfifo(here / "params.yaml")


def listener(here: Path) -> None:
    (here / "raw").unlink()
    before = Path.cwd()
    os.chdir(here)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind("raw")
    os.chdir(before)


REFUSED = {
    "a cycle": (
        stages("a: {cmd: x, deps: [p], outs: [q]}, b: {cmd: x, deps: [q], outs: [p]}"),
        "stage-cycle",
    ),
    "an output of two": (stages("a: {cmd: x, outs: [o]}, b: {cmd: x, outs: [o]}"), "output-shared"),
    "an output in another": (stages("a: {cmd: x, outs: [o]}, b: {cmd: x, outs: [o/p]}"), "output-shared"),
    "an output that is tracked": (tracked_and_made, "output-shared"),
    "an output around what is tracked": (tracked_inside_made, "output-shared"),
    "a name with @": (stages("train@a: {cmd: x}"), "stage-unnamable"),
    "a lock of DVC 1": (put("dvc.lock", "prepare: {cmd: x}\n"), "dvc-lock-old"),
    "conflict markers": (
        put("dvc.lock", f"<<<<<<< HEAD\n{LOCK}=======\n{LOCK}>>>>>>> x\n"),
        "conflict-marker",
    ),
    "parameters without names": (put("params.yaml", "- 1\n"), "params-unreadable"),
    "parameters in another encoding": (put("params.yaml", "rate: \0"), "control-character"),
    "a bomb in dvc.yaml": (
        put("dvc.yaml", f"{BOMB}stages: {{a: {{cmd: x, deps: *a9}}}}\n"),
        "too-many-values",
    ),
    "a bomb in params.yaml": (put("params.yaml", BOMB), "too-many-values"),
    "a deep dvc.yaml": (put("dvc.yaml", "stages: " + "[" * 100_000), "nested-too-deeply"),
    "a device": (stages("a: {cmd: x, deps: [/dev/zero]}"), "not-a-file"),
    "a device to write": (stages("a: {cmd: x, outs: [/dev/null]}"), "not-a-file"),
    "a pipe": (pipe, "not-a-file"),
    "a pipe in a directory": (pipe_below(), "not-a-file"),
    "a link to a pipe in a directory": (pipe_below("b"), "not-a-file"),
    "a pipe of parameters": (pipe_of_parameters, "not-a-file"),
    "a socket": (listener, "not-a-file"),
}


@pytest.mark.parametrize("named", REFUSED)
@pytest.mark.parametrize("command", [("plan", "--check"), ("plan", "--json"), ("run",)], ids=" ".join)
def test_what_nothing_can_be_done_with_is_refused(here: Path, named: str, command: tuple[str, ...]) -> None:
    """Before DVC is started, which would wait for a pipe for ever, or speak of something else."""
    make, word = REFUSED[named]
    make(here)
    ended = run_here("-C", str(here), *command)
    assert (ended.code, ended.stdout) == (2, "")
    if "--json" in command:
        error = json.loads(ended.stderr.splitlines()[-1])["error"]
        assert error["id"] == word
        assert error["help"]
    else:
        assert f"[{word}]" in ended.stderr
        assert "\nhelp: " in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_pipe_in_a_directory_is_named_unless_dvc_does_not_look_at_it(here: Path) -> None:
    pipe_below("b")(here)
    said = " ".join(run_here("-C", str(here), "plan").stderr.split())
    assert "'src/b' in 'src', which 'a' names, is a device, a pipe or a socket" in said
    (here / ".dvcignore").write_text("inner\n/src/b\n")
    assert run_here("-C", str(here), "plan").code == 0


def link_out(here: Path) -> None:
    (here.parent / "secret").write_text("x")
    (here / "raw").unlink()
    (here / "raw").symlink_to(here.parent / "secret")


def link_round(here: Path) -> None:
    (here / "raw").unlink()
    (here / "raw").symlink_to("raw")


DOUBTED = {
    "a parameter is gone": (
        put("params.yaml", "other: 1\n"),
        "* prepare",
        "parameter params.yaml:rate is gone",
    ),
    "no parameters": (
        lambda here: (here / "params.yaml").unlink(),
        "* prepare",
        "parameter params.yaml is gone",
    ),
    "another type": (put("params.yaml", "rate: '1'\n"), "* prepare", "parameter params.yaml:rate changed"),
    "a mapping": (put("params.yaml", "rate: {a: [1]}\n"), "* prepare", "parameter params.yaml:rate changed"),
    "not a number": (put("params.yaml", "rate: .nan\n"), "* prepare", "parameter params.yaml:rate changed"),
    "6,000 digits": (put("params.yaml", f"rate: {'9' * 6000}\n"), "* prepare", "params.yaml:rate changed"),
    "a link out": (link_out, "? prepare", "raw cannot be compared"),
    "a link to itself": (link_round, "? prepare", "raw cannot be compared"),
    "a path out": (stages("a: {cmd: x, deps: [../raw]}"), "* a", "dvc.lock does not know it"),
    "an output outside": (stages("a: {cmd: x, outs: [../o, /o]}"), "* a", "dvc.lock does not know it"),
    "a name like an option": (stages("-rf: {cmd: x, outs: [o]}"), "* -rf", "dvc.lock does not know it"),
    "a long name": (stages(f"{'n' * 300}: {{cmd: x, outs: [o]}}"), f"* {'n' * 300}", "does not know it"),
    "a name in other scripts": (
        stages("größe 模型: {cmd: x, outs: [o]}"),
        "* größe 模型",
        "does not know it",
    ),
    "an odd command": (
        stages(r"""prepare: {cmd: "echo \"x\" 'y' `z`\n::error::$HOME", deps: [raw], outs: [data]}"""),
        "* prepare",
        "its command changed",
    ),
}


@pytest.mark.parametrize("named", DOUBTED)
def test_what_is_in_doubt_counts_as_to_be_run(here: Path, named: str) -> None:
    make, stage, why = DOUBTED[named]
    make(here)
    ended = run_here("-C", str(here), "plan", "--check")
    assert ended.code == 6
    (line,) = (each.strip() for each in ended.stdout.splitlines() if each.strip().startswith(stage))
    assert why in line
    assert ended.stderr == ""


def test_a_stage_that_is_gone_is_named_and_stops_nothing(here: Path) -> None:
    stages("prepare: {cmd: cp raw data, deps: [raw], params: [rate], outs: [data]}")(here)
    ended = run_here("-C", str(here), "plan", "--check")
    assert ended.code == 0
    assert "dvc.lock still knows train, which no dvc.yaml declares" in ended.stdout


def test_of_many_stages_that_are_gone_a_few_are_named(here: Path) -> None:
    with (here / "dvc.lock").open("a") as lock:
        lock.writelines(
            f"  old{at:04}: {{cmd: x, outs: [{{path: o{at}, md5: {MD5_OF_X}}}]}}\n" for at in range(1_000)
        )
    ended = run_here("-C", str(here), "plan", "--check")
    assert ended.code == 0
    assert ended.stdout.count("dvc.lock still knows") == 10
    assert "and 990 more stages that no dvc.yaml declares" in ended.stdout


@pytest.fixture
def in_the_open(clean: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository that somebody without rights can reach: pytest's own directories are root's alone."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    with TemporaryDirectory() as directory:
        Path(directory).chmod(0o755)
        for name in ("HOME", "DVC_SITE_CACHE_DIR", "DVC_GLOBAL_CONFIG_DIR", "DVC_SYSTEM_CONFIG_DIR"):
            monkeypatch.setenv(name, directory)
        place = Path(shutil.copytree(clean, Path(directory, "credit")))
        for each in (place, *place.rglob("*")):
            disown(each)
        yield place


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX")
@pytest.mark.parametrize(("path", "code"), [("raw", 6), ("params.yaml", 6), ("dvc.lock", 3), ("dvc.yaml", 3)])
def test_what_may_not_be_read_is_no_reason_to_pass(in_the_open: Path, path: str, code: int) -> None:
    assert run_here("-C", str(in_the_open), "plan").code == 0  # and all is imported while that is allowed
    (in_the_open / path).chmod(0)
    with powerless():
        ended = run_here("-C", str(in_the_open), "plan", "--check")
    assert ended.code == code, ended
    assert "Traceback" not in ended.stderr
    assert code == 6 or ("[permission-denied]" in ended.stderr and "help: " in ended.stderr)
