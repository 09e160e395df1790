"""`diff`: everything that changed between two commits, with a verdict for every metric that can have one."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from msgspec import Struct

from mlci.app.comparison.changes import Changes, stages
from mlci.app.comparison.range import Range
from mlci.app.comparison.revisions import choose
from mlci.app.comparison.written import Written
from mlci.app.side.outputs import Outputs
from mlci.app.side.snapshot import Snapshot, declared
from mlci.app.side.tabular import Side, SideTables
from mlci.core.config import Config, Objective
from mlci.core.context import RunContext
from mlci.core.diff import Diff, Keeper, MetricDiff
from mlci.ports.files import Files
from mlci.ports.git import Git
from mlci.ports.tables import Tables

# A project whose metrics are all in files pays for no arrays.
if TYPE_CHECKING:
    from mlci.app.comparison.measure import OfModel
    from mlci.app.comparison.rebuild import Rebuilding
    from mlci.app.comparison.rescore import Rescoring
    from mlci.app.stages.ground import Ground
    from mlci.core.measure.predictions import Flips
    from mlci.core.measure.verdicts import Measured
    from mlci.ports.dvc import Dvc
    from mlci.ports.user_python import UserPython


class DiffRequest(Struct, frozen=True, kw_only=True):
    """What is compared, and the hands to do it with; `prefix` is the project's path in the repository.

    Without `user_python` no model is scored again, without `dvc_at` (DVC elsewhere) no base made again.
    `notes` say what went before, such as whose configuration it is. With a `ground`, what large outputs hash
    to may be remembered from earlier commands.
    """

    config: Config
    prefix: str
    context: RunContext
    git: Git
    files: Files
    tables: Tables
    dvc: "Dvc"
    user_python: "Callable[[], UserPython] | None" = None
    dvc_at: "Callable[[Path], Dvc] | None" = None
    ground: "Callable[[], Ground] | None" = None
    base: str | None = None
    head: str | None = None
    notes: tuple[str, ...] = ()


class Compared(Struct, frozen=True, kw_only=True):
    """The diff, and by model the rows whose prediction flipped: ids, which no report may show."""

    diff: Diff
    flips: "Mapping[str, Flips]"


def diff(request: DiffRequest) -> Diff:
    """Compare two commits, or a commit and the work tree. What cannot be read in head is red."""
    return compared(request).diff


def compared(request: DiffRequest) -> Compared:
    """Compare likewise, and name the rows that flipped."""
    both = sides(request)
    models = measure_models(request, both)
    found = _assembled(request, both, models)
    flips = {each.pairing.model: each.flips for each in models if each.pairing and each.flips is not None}
    return Compared(diff=found, flips=flips)


class Sides(Struct, frozen=True, kw_only=True):
    """What is compared with what, and what each declares; no base when there is none.

    `own` are the bases of models that have one of their own.
    """

    chosen: Range
    base: Side | None
    head: Side
    own: Mapping[str, Side | None]

    def behind(self, model: str) -> Side | None:
        """What a model is compared with."""
        return self.own.get(model, self.base)


def sides(request: DiffRequest) -> Sides:
    """The two sides, and the bases of single models."""
    chosen = choose(
        request.git,
        request.config,
        request.context,
        prefix=request.prefix,
        base=request.base,
        head=request.head,
    )
    commits = dict.fromkeys(filter(None, (chosen.base, *chosen.versions.values())))
    made = {commit: _side(request, commit) for commit in commits}
    return Sides(
        chosen=chosen,
        base=made.get(chosen.base or ""),
        head=_side(request, chosen.head),
        own={model: made.get(commit or "") for model, commit in chosen.versions.items()},
    )


def _outputs(request: DiffRequest) -> Outputs:
    return Outputs(dvc=request.dvc, remote=request.config.remotes.read)


def _side(request: DiffRequest, commit: str | None) -> Side:
    snapshot = Snapshot(git=request.git, files=request.files, prefix=request.prefix, commit=commit)
    return Side(snapshot=snapshot, declared=declared(snapshot))


def _assembled(request: DiffRequest, both: Sides, models: "Sequence[OfModel]") -> Diff:
    chosen, base, head = both.chosen, both.base, both.head
    written = Written.of(_outputs(request), request.config, base, head)
    objectives = written.objectives(request.config, _written_apart(request, both))
    measured = [*(row for each in models for row in each.measured), *objectives]
    changed = stages(base or head, head, {each.path for each in written.params})
    unreadable = (*base.declared.problems, *written.unreadable, *changed.unresolved) if base else ()
    red = (*head.declared.problems, *written.problems, *changed.problems)
    departed = _departed(request, head, {each.path for each in red})
    return Diff(
        base=chosen.base,
        head=chosen.head,
        base_name=chosen.base_name,
        head_name=chosen.head_name,
        metrics=_judged(measured),
        values=written.metrics,
        params=written.params,
        files=tuple(
            Changes(tables=request.tables, outputs=_outputs(request)).files(
                request.config, base or head, head
            )
        ),
        stages=changed.rows,
        pairings=tuple(each.pairing for each in models if each.pairing),
        problems=tuple(dict.fromkeys(each.told for each in red)),
        mends={each.told: each.mend for each in reversed(red)},
        **departed,
        gone=_gone(request.config, base, head),
        contradicted=head.declared.contradicted,
        notes=(
            *chosen.notes,
            *_unrelated(chosen),
            *request.notes,
            *dict.fromkeys(note for each in models for note in each.notes),
            *(f"in the base, {each.noted}" for each in unreadable),
        ),
    )


def _judged(measured: "Sequence[Measured]") -> tuple[MetricDiff, ...]:
    if not measured:
        return ()
    from mlci.core.measure.verdicts import judge  # noqa: PLC0415 - nothing is asked of most files' values

    return judge(measured)


def _unrelated(chosen: Range) -> Sequence[str]:
    said = f"the histories are unrelated: {chosen.base_name} is no earlier state of what is compared with it"
    return [said] if chosen.apart() else []


class _Departed(TypedDict, total=False):
    displaced: tuple[str, ...]
    kept: Mapping[str, Keeper]
    by_hand: tuple[str, ...]


def _departed(request: DiffRequest, head: Side, told: Collection[str]) -> _Departed:
    """What lies at head and is not as its lock records, who can put it back, and what was committed so.

    Of files that are `told` of as unreadable that says nothing more.
    """
    if not head.declared.stages:
        return {}
    from mlci.app.comparison.recorded import by_hand, displaced, kept  # noqa: PLC0415 - without a pipeline nothing is

    found = displaced(request.config, head, request.ground)
    if not found:
        return {}
    committed = by_hand(request.config, head, found)
    others = tuple(each for each in found if each not in committed and each not in told)
    return {"displaced": others, "kept": kept(head, others), "by_hand": committed}


def _gone(config: Config, base: Side | None, head: Side) -> tuple[str, ...]:
    if base is None or not base.declared.stages:
        return ()
    from mlci.app.comparison.recorded import gone  # noqa: PLC0415 - likewise

    return gone(config, base, head)


def _written_apart(request: DiffRequest, both: Sides) -> Mapping[str, Written]:
    """What files said of the models whose base is not the project's, where an objective asks for it."""
    asked = {each.model for each in request.config.objectives if each.source is not None}
    return {
        model: Written.of(_outputs(request), request.config, base, both.head)
        for model, base in both.own.items()
        if model in asked and base is not both.base
    }


