"""What else a change is compared with: what runs in the environments that `report.baselines` names."""

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from mlci.app.diff import DiffRequest, diff
from mlci.core.diff import Diff
from mlci.core.registry.fold import Release, fold
from mlci.core.registry.tag import full_name
from mlci.errors import MlciError


class _Running(Struct, frozen=True, kw_only=True):
    """One commit that an environment runs, and the models that it runs of it."""

    commit: str
    name: str
    models: tuple[str, ...]


def against_environments(request: DiffRequest, found: Diff) -> Mapping[str, Diff]:
    """Compare with each named environment in which something runs; `found` is the diff with the base.

    Such a diff informs and never gates: what cannot be compared is a note in it.
    """
    named = (each for each in request.config.report.baselines if each in request.config.environments)
    return {name: told for name in named if (told := _against(request, name, found)) is not None}


def _against(request: DiffRequest, environment: str, found: Diff) -> Diff | None:
    parts = [_compared(request, each, found) for each in _running(request, environment)]
    if not parts:
        return None
    return replace(
        parts[0],
        base_name=", ".join(each.base_name for each in parts),
        metrics=tuple(metric for each in parts for metric in each.metrics),
        pairings=tuple(pairing for each in parts for pairing in each.pairings),
        notes=tuple(dict.fromkeys(note for each in parts for note in each.notes)),
    )


def _running(request: DiffRequest, environment: str) -> Iterator[_Running]:
    registry = fold(request.git.tags())
    releases: dict[str, Release] = {}
    for model in request.config.models:
        current = registry.model(full_name(request.prefix, model)).current(environment)
        if current is not None:
            releases[model] = current.release
    for commit in dict.fromkeys(each.commit for each in releases.values()):
        models = tuple(name for name, each in releases.items() if each.commit == commit)
        name = ", ".join(f"{each} {releases[each].title}" for each in models)
        yield _Running(commit=commit, name=name, models=models)


def _compared(request: DiffRequest, running: _Running, found: Diff) -> Diff:
    try:
        # A base that nothing keeps is not worth making again for a mere remark.
        told = found if found.base == running.commit else diff(_asked(request, running.commit))
    except MlciError as error:
        note = f"{running.name} cannot be compared: {error.message}"
        return Diff(base=running.commit, head=found.head, base_name=running.name, notes=(note,))
    of_all = running.models == tuple(request.config.models)
    theirs = {*running.models, *([None] if of_all else [])}
    return replace(
        told,
        base_name=running.name,
        metrics=tuple(each for each in told.metrics if each.model in theirs and not each.subject),
        pairings=tuple(each for each in told.pairings if each.model in running.models),
    )


def _asked(request: DiffRequest, commit: str) -> DiffRequest:
    return replace(request, base=commit, dvc_at=None)
