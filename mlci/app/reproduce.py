"""The pipeline, reproduced: what CI trusts must follow from what the pull request holds."""

from collections.abc import Sequence
from importlib.metadata import version

from msgspec import Struct, field

from mlci import __version__
from mlci.app.failure import failure
from mlci.app.handed import EMPTIED, hand_over, kept_in_git
from mlci.app.plan import Asked, plan
from mlci.app.stages.bring_back import bring_back
from mlci.app.stages.durations import read_durations, write_durations
from mlci.app.stages.ground import Ground
from mlci.app.stages.publish import destination, publish
from mlci.app.stages.rest import Stamps, stamps, unrest
from mlci.app.stages.watch import Watch
from mlci.core.config import Config, LockAuthor
from mlci.core.context import RunContext, Trigger
from mlci.core.dvc.files import LOCK_FILE, PIPELINE_FILE
from mlci.core.dvc.forecast import Forecast, as_json, why
from mlci.core.dvc.stages import Cause, Planned, Standing
from mlci.core.evidence import PIPELINE, Evidence
from mlci.core.finding import Finding, Location, Status
from mlci.core.strictjson import JsonValue
from mlci.core.wording import count
from mlci.errors import IntegrityError, WorldError
from mlci.gates.inputs import inputs_of
from mlci.ports.dvc import Dvc
from mlci.ports.process import Finished

REMOTE = "pipeline.remote"
PUSHED = "pipeline.pushed"
REPRODUCED = "pipeline.reproduced"
LOCK = "pipeline.lock"
# How DVC says that somebody else holds its lock, or the lock of a path.
_BUSY = ("Unable to acquire lock.", "is busy, it is being blocked by:")
MOST_NAMED = 10
_APPLY = "mlci lock apply --from-artifact DIR"
_TAKEN = f"download this job's artifact to DIR, then `{_APPLY}`"
_COMMITTED = "the workflow's job `lock` commits it to this branch. Without such a job"
_BEFORE = "commit it before you merge, for no job may push to a fork's branch or to a merge queue's"
LINEAGE = ("dvc.yaml", "dvc.lock", "params.yaml")


def reproduce(
    *,
    config: Config,
    context: RunContext,
    commit: str,
    ground: Ground,
    stages: Sequence[str] = (),
) -> Evidence:
    """Bring the pipeline up to date as this run may, and say whether the lock was right.

    What DVC's files say is judged first, by our own plan, and nothing runs where that is enough.
    """
    began = ground.clock.monotonic()
    attempt = _Attempt(config=config, context=context, ground=ground, stages=tuple(stages))
    findings = attempt.findings()
    return Evidence(
        gate=PIPELINE,
        commit=commit,
        findings=findings,
        inputs=inputs_of(ground.project, LINEAGE),
        tools={"mlci": __version__, "dvc": version("dvc")},
        seconds=round(ground.clock.monotonic() - began, 3),
        figures=attempt.figures,
    )


