"""Which stages changed between two commits, and why: as `dvc.yaml` declares and as the locks record them.

A pull request may change what a stage is without a run of it; then only its declaration says so.
"""

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct, field

from mlci.app.comparison.changes import Stages
from mlci.app.side.parsing import parsing_of
from mlci.app.side.snapshot import Pipeline
from mlci.app.side.tabular import Side
from mlci.app.side.trouble import Trouble, of_content
from mlci.core.diff import Move, StageDiff
from mlci.core.dvc.files import PIPELINE_FILE, Hashed, LockedStage, Out, PipelineFile, Stage, located
from mlci.core.dvc.lookup import ABSENT, value_at
from mlci.core.dvc.params import read_params
from mlci.core.dvc.settings import Parsing
from mlci.core.dvc.stages import changed_values
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import DVC_LIMITS
from mlci.errors import MlciError

_NOWHERE = Pipeline()
_ByName = Mapping[str, Stage]
# A path as its stage names it, and a key of it; without a path, a word of its own.
_Reason = tuple[str, str]
_COMMAND: _Reason = ("", "command")


def restated(base: Side, head: Side, moved: Collection[str]) -> Stages:
    """Compare all stages of both sides. `moved` are the parameters files that differ, from the project."""
    before, now = _Reader(side=base), _Reader(side=head)
    behind, ahead = base.declared.pipelines, head.declared.pipelines
    rows: list[StageDiff] = []
    for home in sorted(behind.keys() | ahead.keys()):
        one, other = behind.get(home, _NOWHERE), ahead.get(home, _NOWHERE)
        if one is not None and other is not None:
            rows += _Home(home=home, one=one, other=other, before=before, now=now, moved=moved).rows()
    rows.sort(key=lambda each: each.name)
    return Stages(rows=tuple(rows), problems=tuple(now.problems), unresolved=tuple(before.problems))


class _Reader(Struct, kw_only=True):
    """Reads what one side declares; what cannot be resolved becomes a problem."""

    side: Side
    problems: list[Trouble] = field(default_factory=list)
    _params: dict[str, Mapping[str, JsonValue] | None] = field(default_factory=dict)
    _parsing: dict[str, Parsing] = field(default_factory=dict)

    def params(self, path: str) -> Mapping[str, JsonValue] | None:
        """The values of a file; None where there are none. Raises MlciError."""
        if path not in self._params:
            content = self.side.snapshot.read(path, limit=DVC_LIMITS.size)
            self._params[path] = None if content is None else read_params(content, path)
        return self._params[path]

    def known(self, path: str) -> Mapping[str, JsonValue] | None:
        """Likewise, and None for what cannot be read: it is told where it is compared."""
        try:
            return self.params(path)
        except MlciError:
            return None

    def parsing(self, home: str) -> Parsing:
        """How a mapping in a command of that directory becomes options."""
        if home not in self._parsing:
            self._parsing[home] = parsing_of(self.side.snapshot, home)
        return self._parsing[home]

    def stages(self, home: str, pipeline: Pipeline) -> _ByName | None:
        """The stages with their templates resolved; None where that cannot be done."""
        if not pipeline.file.unresolved:
            return pipeline.file.stages
        from mlci.core.dvc.resolved import resolved  # noqa: PLC0415 - few pipelines have templates

        path = posixpath.join(home, PIPELINE_FILE)
        try:
            content = self.side.snapshot.read(path, limit=DVC_LIMITS.size)
            if content is None:
                return {}
            return resolved(content, path, home, self.params, self.parsing(home)).stages
        except MlciError as error:
            self.problems.append(of_content(error, _blamed(error, path)))
            return None


