"""Which files and stages changed between two commits, and what of a table's shape did."""

from collections.abc import Collection, Iterator, Mapping

from msgspec import Struct

from mlci.app.side.outputs import Outputs
from mlci.app.side.snapshot import Pipeline
from mlci.app.side.tabular import Side
from mlci.app.side.trouble import Trouble
from mlci.core.config import Config, Model
from mlci.core.diff import Artifact, ColumnDiff, FileDiff, FileState, Inside, StageDiff
from mlci.core.dvc.files import Hashed
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
        if before.keys() - now.keys():
            then = [_as_declared(model, base) for model in config.models.values()]
            models |= {each.path for each in then}
            elsewhere |= {each.predictions for each in then}
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
        from mlci.app.comparison.directories import Directories, Held  # noqa: PLC0415 - most diffs change no data

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


def _as_declared(model: Model, base: Side) -> Model:
    from mlci.app.comparison.declared import as_declared  # noqa: PLC0415 - seldom does a file go

    return as_declared(model, base)


class Stages(Struct, frozen=True, kw_only=True):
    """The stages that changed, and the templates of head and of base that stand for nothing."""

    rows: tuple[StageDiff, ...] = ()
    problems: tuple[Trouble, ...] = ()
    unresolved: tuple[Trouble, ...] = ()


def stages(base: Side, head: Side, moved: Collection[str]) -> Stages:
    """The stages that differ; `moved` are the parameters files that do. Most commits need no look."""
    behind, ahead = base.declared.pipelines, head.declared.pipelines
    if base is head or not (moved or behind != ahead or any(map(_hangs_on_others, ahead.values()))):
        return Stages()
    from mlci.app.comparison.restated import restated  # noqa: PLC0415 - likewise

    return restated(base, head, moved)


def _hangs_on_others(pipeline: Pipeline | None) -> bool:
    """Whether what a stage is hangs on files that are read for that alone: variables, DVC's configuration."""
    return pipeline is not None and bool(pipeline.file.unresolved)


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
