"""Which stages must run again and why, told from what files say, without DVC and without pulling data.

The rules are those by which `dvc repro --pull` decides; what cannot be decided is unknown and counts as
"run". A missing output is no reason as long as it can be pulled. Like DVC, nobody notices that a dependency,
parameter or output is no longer declared: only what is declared is held against the record.
"""

import posixpath
from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from graphlib import CycleError, TopologicalSorter

from msgspec import Struct, field

from mlci.core.dvc.files import Hashed, LockedStage, ParamsUse, Stage
from mlci.core.dvc.lookup import ABSENT, value_at
from mlci.core.problems import quoted
from mlci.core.strictjson import JsonValue
from mlci.errors import ConfigError


class Seen(StrEnum):
    """How a path in the work tree compares with what was recorded of it."""

    SAME = "same"
    DIFFERENT = "different"
    MISSING = "missing"
    LOST = "lost"  # missing, and known to be nowhere else
    UNDECIDED = "undecided"


class Standing(StrEnum):
    """What is to be done with a stage."""

    CURRENT = "current"
    STALE = "stale"
    FOLLOWS = "follows"
    UNKNOWN = "unknown"
    FROZEN = "frozen"


class Cause(StrEnum):
    """Why a stage must run."""

    NEVER_RAN = "never-ran"
    ALWAYS = "always"
    COMMAND = "command"
    PARAMETER = "parameter"
    DEPENDENCY = "dependency"
    OUTPUT = "output"
    MISSING = "missing"
    UPSTREAM = "upstream"
    UNDECIDED = "undecided"


class Fate(StrEnum):
    """What became of the parameter or path of a reason since it was recorded; `NEW` never was."""

    CHANGED = "changed"
    GONE = "gone"
    NEW = "new"


class Reason(Struct, frozen=True, kw_only=True):
    """One reason, and the parameter, path or stage that it is about."""

    cause: Cause
    subject: str = ""
    fate: Fate = Fate.CHANGED


class Planned(Struct, frozen=True, kw_only=True):
    """One stage with its standing. `absent` are outputs that are not here, though nothing is wrong."""

    name: str
    standing: Standing
    reasons: tuple[Reason, ...] = ()
    upstream: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()

    @property
    def runs(self) -> bool:
        """Whether it has to be assumed that the stage will run."""
        return self.standing in (Standing.STALE, Standing.FOLLOWS, Standing.UNKNOWN)


# What of a frozen stage is told although it does not run: its record is not of what lies here.
_OF_INPUTS = frozenset({Cause.NEVER_RAN, Cause.COMMAND, Cause.PARAMETER, Cause.DEPENDENCY})

# How a path stands against its record: `look("data/raw.csv", recorded)`, paths from dvc.yaml's directory.
Look = Callable[[str, Hashed], Seen]
# The values of a parameters file, by path from dvc.yaml's directory; None when there is no such file.
Params = Callable[[str], Mapping[str, JsonValue] | None]


def plan_stages(
    stages: Mapping[str, Stage], lock: Mapping[str, LockedStage], *, look: Look, params: Params
) -> Sequence[Planned]:
    """Every stage in an order in which they can run, each after what it needs.

    Stages whose templates are unresolved are unknown. Raises ConfigError for a cycle and for an output
    that two stages claim.
    """
    graph = _Graph(stages)
    done: dict[str, Planned] = {}
    for name in graph.order():
        stage = stages[name]
        waits = tuple(each for each in graph.upstream(stage) if done[each].runs)
        judged = _Judge(stage=stage, locked=lock.get(name), lock=lock, graph=graph, look=look, params=params)
        done[name] = judged.planned(waits)
    return tuple(done.values())


def in_order(stages: Mapping[str, Stage]) -> Sequence[str]:
    """All names, each after those it needs. Raises ConfigError where no stages could run in any order."""
    return _Graph(stages).order()