class _Home(Struct, kw_only=True):
    """The stages of one `dvc.yaml` on both sides."""

    home: str
    one: Pipeline
    other: Pipeline
    before: _Reader
    now: _Reader
    moved: Collection[str]
    _differing: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    def rows(self) -> Iterator[StageDiff]:
        """A row for each stage that changed."""
        recorded = self._recorded()
        if not self._may_differ():
            yield from (self._row(name, because) for name, because in recorded.items())
            return
        behind = self.before.stages(self.home, self.one)
        ahead = self.now.stages(self.home, self.other)
        if behind is None or ahead is None:
            yield from (self._row(name, because) for name, because in recorded.items())
            return
        for name in sorted({*behind, *ahead, *recorded}):
            row = self._declared(name, behind.get(name), ahead.get(name), recorded.get(name, ()))
            if row is not None:
                yield row

    def _may_differ(self) -> bool:
        """Whether the declarations have to be looked at."""
        one, other = self.one, self.other
        if self.moved or (one.file is not other.file and one.file != other.file):
            return True
        if not other.file.unresolved:
            return False
        if one.values != other.values or self.before.parsing(self.home) != self.now.parsing(self.home):
            return True
        return any(each.variables for each in other.file.stages.values())

    def _recorded(self) -> Mapping[str, tuple[_Reason, ...]]:
        """Why the records of stages differ, by name."""
        before, now = self.one.lock, self.other.lock
        found: dict[str, tuple[_Reason, ...]] = {}
        for name in sorted(before.keys() | now.keys()):
            if name not in before or name not in now:
                found[name] = (("", "dvc.lock"),)
            elif because := tuple(_of_records(before[name], now[name])):
                found[name] = because
        return found

    def _row(self, name: str, because: tuple[_Reason, ...]) -> StageDiff:
        """A stage whose record alone tells; of one that nobody declares it tells whether it is there."""
        if _declares(self.one.file, name) or _declares(self.other.file, name):
            return self._told(name, Move.CHANGED, self._texts(because, self._wdir(name)))
        return self._of_record(name, because)

    def _of_record(self, name: str, because: tuple[_Reason, ...]) -> StageDiff:
        if name in self.one.lock and name in self.other.lock:
            return self._told(name, Move.CHANGED, self._texts(because, self._wdir(name)))
        return self._told(name, Move.ADDED if name in self.other.lock else Move.REMOVED, ())

    def _declared(
        self, name: str, behind: Stage | None, ahead: Stage | None, recorded: tuple[_Reason, ...]
    ) -> StageDiff | None:
        if ahead is None:
            if behind is not None:
                return self._told(name, Move.REMOVED, ())
            return self._of_record(name, recorded)
        if behind is None:
            return self._told(name, Move.ADDED, (), pending=not self._has_run(ahead))
        declared = dict.fromkeys((*_of_declarations(behind, ahead), *self._of_values(behind, ahead)))
        if not declared and not recorded:
            return None
        pending = not self._has_run(ahead)
        because = self._texts(_in_order((*declared, *recorded)), ahead.wdir)
        return self._told(name, Move.CHANGED, because, pending=pending)

    def _told(self, name: str, move: Move, because: tuple[str, ...], *, pending: bool = False) -> StageDiff:
        return StageDiff(name=posixpath.join(self.home, name), move=move, because=because, pending=pending)

    def _texts(self, because: Iterable[_Reason], wdir: str) -> tuple[str, ...]:
        """The reasons as they are told: each path from the project, like all else that a diff names."""
        texts = (
            ":".join(filter(None, (located(located(path, wdir), self.home), key))) if path else key
            for path, key in because
        )
        return tuple(dict.fromkeys(texts))

    def _wdir(self, name: str) -> str:
        """Where a stage runs of which only the record is looked at; a template tells no place."""
        plain = name.partition("@")[0]
        source = self.other.file.stages.get(plain) or self.one.file.stages.get(plain)
        return "." if source is None or "${" in source.wdir else source.wdir

    def _place(self, stage: Stage, path: str) -> str:
        return located(stage.place(path), self.home)

    def _of_values(self, behind: Stage, ahead: Stage) -> Iterator[_Reason]:
        """The parameters that both sides' stages use and that have another value."""
        used = {use.file: use for use in behind.params}
        for use in sorted(ahead.params, key=lambda each: each.file):
            if use.file in used and self._place(ahead, use.file) in self.moved:
                places = self._place(behind, use.file), self._place(ahead, use.file)
                keys = _of_both(use.keys, used[use.file].keys)
                yield from ((use.file, key) for key in self._differ(places, keys))

    def _differ(self, places: tuple[str, str], keys: Collection[str]) -> Sequence[str]:
        """The keys that have another value; of a whole file, which many stages may use, they are kept."""
        if not keys and places in self._differing:
            return self._differing[places]
        before, now = self.before.known(places[0]) or {}, self.now.known(places[1]) or {}
        if keys:
            parts = {key: key.split(".") for key in sorted(keys)}
            return [key for key, each in parts.items() if value_at(before, each) != value_at(now, each)]
        every = sorted(before.keys() | now.keys())
        found = tuple(key for key in every if before.get(key, ABSENT) != now.get(key, ABSENT))
        self._differing[places] = found
        return found

    def _has_run(self, stage: Stage) -> bool:
        """Whether head's lock is of what head declares, by the rules by which DVC decides.

        A frozen stage waits for no run.
        """
        if stage.frozen:
            return True
        locked = self.other.lock.get(stage.name)
        if locked is None or locked.command != stage.command:
            return False
        if not locked.deps.keys() >= {*stage.deps} or not locked.outs.keys() >= {
            each.path for each in stage.outs
        }:
            return False
        for use in stage.params:
            now = self.now.known(self._place(stage, use.file))
            then = locked.params.get(use.file, {})
            if now is None:
                continue
            if now != then if not use.keys else next(iter(changed_values(use, now, then)), None) is not None:
                return False
        return True


