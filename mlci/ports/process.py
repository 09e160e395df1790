"""Child processes: argv lists only, bounded in time and in what is kept of their output."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

KEPT_OUTPUT = 64 * 1024 * 1024


class Command(Struct, frozen=True, kw_only=True):
    """A child to run. `environment` is laid over the scrubbed environment of mlci itself,
    less the names in `without`."""

    argv: tuple[str, ...]
    cwd: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    without: frozenset[str] = frozenset()
    stdin: bytes = b""
    timeout: float = 600.0
    keep: int = KEPT_OUTPUT


class Finished(Struct, frozen=True, kw_only=True):
    """How a child ended. Output beyond the bound is cut from the middle, and `truncated` says so."""

    argv: tuple[str, ...]
    code: int
    stdout: bytes
    stderr: bytes
    seconds: float
    truncated: bool = False
    timed_out: bool = False

    @property
    def ok(self) -> bool:
        """Whether it ended with 0, in time."""
        return self.code == 0 and not self.timed_out

    def last_lines(self, count: int = 20) -> str:
        """The end of what it said (stderr, else stdout), for a message."""
        text = (self.stderr or self.stdout).decode("utf-8", "replace")
        return "\n".join(text.rstrip().splitlines()[-count:])


class Running(Protocol):
    """A child that goes on beside us, such as a model server."""

    @property
    def pid(self) -> int:
        """Its process id, which is also its group's."""
        ...

    def code(self) -> int | None:
        """Its exit code, None while it lives."""
        ...

    def output(self) -> bytes:
        """The bounded tail of what it said so far, both streams as they came."""
        ...


class Dialogue(Protocol):
    """A child that answers questions until it is ended, at the latest with us."""

    @property
    def open(self) -> bool:
        """Whether it can still be asked."""
        ...

    def say(self, question: bytes) -> None:
        """Ask. Raises WorldError when the child is gone."""
        ...

    def line(self) -> bytes:
        """The answer's next line, its end included. Raises WorldError when none comes in time."""
        ...

    def take(self, size: int) -> bytes:
        """The answer's next bytes. Raises WorldError when they do not come in time."""
        ...

    def rest(self) -> Iterator[bytes]:
        """All else that it says, as it comes. Raises WorldError when it ends badly or keeps us waiting."""
        ...

    def end(self) -> None:
        """End it. What was not read is lost."""
        ...


class Process(Protocol):
    """Runs children; every child is ended with its whole group, whatever happens to us."""

    def run(self, command: Command, on_line: Callable[[str], None] | None = None) -> Finished:
        """Run a child to its end. Raises WorldError only when it cannot be started."""
        ...

    def begin(self, command: Command) -> Callable[[], Finished]:
        """Start a child that ends soon, and go on; what is given back waits for its end.

        Raises WorldError when it cannot be started.
        """
        ...

    def converse(self, command: Command) -> Dialogue:
        """Start a child to be asked; `command.timeout` bounds each wait for an answer."""
        ...

    def serve(self, command: Command) -> AbstractContextManager[Running]:
        """Start a child that runs until the block is left, then end its group."""
        ...