class _Graph:
    """Who makes what, and who therefore comes after whom."""

    def __init__(self, stages: Mapping[str, Stage]) -> None:
        self._stages = stages
        self._makers: dict[str, str] = {}
        self._inside: dict[str, set[str]] = {}
        for name, stage in stages.items():
            for out in stage.outs:
                self._claim(stage.place(out.path), name)

    def order(self) -> tuple[str, ...]:
        """All names, each after those it needs."""
        sorter = TopologicalSorter({name: self.upstream(each) for name, each in self._stages.items()})
        try:
            return tuple(sorter.static_order())
        except CycleError as error:
            circle = " -> ".join(quoted(each) for each in error.args[1])
            if len(set(error.args[1])) == 1:
                raise self._own_reader(error.args[1][0]) from error
            raise ConfigError(
                f"the stages need each other in a circle: {circle}",
                id="stage-cycle",
                where="dvc.yaml",
                help="take one of these dependencies out of dvc.yaml",
            ) from error

    def _own_reader(self, name: str) -> ConfigError:
        stage = self._stages[name]
        read = (*stage.deps, *(use.file for use in stage.params))
        path = next(each for each in read if name in self.makers(stage.place(each)))
        return ConfigError(
            f"the stage {quoted(name)} depends on {quoted(path)}, which it makes itself, or a part of it",
            id="stage-cycle",
            where="dvc.yaml",
            help="let it write elsewhere, or name only the files that it reads",
        )

    def upstream(self, stage: Stage) -> tuple[str, ...]:
        """The stages that make what this one reads, sorted."""
        read = [stage.place(each) for each in (*stage.deps, *(use.file for use in stage.params))]
        return tuple(sorted({maker for path in read for maker in self.makers(path)}))

    def makers(self, path: str) -> set[str]:
        """The stages that make a path, something around it, or something in it."""
        around = (self._makers[each] for each in (path, *parents(path)) if each in self._makers)
        return {*around, *self._inside.get(path, ())}

    def exact_maker(self, path: str) -> str | None:
        """The stage of which a path is one whole output."""
        return self._makers.get(path)

    def is_frozen(self, name: str) -> bool:
        """Whether a stage is left as it is."""
        return self._stages[name].frozen

    def recorded(self, place: str, locked: LockedStage | None) -> Hashed | None:
        """What the maker of an output recorded of it, when it last ran."""
        stage = self._stages[self._makers[place]]
        outs = locked.outs.values() if locked else ()
        return next((each for each in outs if stage.place(each.path) == place), None)

    def _claim(self, path: str, name: str) -> None:
        for rival in self.makers(path) - {name}:
            raise ConfigError(
                f"{quoted(path)} is an output of both {quoted(rival)} and {quoted(name)}",
                id="output-shared",
                where="dvc.yaml",
                help="give each stage its own outputs",
            )
        self._makers[path] = name
        for each in parents(path):
            self._inside.setdefault(each, set()).add(name)