class _Attempt(Struct, kw_only=True):
    """One reproduction: what was foreseen, and what then ran."""

    config: Config
    context: RunContext
    ground: Ground
    stages: tuple[str, ...]
    figures: dict[str, JsonValue] = field(default_factory=dict)

    @property
    def in_ci(self) -> bool:
        """Whether a job runs this; a clean main at somebody's desk is judged like one, but may change."""
        return self.context.provider is not None

    @property
    def authors_lock(self) -> bool:
        """Whether the lock is an author's promise that CI only holds to account."""
        return self.in_ci and self.config.ci.lock is LockAuthor.AUTHOR

    @property
    def remote(self) -> str | None:
        """The remote to read from."""
        return self.config.remotes.read or self.ground.dvc.default_remote()

    def findings(self) -> tuple[Finding, ...]:
        """Whether everything was pushed, the lock is right, and every stage could be reproduced."""
        if poisoned := self._bring_back():
            return (poisoned,)
        forecast = self._foreseen()
        if not forecast.stages:
            return (_nothing(self.config),)
        frozen = [each for each in forecast.stages if each.standing is Standing.FROZEN and each.reasons]
        if refused := self._refused(forecast, frozen):
            return (refused,)
        warned = (_frozen(frozen, Status.WARN, self._mended),) if frozen else ()
        return (*self._reproduced(forecast), *warned)

    def _refused(self, forecast: Forecast, frozen: Sequence[Planned]) -> Finding | None:
        """What files and the remote say against this commit, so that nothing has to run."""
        remote = self.remote if self.authors_lock else None
        if remote and (forgotten := _forgotten(self.ground.dvc, remote)):
            return forgotten
        if frozen and self._strict:
            return _frozen(frozen, Status.FAIL, self._mended)
        disagreeing = [each for each in forecast.stages if _contradicts(each)]
        return _stale(disagreeing, self._mended) if disagreeing and self.authors_lock else None

    @property
    def _mended(self) -> str:
        """What mends a stale lock."""
        return f"mlci run && {self.config.remotes.push} && git add dvc.lock && git commit"

    @property
    def _strict(self) -> bool:
        """Whether a version may come of it, or a merge."""
        return self.in_ci or self.context.trigger is Trigger.MAIN

    def _foreseen(self) -> Forecast:
        """The plan; in CI from bytes alone, since remembered hashes may come from anywhere."""
        asked = Asked(
            targets=self.stages, remote=self.remote, offline=not self.in_ci, remember=not self.in_ci
        )
        forecast = plan(self.ground, asked)
        self.figures = {
            "plan": as_json(forecast),
            "ran": {},
            "unchanged": [],
            "in_git": [*kept_in_git(forecast)],
        }
        self.ground.progress.step("plan")
        self.ground.progress.done(f"{len(forecast.running)} of {count(len(forecast.stages), 'stage')} to run")
        for each in forecast.running[:MOST_NAMED]:
            self.ground.progress.note(f"will run: {each.name}: {why(each)}")
        return forecast

    def _bring_back(self) -> Finding | None:
        """Bring what an earlier job made with this lock, or taking the lock would train twice."""
        kept = self.config.remotes.pull_request
        asks = self.in_ci and not self.authors_lock and self.context.trigger is Trigger.PULL_REQUEST
        if not (asks and kept and self.remote):
            return None
        try:
            bring_back(self.ground, reads=self.remote, kept=kept)
        except IntegrityError as error:
            said = f"the remote {kept}, which any pull request may write to, is not to be believed"
            return _finding(
                REMOTE, Status.FAIL, f"{said}: {error.message}", f"empty {kept}, then run this again"
            )
        return None

    def _reproduced(self, forecast: Forecast) -> tuple[Finding, ...]:
        before, footing = self._locks(forecast), stamps(self.ground.tree, forecast.sources)
        expected = read_durations(self.ground.project)
        names = {each.name for each in forecast.stages}
        self.figures["expected"] = {name: took for name, took in expected.items() if name in names}
        watch = Watch(
            clock=self.ground.clock, progress=self.ground.progress, forecast=forecast, expected=expected
        )
        done = self._watched(watch, forecast)
        if not done.ok:
            _refuse_busy(done)
            said, help_ = failure(done, watch, self.ground.project, self.config.report.rows)
            return (_finding(REPRODUCED, Status.ERROR, said, help_),)
        ran = f"{len(watch.ran)} of {count(len(forecast.stages), 'stage')} ran"
        proven = f"dvc.lock matches code, parameters and data; {ran}"
        reproduced = _finding(REPRODUCED, Status.PASS, proven)
        lock = self._lock(forecast, unchanged=before == self._locks(forecast))
        restless = self._unrest(footing) if watch.ran else None
        # Where CI makes the lock, its bytes go with it: else who takes the one has to train the other again.
        named = lock.status is Status.PASS or not self.authors_lock
        published = self._published(watch) if named and not self.stages else None
        return tuple(each for each in (reproduced, lock, restless, published) if each)

    def _published(self, watch: Watch) -> Finding | None:
        """Main publishes what its commit names, whether it ran here or not; a pull request what ran."""
        target = destination(self.config, self.context, self.remote)
        on_main = self.context.trigger is Trigger.MAIN
        if target is None or not (watch.ran or on_main):
            return None
        self.ground.progress.step(f"pushing to the remote {target}")
        found = publish(self.ground.dvc, target, reads=self.remote, promised=on_main)
        self.ground.progress.done()
        if found.status is Status.PASS:
            self.figures["published"] = target
        return found

    def _unrest(self, before: Stamps) -> Finding | None:
        forecast = plan(self.ground, Asked(targets=self.stages, offline=True, remember=not self.in_ci))
        stale = [each for each in forecast.stages if _contradicts(each)]
        return unrest(before, stamps(self.ground.tree, before), stale)

    def _watched(self, watch: Watch, forecast: Forecast) -> Finished:
        """Run DVC. Whatever happens, what finished is remembered: DVC has written it into the lock."""
        try:
            return self._to_the_end(watch, forecast)
        except BaseException:
            watch.interrupted()
            raise
        finally:
            unchanged: list[JsonValue] = [*sorted(watch.skipped)]
            self.figures |= {"ran": {**watch.ran}, "unchanged": unchanged}
            write_durations(self.ground.project, watch.ran)

    def _to_the_end(self, watch: Watch, forecast: Forecast) -> Finished:
        done = self._repro(watch, forecast, pull=self.remote is not None)
        if done.ok:
            watch.close()
        # While DVC may pull, it takes all that is missing, removed inputs too, for what can be pulled.
        if done.ok and self.remote and any(_passed_over(each, watch) for each in forecast.stages):
            done = self._repro(watch, forecast, pull=False)
        if done.ok:
            watch.close()
        return done

    def _repro(self, watch: Watch, forecast: Forecast, *, pull: bool) -> Finished:
        everywhere = () if forecast.pipelines == (PIPELINE_FILE,) else forecast.pipelines
        # A planted run-cache entry would be believed where CI itself writes the lock.
        trusted = self.context.trigger is not Trigger.MAIN or self.config.ci.lock is LockAuthor.AUTHOR
        return self.ground.dvc.repro(
            self.stages or everywhere,
            pull=pull,
            remote=self.config.remotes.read if pull else None,
            run_cache=trusted,
            on_line=watch.line,
        )

    def _locks(self, forecast: Forecast) -> list[bytes | None]:
        return [self.ground.project.read_if_there(_lock_of(each)) for each in forecast.pipelines]

    def _lock(self, forecast: Forecast, *, unchanged: bool) -> Finding:
        if unchanged:
            return _finding(LOCK, Status.PASS, "dvc.lock is what this pipeline produces")
        if not self.in_ci:
            said = "dvc.lock was brought up to date; commit it with your change"
            return _finding(LOCK, Status.PASS, said)
        wrong = "dvc.lock is not what this pipeline produces: running it gave another one"
        if self.authors_lock:
            return _finding(LOCK, Status.FAIL, wrong, self._mended)
        copies = hand_over(self.ground.project, kept_in_git(forecast))
        self.figures |= {EMPTIED: [*copies.emptied]} if copies.emptied else {}
        left = ", ".join(copies.left[:MOST_NAMED])
        taken = f"{_TAKEN}; not in it: {left}" if left else _TAKEN
        if self.context.trigger is Trigger.PULL_REQUEST:
            ours = self.context.branch is not None and not self.context.of_fork
            said = f"dvc.lock was brought up to date in this job; {_COMMITTED if ours else _BEFORE}: {taken}"
            return _finding(LOCK, Status.WARN, said, _APPLY)
        return _finding(LOCK, Status.FAIL, f"{wrong}; {taken}", _APPLY)


