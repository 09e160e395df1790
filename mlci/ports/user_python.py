"""The user's environment: where their stages, their model's loader and their server run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from mlci.core.strictjson import JsonValue
from mlci.ports.process import Finished


class UserPython(Protocol):
    """One interpreter that is not ours, driven through `mlci/runner.py` and files."""

    @property
    def executable(self) -> Path:
        """The interpreter, as `python:` names it or as it was found."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """What a child needs so that `python` and console scripts are this environment's."""
        ...

    def probe(self, packages: Sequence[str] = ()) -> Mapping[str, str | None]:
        """Installed versions by distribution name (None: absent), `python` among them."""
        ...

    def call(self, task: str, arguments: JsonValue, *, timeout: float = 600.0) -> JsonValue:
        """Run one of the runner's tasks in a child. Raises WorldError with the child's last lines."""
        ...

    def run(self, argv: Sequence[str], *, timeout: float = 600.0) -> Finished:
        """Run a program of that environment in the project."""
        ...
