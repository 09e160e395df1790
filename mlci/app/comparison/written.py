"""What the metrics and parameters files of both sides say, as rows that moved and as declared objectives."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mlci.app.side.outputs import Outputs
from mlci.app.side.tabular import Side
from mlci.app.side.trouble import Trouble, instead, of_content, of_file
from mlci.core.config import Config, Direction, Objective
from mlci.core.diff import ValueDiff
from mlci.core.diff.leaves import Leaves, only, read_leaves
from mlci.core.diff.renames import Pointer, advice, called_now, plausible, pointer, rename
from mlci.core.diff.values import MISSING, Kind, Value
from mlci.core.dvc.files import is_inside
from mlci.core.problems import inert
from mlci.core.yaml.node import DVC_LIMITS
from mlci.errors import MlciError

if TYPE_CHECKING:
    from mlci.core.measure.verdicts import Measured

Files = Mapping[str, Leaves]

_COMMIT_IT = "commit the file, or take it out of dvc.yaml and mlci.yaml; `mlci run` makes what a stage writes"


class _Said(Struct, frozen=True, kw_only=True):
    """Metrics and parameters of one side by path, and why others could not be read."""

    metrics: Files
    params: Files
    named: Files
    problems: Mapping[str, Trouble]


class Written(Struct, frozen=True, kw_only=True):
    """The rows that moved, and what could not be read: in head that is a problem, in base a note."""

    metrics: tuple[ValueDiff, ...]
    params: tuple[ValueDiff, ...]
    problems: tuple[Trouble, ...]
    unreadable: tuple[Trouble, ...]
    _behind: Files | None
    _ahead: Files
    _unread: Mapping[str, Trouble]

    @classmethod
    def of(cls, outputs: Outputs, config: Config, base: Side | None, head: Side) -> "Written":
        """Read both sides; Git is told of all files at once, and reads base's while head's are parsed."""
        head.snapshot.git.announce([*_named(head, config), *(_named(base, config) if base else ())])
        ahead = _read(outputs, head, config)
        unread = {**ahead.problems, **_turned(base, head)}
        problems = tuple(unread.values())
        if base is None:
            return cls(
                metrics=(),
                params=(),
                problems=problems,
                unreadable=(),
                _behind=None,
                _ahead=ahead.named,
                _unread=unread,
            )
        behind, names = _read(outputs, base, config), config.report.renamed
        # Of what one side cannot read nobody knows what became; its finding or note tells that.
        unknown = {each.path for each in (*problems, *behind.problems.values()) if not each.nothing}
        return cls(
            metrics=_moved(behind.metrics, ahead.metrics, names, unknown),
            params=_moved(behind.params, ahead.params, names, unknown),
            problems=problems,
            unreadable=(*behind.problems.values(),),
            _behind=rename(behind.named, ahead.named, names).files,
            _ahead=ahead.named,
            _unread=unread,
        )

    def objectives(self, config: Config, apart: "Mapping[str, Written]") -> "list[Measured]":
        """The objectives whose value stands in a file, not judged yet; `apart` are models of another base."""
        declared = [each for each in config.objectives if each.source is not None]
        return [
            _renamed(
                _objective(each, apart.get(each.model or "", self)._behind, self._ahead, self._unread),
                config.report.renamed,
                self._ahead,
            )
            for each in declared
        ]


def _read(outputs: Outputs, side: Side, config: Config) -> _Said:
    problems: dict[str, Trouble] = {}
    told = side.declared
    metrics = _leaves(outputs, side, told.metrics, problems, missing=True)
    whole = _leaves(outputs, side, tuple(told.params), problems, missing=False)
    params = {path: only(leaves, told.params[path]) for path, leaves in whole.items()}
    named = metrics | _leaves(outputs, side, _sources(side, config), problems, missing=True)
    return _Said(metrics=metrics, params=params, named=named, problems=problems)


def _named(side: Side, config: Config) -> Iterator[tuple[str, str]]:
    """The files of a side, in the order in which they are read."""
    told = side.declared
    paths = (*told.metrics, *told.params, *_sources(side, config))
    return side.snapshot.named(each for each in paths if each not in told.links)


def _sources(side: Side, config: Config) -> Sequence[str]:
    """What objectives name beside the metrics files."""
    asked = {pointer(each.source).path for each in config.objectives if each.source}
    return sorted(asked.difference(side.declared.metrics))


def _leaves(
    outputs: Outputs, side: Side, paths: Sequence[str], problems: dict[str, Trouble], *, missing: bool
) -> dict[str, Leaves]:
    found: dict[str, Leaves] = {}
    snapshot, links, made = side.snapshot, side.declared.links, side.declared.outs
    for path in paths:
        if path in links:
            problems[path] = instead(f"{path} is a symbolic link: commit the file itself", path, made)
            continue
        try:
            content = outputs.read(snapshot, path, side.declared.outs, limit=DVC_LIMITS.size)
        except MlciError as error:
            problems[path] = of_file(error, path, made)
            continue
        if content is None:
            if missing:
                problems[path] = _missing(outputs, side, path)
            continue
        try:
            found[path] = read_leaves(content, path)
        except MlciError as error:
            problems[path] = of_content(error, path, made)
    return found


def _turned(base: Side | None, head: Side) -> Mapping[str, Trouble]:
    """Directories where a metrics file stood, or where the lock records one: what it said is nowhere."""
    outs = head.declared.outs
    stood = frozenset() if base is None else frozenset(base.declared.metrics)
    recorded = {path for path, out in outs.items() if out.value and not out.is_directory}
    return {
        path: instead(f"{path} is a directory, and was a metrics file", path, outs)
        for path in sorted(head.declared.directories & (stood | recorded))
    }


def _missing(outputs: Outputs, side: Side, path: str) -> Trouble:
    from mlci.app.side.absence import absence  # noqa: PLC0415 - seldom is a file missing

    outs = side.declared.outs
    if not any(is_inside(path, each) for each in outs):
        told = f"{path} is declared, and it is not there"
        return Trouble(path=path, told=told, help=_COMMIT_IT, nothing=True)
    found = absence(outputs, side.snapshot, path, outs)
    return Trouble(path=path, told=f"{path} {found.why}", help=found.help, absent=True)


def _objective(
    objective: Objective, behind: Files | None, ahead: Files, unread: Mapping[str, Trouble]
) -> "Measured":
    """What a file says of it; where it cannot be read, why, as the file itself is told of."""
    from mlci.core.measure.verdicts import Measured  # noqa: PLC0415 - few objectives are of a file's values

    before = None if behind is None else _at(behind, objective)
    now = _at(ahead, objective)
    place = pointer(objective.source or "")
    trouble = unread.get(place.path)
    new = _new_name(place, behind, ahead) if now.kind is Kind.MISSING and trouble is None else None
    what = f"{objective.source} is {_WHAT.get(now.kind)}" if trouble is None else trouble.told
    problem = what if new is None else f"{what}, and {new.written} is new"
    return Measured(
        metric=objective.metric,
        direction=objective.direction or Direction.HIGHER,
        model=objective.model,
        objective=objective,
        base=None if before is None else before.number,
        head=now.number,
        problem="" if now.kind is Kind.NUMBER else problem,
        advice="" if new is None else advice(place, new),
    )


def _renamed(row: "Measured", names: Mapping[str, str], ahead: Files) -> "Measured":
    """With the new place of a value that mlci.yaml renames, where the objective still names the old one."""
    old = row.objective.source or "" if row.objective else ""
    new = called_now(old, names)
    if not row.problem or new == old or _stands(ahead, old) or not _stands(ahead, new):
        return row
    then = f"`from: {inert(new)}` in the objective, as `report.renamed` in mlci.yaml has it"
    return replace(row, problem=f"{old} is missing, and is called {new} now", advice=then)


def _stands(files: Files, source: str) -> bool:
    place = pointer(source)
    return place.key in files.get(place.path, {})


_WHAT = {
    Kind.MISSING: "missing",
    Kind.NAN: "not a number (NaN)",
    Kind.PLUS_INFINITY: "infinite",
    Kind.MINUS_INFINITY: "infinite",
    Kind.TEXT: "text, not a number",
    Kind.FLAG: "true or false, not a number",
    Kind.LIST: "a list, not a number",
    Kind.NULL: "null",
}


def _new_name(place: Pointer, behind: Files | None, ahead: Files) -> Pointer | None:
    return plausible(place, (behind or {}).get(place.path, {}), ahead.get(place.path, {}))


def _at(files: Files, objective: Objective) -> Value:
    place = pointer(objective.source or "")
    return files.get(place.path, {}).get(place.key, MISSING)


def _moved(
    base: Files, head: Files, names: Mapping[str, str], unknown: Collection[str]
) -> tuple[ValueDiff, ...]:
    """The keys that differ, by path and key, but for the files of which one side is `unknown`."""
    renamed = rename(base, head, names)
    files, old = renamed.files, renamed.old
    moved: list[ValueDiff] = []
    for path in sorted({*files, *head}.difference(unknown)):
        behind, ahead = files.get(path, {}), head.get(path, {})
        for key in sorted(ahead if behind.keys() == ahead.keys() else {*behind, *ahead}):
            before, now = behind.get(key, MISSING), ahead.get(key, MISSING)
            was = str(old.get(Pointer(path=path, key=key), "")) if old else ""
            if was or not before.same_as(now):
                moved.append(ValueDiff(path=path, key=key, base=before, head=now, was=was))
    return tuple(moved)