def _lock_of(pipeline: str) -> str:
    return pipeline.removesuffix(PIPELINE_FILE) + LOCK_FILE


def _contradicts(planned: Planned) -> bool:
    """Whether the files alone prove that a stage's record is not of this commit."""
    certain = {each.cause for each in planned.reasons} - {Cause.ALWAYS, Cause.UPSTREAM, Cause.UNDECIDED}
    return planned.standing is Standing.STALE and bool(certain)


def _passed_over(planned: Planned, watch: Watch) -> bool:
    return planned.standing is Standing.STALE and planned.name not in watch.ran


def _nothing(config: Config) -> Finding:
    """No stage at all: fine at the beginning, but not where a model must come from somewhere."""
    if not config.models:
        return _finding(
            REPRODUCED, Status.SKIP, "dvc.yaml declares no stage, so there is nothing to reproduce"
        )
    named = ", ".join(sorted(config.models)[:MOST_NAMED])
    return _finding(
        REPRODUCED,
        Status.ERROR,
        f"no stage of a dvc.yaml makes {named}: what lies here is left over from something else",
        "git restore dvc.yaml, or declare the stages that make what mlci.yaml names",
    )


def _frozen(stages: Sequence[Planned], status: Status, mended: str) -> Finding:
    named = "; ".join(f"{each.name}: {why(each)}" for each in stages[:MOST_NAMED])
    return _finding(
        LOCK,
        status,
        f"frozen, and its inputs changed ({named})",
        f"dvc unfreeze {stages[0].name} && {mended}",
    )


def _refuse_busy(done: Finished) -> None:
    """Another DVC at work in this directory says nothing about the pipeline."""
    said = done.stderr.decode("utf-8", "replace")
    if any(each in said for each in _BUSY):
        raise WorldError(
            "another run is under way in this directory",
            id="run-under-way",
            help="wait until it has ended, then mlci run",
        )


def _stale(stages: Sequence[Planned], mended: str) -> Finding:
    named = "; ".join(f"{each.name}: {why(each)}" for each in stages[:MOST_NAMED])
    more = f"; and {len(stages) - MOST_NAMED} more" if len(stages) > MOST_NAMED else ""
    return _finding(
        LOCK,
        Status.FAIL,
        f"dvc.lock is not of this commit: something was changed and not reproduced ({named}{more})",
        mended,
    )


def _forgotten(dvc: Dvc, remote: str) -> Finding | None:
    """A push that never happened, told before an hour of training tells it worse."""
    missing = [each.path for each in dvc.not_in_remote(remote=remote)]
    if not missing:
        return None
    if found := dvc.unreadable(remote):
        return _finding(
            REMOTE,
            Status.FAIL,
            f"this job cannot read the remote {remote} ({found.why}); a maintainer must run this: mlci run",
            "mlci doctor",
        )
    named = ", ".join(missing[:MOST_NAMED]) + (" and more" if len(missing) > MOST_NAMED else "")
    return _finding(
        PUSHED,
        Status.FAIL,
        f"dvc.lock names outputs that the remote {remote} does not hold: {named}",
        f"dvc push --remote {remote}",
    )


def _finding(check: str, status: Status, message: str, help_: str | None = None) -> Finding:
    location = Location(path="dvc.lock" if check == LOCK else "dvc.yaml")
    return Finding(
        check=check, subject="dvc.yaml", status=status, message=message, help=help_, location=location
    )