class _Judge(Struct, kw_only=True):
    """Holds one stage against its record."""

    stage: Stage
    locked: LockedStage | None
    lock: Mapping[str, LockedStage]
    graph: _Graph
    look: Look
    params: Params
    reasons: list[Reason] = field(default_factory=list)
    absent: list[str] = field(default_factory=list)

    def planned(self, waits: Iterable[str]) -> Planned:
        """The stage's place in the plan; `waits` are stages before it that run."""
        upstream = self.graph.upstream(self.stage)
        if self.stage.frozen:
            self._judge()
            return Planned(
                name=self.stage.name,
                standing=Standing.FROZEN,
                reasons=tuple(each for each in self.reasons if each.cause in _OF_INPUTS),
                upstream=upstream,
            )
        self._judge()
        standing = self._standing(bool(waits := tuple(waits)))
        return Planned(
            name=self.stage.name,
            standing=standing,
            reasons=(*self.reasons, *(Reason(cause=Cause.UPSTREAM, subject=each) for each in waits)),
            upstream=upstream,
            absent=tuple(self.absent),
        )

    def _standing(self, waits: bool) -> Standing:
        if any(each.cause is not Cause.UNDECIDED for each in self.reasons):
            return Standing.STALE
        if self.reasons:
            return Standing.UNKNOWN
        return Standing.FOLLOWS if waits else Standing.CURRENT

    def _judge(self) -> None:
        stage, locked = self.stage, self.locked
        if stage.unresolved:
            self._because(Cause.UNDECIDED, "template")
        elif locked is None:
            self._because(Cause.NEVER_RAN)
        else:
            if stage.always_changed or not (stage.deps or stage.params or stage.outs):
                self._because(Cause.ALWAYS)
            if stage.command != locked.command:
                self._because(Cause.COMMAND)
            self._judge_params(locked)
            self._judge_deps(locked)
            self._judge_outs(locked)

    def _judge_params(self, locked: LockedStage) -> None:
        for use in self.stage.params:
            now = self.params(self.stage.place(use.file))
            if now is None:
                made = self.graph.makers(self.stage.place(use.file))
                self._because(Cause.UNDECIDED if made else Cause.PARAMETER, use.file, Fate.GONE)
                continue
            for key, fate in changed_values(use, now, locked.params.get(use.file, {})):
                self._because(Cause.PARAMETER, f"{use.file}:{key}", fate)

    def _judge_deps(self, locked: LockedStage) -> None:
        for path in self.stage.deps:
            if path in locked.deps:
                self._judge_dep(path, locked.deps[path])
            else:
                self._because(Cause.DEPENDENCY, path, Fate.NEW)

    def _judge_dep(self, path: str, recorded: Hashed) -> None:
        place = self.stage.place(path)
        maker = self.graph.exact_maker(place)
        if maker is None:
            self._judge_file(path, recorded)
            return
        # What the maker recorded decides: the file itself need not be here, and is the maker's matter.
        made = self.graph.recorded(place, self.lock.get(maker))
        if made is not None and made.legacy != recorded.legacy:
            self._judge_file(path, recorded)
        elif (made is not None and made.value != recorded.value) or (
            self.graph.is_frozen(maker) and self.look(place, recorded) is Seen.DIFFERENT
        ):
            self._because(Cause.DEPENDENCY, path)

    def _judge_file(self, path: str, recorded: Hashed) -> None:
        place = self.stage.place(path)
        seen = self.look(place, recorded)
        absent = seen in (Seen.MISSING, Seen.LOST)
        unmade = seen is Seen.DIFFERENT and self._is_unmade(place)
        if seen is Seen.UNDECIDED or unmade or (absent and self.graph.makers(place)):
            self._because(Cause.UNDECIDED, path)
        elif seen is not Seen.SAME:
            self._because(Cause.DEPENDENCY, path, Fate.GONE if absent else Fate.CHANGED)

    def _is_unmade(self, place: str) -> bool:
        """Whether a part of a directory has no record yet, so that nobody knows what the whole will be."""
        return any(name not in self.lock for name in self.graph.makers(place))

    def _judge_outs(self, locked: LockedStage) -> None:
        for out in self.stage.outs:
            recorded = locked.outs.get(out.path)
            if recorded is None:
                self._because(Cause.OUTPUT, out.path, Fate.NEW)
                continue
            seen = self.look(self.stage.place(out.path), recorded)
            if seen is Seen.LOST or (seen is Seen.MISSING and not out.cache):
                self._because(Cause.MISSING, out.path, Fate.GONE)
            elif seen is Seen.MISSING:
                self.absent.append(self.stage.place(out.path))
            elif seen is not Seen.SAME:
                self._because(Cause.OUTPUT if seen is Seen.DIFFERENT else Cause.UNDECIDED, out.path)

    def _because(self, cause: Cause, subject: str = "", fate: Fate = Fate.CHANGED) -> None:
        self.reasons.append(Reason(cause=cause, subject=subject, fate=fate))


def parents(path: str) -> Iterable[str]:
    """The directories around a path, up to the project itself."""
    while path := posixpath.dirname(path.rstrip("/")):
        yield path
        if path == "/":
            return


def changed_values(
    use: ParamsUse, now: Mapping[str, JsonValue], then: Mapping[str, JsonValue]
) -> Iterable[tuple[str, Fate]]:
    """The keys of a parameters file whose values are not those recorded, and what became of each."""
    for key in use.keys or sorted(now.keys() | then.keys()):
        found = value_at(now, key.split(".")) if use.keys else now.get(key, ABSENT)
        if found is ABSENT:
            yield key, Fate.GONE
        elif key not in then:
            yield key, Fate.NEW
        elif found != then[key]:
            yield key, Fate.CHANGED
