"""What a gate needs to run in a directory: real files, real tables, real processes, and this interpreter."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from msgspec.structs import replace

from mlci import gates
from mlci.adapters.clock import SystemClock
from mlci.adapters.files import FileTree
from mlci.adapters.process import ProcessRunner
from mlci.adapters.progress import SilentProgress
from mlci.adapters.tables import PolarsTables
from mlci.core.config import Config
from mlci.core.context import RunContext
from mlci.core.finding import Finding
from mlci.core.schema import Problems
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.tree import parse
from mlci.gates import Hands, Outcome, Request
from mlci.ports.process import Finished


@dataclass(frozen=True)
class ThisPython:
    """The user's environment, played by the interpreter of the tests."""

    @property
    def executable(self) -> Path:
        return Path(sys.executable)

    @property
    def environment(self) -> Mapping[str, str]:
        return {"PATH": os.pathsep.join((str(Path(sys.executable).parent), os.defpath))}

    def probe(self, packages: Sequence[str] = ()) -> Mapping[str, str | None]:
        raise NotImplementedError

    def call(self, task: str, arguments: JsonValue, *, timeout: float = 600.0) -> JsonValue:
        raise NotImplementedError

    def run(self, argv: Sequence[str], *, timeout: float = 600.0) -> Finished:
        raise NotImplementedError


def hands_in(directory: Path) -> Hands:
    """Real hands that reach into one directory."""
    return Hands(
        files=FileTree(directory),
        tables=PolarsTables(root=directory),
        process=ProcessRunner(dict(os.environ), grace=1.0),
        user_python=ThisPython,
        clock=SystemClock(),
        progress=SilentProgress(),
    )


def options_of(gate_id: str, text: str) -> object:
    """A gate's options from its part of mlci.yaml, which must be without problems."""
    problems = Problems()
    options = gates.gate(gate_id).options.read(parse(text.encode(), name="mlci.yaml"), problems)
    assert not problems.found, problems.found
    return options


def run_gate(
    directory: Path,
    gate_id: str,
    text: str,
    *,
    config: Config | None = None,
    context: RunContext | None = None,
) -> Outcome:
    """Run one gate in a directory with options as they stand in mlci.yaml."""
    return gates.gate(gate_id).run(
        Request(
            config=config or Config(project="credit"),
            options=options_of(gate_id, text),
            context=context or RunContext(),
            hands=hands_in(directory),
        )
    )


def by_subject(outcome: Outcome, check: str) -> dict[str, Finding]:
    """The findings of one check, by subject."""
    return {each.subject: each for each in outcome.findings if each.check == check}


def untimed(outcome: Outcome) -> Outcome:
    """An outcome without what may differ between two runs."""
    return replace(outcome, figures={})
