"""What a doctor looks at, and how what was seen is told."""

from collections.abc import Callable
from typing import Protocol

from msgspec import Struct

from mlci.app.stages.ground import Ground
from mlci.core.config import Config
from mlci.core.context import RunContext
from mlci.core.finding import Finding, Status
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files
from mlci.ports.git import Git
from mlci.ports.process import Command, Process
from mlci.ports.user_python import UserPython


class HasConfig(Protocol):
    """A project, as far as a doctor looks."""

    @property
    def config(self) -> Config:
        """Its configuration."""
        ...

    @property
    def prefix(self) -> str:
        """Its path from the top of the repository."""
        ...


class Patient(Struct, frozen=True, kw_only=True):
    """What is looked at. Each part is asked for only when its turn comes, and may raise MlciError."""

    process: Process
    context: Callable[[], RunContext]
    repository: Callable[[], Git]
    project: Callable[[], HasConfig]
    files: Callable[[], Files]
    ground: Callable[[], Ground]
    dvc: Callable[[], Dvc]
    user_python: Callable[[], UserPython]
    command: Callable[..., Command]
    after_push: Callable[[], str]


def good(subject: str, message: str) -> Finding:
    """All is well with it."""
    return _finding(subject, Status.PASS, message)


def poor(subject: str, message: str, help: str) -> Finding:
    """It will do, and `help` would make it better."""
    return _finding(subject, Status.WARN, message, help)


def bad(subject: str, message: str, help: str) -> Finding:
    """It will not do until `help` is done."""
    return _finding(subject, Status.FAIL, message, help)


def left_out(subject: str, message: str, help: str) -> Finding:
    """Nothing can be said of it, and `help` would change that."""
    return _finding(subject, Status.SKIP, message, help)


def _finding(subject: str, status: Status, message: str, help: str | None = None) -> Finding:
    return Finding(check=f"doctor.{subject}", subject=subject, status=status, message=message, help=help)