def _blamed(error: MlciError, path: str) -> str:
    """The file that keeps templates from being resolved: the pipeline's own, or one of the parameters'."""
    place = error.where.partition(":")[0]
    return place or path


def _declares(file: PipelineFile, name: str) -> bool:
    """Whether a stage is one of the file's, or one of those that a `foreach` or `matrix` there stands for."""
    return name.partition("@")[0] in file.stages


def _of_declarations(before: Stage, now: Stage) -> Iterator[_Reason]:
    if before.command != now.command:
        yield _COMMAND
    words = ("wdir", "frozen", "always_changed")
    yield from (("", each) for each in words if getattr(before, each) != getattr(now, each))
    yield from sorted({*_params(before)} ^ {*_params(now)})
    yield from ((path, "") for path in sorted({*before.deps} ^ {*now.deps}))
    outs, others = _outs(before), _outs(now)
    every = sorted(outs.keys() | others.keys())
    yield from ((path, "") for path in every if outs.get(path) != others.get(path))


def _params(stage: Stage) -> Iterator[_Reason]:
    for use in stage.params:
        yield from ((use.file, key) for key in use.keys or ("",))


def _of_both(keys: Collection[str], others: Collection[str]) -> Collection[str]:
    """The keys that both use, where none stand for all; none where that is all of both."""
    return {*keys} & {*others} if keys and others else keys or others


def _outs(stage: Stage) -> Mapping[str, Out]:
    return {each.path: each for each in stage.outs}


def _of_records(before: LockedStage, now: LockedStage) -> Iterator[_Reason]:
    if before.command != now.command:
        yield _COMMAND
    for file in sorted(before.params.keys() | now.params.keys()):
        one, other = before.params.get(file, {}), now.params.get(file, {})
        yield from ((file, key) for key in sorted({*one, *other}) if one.get(key) != other.get(key))
    for path in sorted(before.deps.keys() | now.deps.keys()):
        if _hash(before.deps.get(path)) != _hash(now.deps.get(path)):
            yield path, ""


def _hash(recorded: Hashed | None) -> str | None:
    return None if recorded is None else recorded.value


def _in_order(because: Iterable[_Reason]) -> Sequence[_Reason]:
    """The command first, then parameters and paths as they are found."""
    return sorted(because, key=lambda each: each != _COMMAND)
