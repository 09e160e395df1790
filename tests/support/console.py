"""Documentation that cannot lie: its console blocks are run, its table of commands is generated.

`<!-- run: SANDBOX -->` before a ```console block runs the block's `$` lines there: `empty` is an empty
directory, `repository` a Git repository with one commit, `demo` the repository that `mlci demo` leaves,
`same` the directory of the block before. A further
word `slow` keeps it out of the fast tests. What a command prints, both streams, stands below it.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from mlci import cli
from mlci.cli.main import headline, program
from tests.support.program import child_environment

TOP = Path(__file__).parents[2]
DOCUMENTS = ("README.md", ".github/ARCHITECTURE.md")

_BLOCK = re.compile(
    r"(<!-- run: (?P<words>[a-z ]+) -->\n+```console\n)(?P<body>.*?)(?=^```$)", re.DOTALL | re.MULTILINE
)
_TABLE = re.compile(r"(<!-- commands -->\n).*?(?=<!-- /commands -->)", re.DOTALL)
# What differs from run to run and from machine to machine.
_UNSTEADY = (
    (re.compile(r"\b[0-9a-f]{10}\b"), "3f2a9c1d0b"),
    (re.compile(r"\b\d+\.\d+ s\b"), "0.0 s"),
    (re.compile(r"\b\d+ ms\b"), "0 ms"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One console block that is run, as it stands in a document."""

    sandbox: str
    slow: bool
    body: str

    @property
    def commands(self) -> tuple[str, ...]:
        """What is typed."""
        return tuple(line[2:] for line in self.body.splitlines() if line.startswith("$ "))


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of a document that are run, in order."""
    return tuple(_block(match) for match in _BLOCK.finditer(text))


def regenerated(text: str, *, slow: bool = True) -> str:
    """The document with what its commands print now; without `slow`, slow blocks stay as they are."""
    with tempfile.TemporaryDirectory() as directory:
        sandboxes = _Sandboxes(Path(directory))

        def run(match: re.Match[str]) -> str:
            block = _block(match)
            if block.slow and not slow:
                return match[0]
            place = sandboxes.enter(block.sandbox)
            return match[1] + "".join(_typed(command, place) for command in block.commands)

        return _BLOCK.sub(run, _TABLE.sub(lambda match: match[1] + command_table(), text))


def command_table() -> str:
    """The table of all commands by what people do with them."""
    context = click.Context(program, info_name="mlci")
    present = program.list_commands(context)
    lines = ["", "| command | does |", "|---|---|"]
    for title, names in cli.SECTIONS.items():
        lines += [f"| **{title}** | |"] * any(name in present for name in names)
        lines += [_table_row(name, context) for name in names if name in present]
    return "\n".join([*lines, "", ""])


def _table_row(name: str, context: click.Context) -> str:
    command = program.get_command(context, name)
    assert command is not None
    return f"| `mlci {name}` | {headline(command)} |"


def _block(match: re.Match[str]) -> Block:
    sandbox, *flags = match["words"].split()
    return Block(sandbox=sandbox, slow="slow" in flags, body=match["body"])


class _Sandboxes:
    def __init__(self, top: Path) -> None:
        self._top = top.resolve()
        self._count = 0
        self._here = self._top

    def enter(self, sandbox: str) -> Path:
        if sandbox != "same":
            self._count += 1
            self._here = self._top / str(self._count) / "credit"
            if sandbox != "demo":
                self._here.mkdir(parents=True)
        if sandbox == "repository":
            for argv in (["init", "-q", "-b", "main"], ["commit", "-q", "--allow-empty", "-m", "Begin"]):
                subprocess.run(["git", *argv], cwd=self._here, env=_environment(self._here), check=True)
        if sandbox == "demo":
            played = ["mlci", "demo", "--quiet", "--keep", str(self._here.parent)]
            subprocess.run(
                played, cwd=self._top, env=_environment(self._top), check=True, stdout=subprocess.DEVNULL
            )
        return self._here


def _typed(command: str, place: Path) -> str:
    ended = subprocess.run(
        ["sh", "-c", command],
        cwd=place,
        env=_environment(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=600,
        check=False,
    )
    said = ended.stdout.decode("utf-8", "replace").replace(str(place), "~/credit")
    for pattern, steady in _UNSTEADY:
        said = pattern.sub(steady, said)
    return "".join(f"{line.rstrip()}\n" for line in [f"$ {command}", *said.splitlines()])


def _environment(place: Path) -> dict[str, str]:
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER") for part, value in _ANA.items()}
    programs = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    home = {"HOME": str(place.parent), "GIT_CONFIG_NOSYSTEM": "1", "DVC_NO_ANALYTICS": "1"}
    return child_environment({**who, **home, "PATH": programs, "TERM": "dumb", "PYTHONPATH": str(TOP)})


_ANA = {"NAME": "Ana", "EMAIL": "ana@example.org", "DATE": "2026-01-05T09:00:00+00:00"}


def documents() -> Iterator[Path]:
    """The documents whose blocks are run."""
    return (TOP / name for name in DOCUMENTS)


if __name__ == "__main__":
    for document in documents():
        document.write_text(regenerated(document.read_text("utf-8")), "utf-8", newline="\n")
