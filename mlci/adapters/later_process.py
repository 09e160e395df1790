"""Child processes that cost nothing until the first one is started: many commands start none."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property

from msgspec import Struct

from mlci.ports.process import Command, Dialogue, Finished, Process, Running


class LaterProcess(Struct, frozen=True, kw_only=True, dict=True):
    """Makes the real runner when it is first asked for."""

    make: Callable[[], Process]

    @cached_property
    def _real(self) -> Process:
        return self.make()

    def run(self, command: Command, on_line: Callable[[str], None] | None = None) -> Finished:
        """Run a child to its end."""
        return self._real.run(command, on_line)

    def begin(self, command: Command) -> Callable[[], Finished]:
        """Start a child, and go on."""
        return self._real.begin(command)

    def converse(self, command: Command) -> Dialogue:
        """Start a child to be asked."""
        return self._real.converse(command)

    def serve(self, command: Command) -> AbstractContextManager[Running]:
        """Start a child that runs until the block is left."""
        return self._real.serve(command)
