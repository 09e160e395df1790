"""Listens to DVC while it reproduces: which stage runs, how long, and what it said last."""

import re
from collections import deque
from collections.abc import Mapping

from msgspec import Struct, field

from mlci.core.dvc.forecast import Forecast
from mlci.core.wording import duration
from mlci.ports.clock import Clock
from mlci.ports.progress import Progress

KEPT_LINES = 200

_RUNNING = re.compile(r"Running stage '(?P<name>.+)':\s*")
_SKIPPED = re.compile(r"Stage '(?P<name>.+)' (?:didn't change|is cached)")
# What DVC advises at its end; what follows a run is ours to say, and what we say knows the project.
_ADVICE = re.compile(
    r"To track the changes with git, run:|\tgit add .*|To enable auto staging, run:"
    r"|\tdvc config core\.autostage true|Use `dvc push` to send your updates to remote storage\."
)


class Watch(Struct, kw_only=True):
    """What DVC did so far; `expected` is how long stages took before, by name."""

    clock: Clock
    progress: Progress
    forecast: Forecast
    expected: Mapping[str, float] = field(default_factory=dict)
    ran: dict[str, float] = field(default_factory=dict)
    skipped: set[str] = field(default_factory=set)
    last_lines: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    current: str | None = None
    _since: float = 0.0
    _said: bool = False
    _blank: bool = False

    def line(self, text: str) -> None:
        """Take one line of DVC's output."""
        started, skipped = _RUNNING.fullmatch(text), _SKIPPED.match(text)
        if started and self._may_begin(started["name"]):
            self.close()
            self.current, self._since = started["name"], self.clock.monotonic()
            self.last_lines.clear()
            self._said = self._blank = False
            self.progress.step(self._title(started["name"]))
        elif skipped:
            self.skipped.add(skipped["name"])
        else:
            self.last_lines.append(text)
            if not _ADVICE.fullmatch(text):
                self._tell(text)

    def _tell(self, text: str) -> None:
        """Show a line; of blank ones, with which DVC pads what it says, one between two others."""
        if not text.strip():
            self._blank = self._said
            return
        if self._blank:
            self.progress.line("")
        self.progress.line(text)
        self._said, self._blank = True, False

    def close(self) -> None:
        """The running stage, if any, has ended well."""
        if self.current is not None:
            self.ran[self.current] = round(self.clock.monotonic() - self._since, 3)
            self.progress.done()
        self.current = None

    def broke(self) -> str | None:
        """The stage that ran when DVC gave up."""
        return self._end("failed")

    def interrupted(self) -> None:
        """Somebody ended it while a stage ran."""
        self._end("interrupted")

    def _end(self, how: str) -> str | None:
        ended, self.current = self.current, None
        if ended is not None:
            self.progress.done(how)
        return ended

    def _may_begin(self, name: str) -> bool:
        """Whether DVC may have said it: a stage can print such a line too, and each stage runs once."""
        known = {each.name for each in self.forecast.stages}
        return name not in self.ran and name != self.current and (name in known or "@" in name)

    def _title(self, name: str) -> str:
        place = f"{len(self.ran) + 1} of {max(len(self.forecast.running), len(self.ran) + 1)}"
        took = self.expected.get(name)
        return f"stage {name} ({place}{f', about {duration(took)}' if took else ''})"
