"""Which files and stages changed between two commits, and what of a table's shape did."""

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from mlci.app.outputs import Outputs
from mlci.app.tabular import Side
from mlci.core.config import Config
from mlci.core.diff import Artifact, ColumnDiff, FileDiff, FileState, Inside, Move, StageDiff
from mlci.core.dvc.files import Hashed, LockedStage
from mlci.errors import MlciError
from mlci.ports.tables import Shape, Tables, is_table


class Changes(Struct, frozen=True, kw_only=True):
    """Looks at what lies here of a changed file; nothing is downloaded to be counted."""

    tables: Tables
    outputs: Outputs

    def files(self, config: Config, base: Side, head: Side) -> Iterator[FileDiff]:
        """Every data set and model that changed, by path; metrics and predictions are told elsewhere."""
        models = {model.path for model in config.models.values()}
        elsewhere = {model.predictions for model in config.models.values()}
        for side in (base, head):
            elsewhere |= {*side.declared.metrics, *side.declared.params, *side.declared.plots}
        before, now = _tracked(base), _tracked(head)
        for path in sorted(before.keys() | now.keys()):
            if path in elsewhere or _hash(before.get(path)) == _hash(now.get(path)):
                continue
            artifact = Artifact.MODEL if path in models else Artifact.DATA
            yield self._changed(path, artifact, (base, before.get(path)), (head, now.get(path)))

    def _changed(
        self,
        path: str,
        artifact: Artifact,
        base: tuple[Side, Hashed | None],
        head: tuple[Side, Hashed | None],
    ) -> FileDiff:
        one, other = self._shape(path, *base), self._shape(path, *head)
        return FileDiff(
            path=path,
            artifact=artifact,
            base=_state(base[1], one),
            head=_state(head[1], other),
            columns=() if one is None or other is None else tuple(_columns(one.columns, other.columns)),
            inside=self._inside(path, base, head),
        )

    def _inside(
        self, path: str, base: tuple[Side, Hashed | None], head: tuple[Side, Hashed | None]
    ) -> Inside | None:
        from mlci.app.directories import Directories, Held  # noqa: PLC0415 - most diffs change no data

        held = (Held(path=path, side=side, recorded=recorded) for side, recorded in (base, head))
        return Directories(tables=self.tables, outputs=self.outputs).inside(*held)

    def _shape(self, path: str, side: Side, recorded: Hashed | None) -> Shape | None:
        """The shape of a table, None where it is none, is not here, or cannot be read."""
        if recorded is None or recorded.is_directory:
            return None
        try:
            source = self.outputs.here(side.snapshot, path, recorded)
            return None if source is None else self.tables.shape(source, path)
        except MlciError:
            return None


def stages(base: Mapping[str, LockedStage], head: Mapping[str, LockedStage]) -> Iterable[StageDiff]:
    """The stages that came, went or ran with something else, by name."""
    for name in sorted(base.keys() | head.keys()):
        if name not in base or name not in head:
            yield StageDiff(name=name, move=Move.ADDED if name in head else Move.REMOVED)
        elif because := tuple(_because(base[name], head[name])):
            yield StageDiff(name=name, move=Move.CHANGED, because=because)


def _because(base: LockedStage, head: LockedStage) -> Iterable[str]:
    if base.command != head.command:
        yield "command"
    for file in sorted(base.params.keys() | head.params.keys()):
        before, now = base.params.get(file, {}), head.params.get(file, {})
        yield from (f"{file}:{key}" for key in sorted({*before, *now}) if before.get(key) != now.get(key))
    for path in sorted(base.deps.keys() | head.deps.keys()):
        if _hash(base.deps.get(path)) != _hash(head.deps.get(path)):
            yield path


def _tracked(side: Side) -> Mapping[str, Hashed]:
    """What DVC recorded of data and models: outputs, and tables in Git that stages read."""
    told = side.declared
    return {path: dep for path, dep in told.deps.items() if is_table(path)} | dict(told.outs)


def _columns(base: Mapping[str, str], head: Mapping[str, str]) -> Iterator[ColumnDiff]:
    for name in dict.fromkeys((*base, *head)):
        if base.get(name) != head.get(name):
            yield ColumnDiff(name=name, base=base.get(name), head=head.get(name))


def _hash(recorded: Hashed | None) -> str | None:
    return None if recorded is None else recorded.value


def _state(recorded: Hashed | None, shape: Shape | None) -> FileState | None:
    if recorded is None:
        return None
    rows = None if shape is None else shape.rows
    return FileState(hash=recorded.value, size=recorded.size, files=recorded.files, rows=rows)
