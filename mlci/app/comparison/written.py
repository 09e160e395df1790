"""What the metrics and parameters files of both sides say, as rows that moved and as declared objectives."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from mlci.app.side.outputs import Outputs
from mlci.app.side.tabular import Side
from mlci.core.config import Config, Direction, Objective
from mlci.core.diff import ValueDiff
from mlci.core.diff.leaves import Leaves, only, read_leaves
from mlci.core.diff.renames import Pointer, pointer, rename
from mlci.core.diff.values import MISSING, Kind, Value
from mlci.core.dvc.files import is_inside
from mlci.core.problems import in_a_line
from mlci.core.yaml.node import DVC_LIMITS
from mlci.errors import MlciError

if TYPE_CHECKING:
    from mlci.core.measure.verdicts import Measured

Files = Mapping[str, Leaves]


class _Said(Struct, frozen=True, kw_only=True):
    """Metrics and parameters of one side by path, and why others could not be read."""

    metrics: Files
    params: Files
    named: Files
    problems: Mapping[str, str]


class Written(Struct, frozen=True, kw_only=True):
    """The rows that moved, and what could not be read: in head that is a problem, in base a note."""

    metrics: tuple[ValueDiff, ...]
    params: tuple[ValueDiff, ...]
    problems: tuple[str, ...]
    unreadable: tuple[str, ...]
    _behind: Files | None
    _ahead: Files
    _unread: Mapping[str, str]

    @classmethod
    def of(cls, outputs: Outputs, config: Config, base: Side | None, head: Side) -> "Written":
        """Read both sides; Git is told of all files at once, and reads base's while head's are parsed."""
        head.snapshot.git.announce([*_named(head), *(_named(base) if base else ())])
        ahead = _read(outputs, head, config)
        if base is None:
            return cls(
                metrics=(),
                params=(),
                problems=(*ahead.problems.values(),),
                unreadable=(),
                _behind=None,
                _ahead=ahead.named,
                _unread=ahead.problems,
            )
        behind, names = _read(outputs, base, config), config.report.renamed
        return cls(
            metrics=_moved(behind.metrics, ahead.metrics, names),
            params=_moved(behind.params, ahead.params, names),
            problems=(*ahead.problems.values(),),
            unreadable=(*behind.problems.values(),),
            _behind=rename(behind.named, ahead.named, names).files,
            _ahead=ahead.named,
            _unread=ahead.problems,
        )

    def objectives(self, config: Config, apart: "Mapping[str, Written]") -> "list[Measured]":
        """The objectives whose value stands in a file, not judged yet; `apart` are models of another base."""
        declared = [each for each in config.objectives if each.source is not None]
        return [
            _objective(each, apart.get(each.model or "", self)._behind, self._ahead, self._unread)
            for each in declared
        ]


def _read(outputs: Outputs, side: Side, config: Config) -> _Said:
    problems: dict[str, str] = {}
    told = side.declared
    metrics = _leaves(outputs, side, told.metrics, problems, missing=True)
    whole = _leaves(outputs, side, tuple(told.params), problems, missing=False)
    params = {path: only(leaves, told.params[path]) for path, leaves in whole.items()}
    sources = {pointer(each.source).path for each in config.objectives if each.source} - {*told.metrics}
    named = metrics | _leaves(outputs, side, sorted(sources), problems, missing=True)
    return _Said(metrics=metrics, params=params, named=named, problems=problems)


def _named(side: Side) -> Iterator[tuple[str, str]]:
    """The metrics and parameters of a side, in the order in which they are read."""
    told = side.declared
    return side.snapshot.named(each for each in (*told.metrics, *told.params) if each not in told.links)


def _leaves(
    outputs: Outputs, side: Side, paths: Sequence[str], problems: dict[str, str], *, missing: bool
) -> dict[str, Leaves]:
    found: dict[str, Leaves] = {}
    snapshot, links = side.snapshot, side.declared.links
    for path in paths:
        if path in links:
            problems[path] = f"{path} is a symbolic link: commit the file itself"
            continue
        try:
            content = outputs.read(snapshot, path, side.declared.outs, limit=DVC_LIMITS.size)
        except MlciError as error:
            # Whoever keeps files names the path by himself.
            problems[path] = error.message
            continue
        if content is None:
            if missing:
                problems[path] = _missing(outputs, side, path)
            continue
        try:
            found[path] = read_leaves(content, path)
        except MlciError as error:
            problems[path] = in_a_line(error, path)
    return found


def _missing(outputs: Outputs, side: Side, path: str) -> str:
    from mlci.app.side.absence import absence  # noqa: PLC0415 - seldom is a file missing

    outs = side.declared.outs
    if not any(is_inside(path, each) for each in outs):
        return f"{path} is declared, and it is not there"
    found = absence(outputs, side.snapshot, path, outs)
    return f"{path} {found.why}: {found.help}"


def _objective(
    objective: Objective, behind: Files | None, ahead: Files, unread: Mapping[str, str]
) -> "Measured":
    """What a file says of it; where it cannot be read, why, as the file itself is told of."""
    from mlci.core.measure.verdicts import Measured  # noqa: PLC0415 - few objectives are of a file's values

    before = None if behind is None else _at(behind, objective)
    now = _at(ahead, objective)
    what = f"{objective.source} is {_WHAT.get(now.kind)}"
    return Measured(
        metric=objective.metric,
        direction=objective.direction or Direction.HIGHER,
        model=objective.model,
        objective=objective,
        base=None if before is None else before.number,
        head=now.number,
        problem="" if now.kind is Kind.NUMBER else unread.get(pointer(objective.source or "").path, what),
    )


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


def _at(files: Files, objective: Objective) -> Value:
    place = pointer(objective.source or "")
    return files.get(place.path, {}).get(place.key, MISSING)


def _moved(base: Files, head: Files, names: Mapping[str, str]) -> tuple[ValueDiff, ...]:
    """The keys that differ, by path and key."""
    renamed = rename(base, head, names)
    files, old = renamed.files, renamed.old
    moved: list[ValueDiff] = []
    for path in sorted({*files, *head}):
        behind, ahead = files.get(path, {}), head.get(path, {})
        for key in sorted(ahead if behind.keys() == ahead.keys() else {*behind, *ahead}):
            before, now = behind.get(key, MISSING), ahead.get(key, MISSING)
            was = str(old.get(Pointer(path=path, key=key), "")) if old else ""
            if was or not before.same_as(now):
                moved.append(ValueDiff(path=path, key=key, base=before, head=now, was=was))
    return tuple(moved)
