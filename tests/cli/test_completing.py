"""What a shell offers, asked through click's own protocol."""

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.program import child_environment, run_mlci
from tests.support.repository import Repository, repository

CONFIG = """
version: 1
project: credit
models: {income: {path: model.bin, task: binary, test: test.csv}}
environments: {prod: {}}
"""


@pytest.fixture
def story(tmp_path: Path) -> Repository:
    files = {
        "mlci.yaml": CONFIG,
        "dvc.yaml": "stages: {train: {cmd: train, outs: [model.bin]}, test: {cmd: test}}\n",
    }
    return repository(tmp_path / "work").commit(files).tag("income@v0.1.0").tag("income#prod#1")


def offered(cwd: Path, *words: str) -> list[str]:
    line = " ".join(("mlci", *words)).rstrip()
    asked = {"_MLCI_COMPLETE": "bash_complete", "COMP_WORDS": line, "COMP_CWORD": str(len(words))}
    said = run_mlci(environment=asked, cwd=cwd)
    assert said.stderr == ""
    return [each.partition(",")[2] for each in said.stdout.splitlines() if each]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (("models", "in"), ["income"]),
        (("show", "in"), ["income", "income#prod", "income@v0.1.0"]),
        (("promote", "income", "--to", ""), ["prod"]),
        (("plan", ""), ["test", "train"]),
        (("run", "--stage", "tr"), ["train"]),
        (("test", "da"), ["data"]),
        (("explain", "ci.l"), ["ci.lock"]),
    ],
    ids=str,
)
def test_what_is_here_is_offered(story: Repository, words: tuple[str, ...], found: list[str]) -> None:
    assert offered(story.path, *words) == found


@pytest.mark.parametrize("words", [("show", "in"), ("plan", "tr")], ids=" ".join)
def test_where_nothing_can_be_read_nothing_is_said(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert offered(tmp_path, *words) == []


ASK = """\
eval "$({python} -m mlci completion bash)"
mlci() {{ {python} -m mlci "$@"; }}
COMP_WORDS=({words}) COMP_CWORD={last} COMP_LINE={line!r} COMPREPLY=()
_mlci_completion mlci
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.mark.parametrize(
    ("pieces", "line", "found"),
    [
        (("mlci", "show", "in"), "mlci show in", ["income", "income#prod", "income@v0.1.0"]),
        (("mlci", "show", "income", "@"), "mlci show income@", ["@v0.1.0"]),
        (("mlci", "show", "income", "@", "v0"), "mlci show  income@v0", ["@v0.1.0"]),
        (("mlci", "show", "income#p"), "mlci show income#p", ["income#prod"]),
        (
            ("mlci", "promote", "income", "@", "v0.1.0", "--to", ""),
            "mlci promote income@v0.1.0 --to ",
            ["prod"],
        ),
    ],
    ids=str,
)
def test_bash_which_ends_words_at_our_marks_is_answered_all_the_same(
    story: Repository, pieces: tuple[str, ...], line: str, found: list[str]
) -> None:
    words = " ".join(map(shlex.quote, pieces))
    script = ASK.format(python=shlex.quote(sys.executable), words=words, last=len(pieces) - 1, line=line)
    said = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", script],
        cwd=story.path,
        env=child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.stdout.splitlines(), said.stderr) == (found, "")
