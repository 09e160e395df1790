"""The pipeline, reproduced: what CI trusts must follow from what the pull request holds."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from mlci.core.config import Config, LockAuthor
from mlci.core.context import RunContext, Trigger
from mlci.core.evidence import Evidence
from mlci.core.finding import Finding, Location, Status
from mlci.core.strictjson import JsonValue
from mlci.ports.clock import Clock
from mlci.ports.dvc import Dvc
from mlci.ports.files import Files
from mlci.ports.process import Finished
from mlci.ports.progress import Progress

GATE = "pipeline"
PUSHED = "pipeline.pushed"
REPRODUCED = "pipeline.reproduced"
LOCK = "pipeline.lock"
MOST_NAMED = 10

_RUNNING = re.compile(r"Running stage '(?P<name>[^']+)'")
_SKIPPED = re.compile(r"Stage '(?P<name>[^']+)' (?:didn't change|is cached)")


@dataclass(slots=True, kw_only=True)
class _Watch:
    """Listens to DVC and remembers which stages ran and how long each took."""

    clock: Clock
    progress: Progress
    ran: dict[str, float] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    _current: str | None = None
    _since: float = 0.0

    def line(self, text: str) -> None:
        """Take one line of DVC's output."""
        started, skipped = _RUNNING.search(text), _SKIPPED.search(text)
        if started:
            self.close()
            self._current, self._since = started["name"], self.clock.monotonic()
            self.progress.step(f"stage {started['name']}")
        elif skipped:
            self.skipped.append(skipped["name"])
        else:
            self.progress.line(text)

    def close(self) -> None:
        """The running stage, if any, has ended."""
        if self._current is not None:
            self.ran[self._current] = round(self.clock.monotonic() - self._since, 3)
            self.progress.done()
        self._current = None

    @property
    def figures(self) -> dict[str, JsonValue]:
        """What ran and what did not."""
        unchanged: list[JsonValue] = [*sorted(set(self.skipped))]
        return {"ran": {**self.ran}, "unchanged": unchanged}


def reproduce(
    *,
    config: Config,
    context: RunContext,
    commit: str,
    stages: Sequence[str] = (),
    dvc: Dvc,
    files: Files,
    clock: Clock,
    progress: Progress,
) -> Evidence:
    """Bring the pipeline up to date as this run may, and say whether the lock was right."""
    began = clock.monotonic()
    watch = _Watch(clock=clock, progress=progress)
    findings = _findings(config, context, stages, dvc, files, watch)
    return Evidence(
        gate=GATE,
        commit=commit,
        findings=findings,
        seconds=round(clock.monotonic() - began, 3),
        figures=watch.figures,
    )


def _findings(
    config: Config,
    context: RunContext,
    stages: Sequence[str],
    dvc: Dvc,
    files: Files,
    watch: _Watch,
) -> tuple[Finding, ...]:
    if not files.exists("dvc.yaml"):
        return (_finding(REPRODUCED, Status.SKIP, "there is no dvc.yaml, so there is nothing to reproduce"),)
    remote = config.remotes.read or dvc.default_remote()
    in_ci = context.trigger is not Trigger.LOCAL
    if in_ci and remote is not None and config.ci.lock is LockAuthor.AUTHOR:
        forgotten = _forgotten(dvc, remote)
        if forgotten is not None:
            return (forgotten,)
    before = files.read_if_there("dvc.lock")
    trusted = context.trigger is not Trigger.MAIN or config.ci.lock is LockAuthor.AUTHOR
    pull = remote is not None
    done = _watched(watch, lambda: dvc.repro(stages, pull=pull, run_cache=trusted, on_line=watch.line))
    if not done.ok:
        return (_broken(done),)
    ran = f"{len(watch.ran)} of {len(watch.ran) + len(set(watch.skipped))} stages ran"
    reproduced = _finding(REPRODUCED, Status.PASS, f"every output follows from this commit ({ran})")
    return (reproduced, _lock(before == files.read_if_there("dvc.lock"), in_ci, config))


def _watched(watch: _Watch, run: Callable[[], Finished]) -> Finished:
    try:
        return run()
    finally:
        watch.close()


def _forgotten(dvc: Dvc, remote: str) -> Finding | None:
    """A push that never happened, told before an hour of training tells it worse."""
    missing = [each.path for each in dvc.not_in_remote(remote=remote)]
    if not missing:
        return None
    named = ", ".join(missing[:MOST_NAMED]) + (" and more" if len(missing) > MOST_NAMED else "")
    return _finding(
        PUSHED,
        Status.FAIL,
        f"dvc.lock names outputs that the remote {remote} does not hold: {named}",
        "dvc push",
    )


def _broken(done: Finished) -> Finding:
    why = "took too long" if done.timed_out else f"ended with {done.code}"
    return _finding(
        REPRODUCED,
        Status.ERROR,
        f"dvc repro {why}: {done.last_lines(8)}",
        "run `mlci run` here and mend the stage that fails",
    )


def _lock(unchanged: bool, in_ci: bool, config: Config) -> Finding:
    if unchanged:
        return _finding(LOCK, Status.PASS, "dvc.lock is what this pipeline produces")
    if in_ci and config.ci.lock is LockAuthor.AUTHOR:
        return _finding(
            LOCK,
            Status.FAIL,
            "dvc.lock is not what this pipeline produces: something was changed and not reproduced",
            "mlci run && dvc push && git commit dvc.lock",
        )
    return _finding(LOCK, Status.PASS, "dvc.lock was brought up to date; commit it with your change")


def _finding(check: str, status: Status, message: str, help_: str | None = None) -> Finding:
    location = Location(path="dvc.lock" if check == LOCK else "dvc.yaml")
    return Finding(
        check=check, subject="dvc.yaml", status=status, message=message, help=help_, location=location
    )