def measure_models(request: DiffRequest, both: Sides) -> "list[OfModel]":
    """Every metric of every model that declares predictions, not judged yet."""
    predicting = [model for model in request.config.models.values() if model.predictions is not None]
    if not predicting:
        return []
    from mlci.app.comparison.measure import Models  # noqa: PLC0415 - arrays cost more than all else
    from mlci.app.comparison.slices import declared_slices  # noqa: PLC0415

    tables = SideTables(tables=request.tables, outputs=_outputs(request))
    models = Models(
        tables=tables,
        slices=declared_slices(request.config),
        rescoring=_rescoring(request, tables),
        rebuilding=_rebuilding(request),
    )
    return [
        models.measure(model, _objectives_of(model.name, request.config), both.behind(model.name), both.head)
        for model in predicting
    ]


def _rescoring(request: DiffRequest, tables: SideTables) -> "Rescoring | None":
    from mlci.app.comparison.rescore import Rescoring  # noqa: PLC0415

    asked = request.user_python
    return None if asked is None else Rescoring(tables=tables, user_python=asked)


def _rebuilding(request: DiffRequest) -> "Rebuilding | None":
    from mlci.app.comparison.rebuild import Rebuilding  # noqa: PLC0415

    if request.dvc_at is None:
        return None
    return Rebuilding(git=request.git, dvc=request.dvc, dvc_at=request.dvc_at, prefix=request.prefix)


def _objectives_of(model: str, config: Config) -> list[Objective]:
    """What is asked of a model's predictions; with one model, its name need not be said."""
    names = {model, None} if len(config.models) == 1 else {model}
    return [each for each in config.objectives if each.source is None and each.model in names]
