"""`mlci sync`: the CI files that `mlci.yaml` asks for, and nothing of the user's own touched."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from mlci import ci
from mlci.core.config import Config
from mlci.core.digest import sha256
from mlci.core.managed import LOCK, Managed, from_bytes, to_bytes
from mlci.core.pipeline import Pipeline, pipeline_of
from mlci.core.plan import Change, FileDelete, FileWrite, Plan
from mlci.core.strictjson import NotJson
from mlci.errors import ConfigError, DriftError
from mlci.ports.files import Files

Write = FileWrite | FileDelete


class Configured(Protocol):
    """What sync needs of a project: its configuration and its path from the repository's top."""

    @property
    def config(self) -> Config:
        """The configuration."""
        ...

    @property
    def prefix(self) -> str:
        """The path, empty at the top."""
        ...


class Missing(Struct, frozen=True, kw_only=True):
    """A line that a file of the user's own must say, and does not."""

    path: str
    line: str


class Sync(Struct, frozen=True, kw_only=True):
    """What would be written; `edited` are files in the way that mlci did not write as they stand."""

    plan: Plan
    edited: tuple[str, ...] = ()
    missing: tuple[Missing, ...] = ()


def plan_sync(projects: Sequence[Configured], files: Files, *, version: str, overwrite: bool = False) -> Sync:
    """Compare what should stand with what stands. `files` is rooted at the repository's top."""
    pipelines = [(each.config, pipeline_of(each.config, each.prefix, version=version)) for each in projects]
    _refuse_shared_names([pipeline for _, pipeline in pipelines])
    wanted: dict[str, bytes] = {}
    for config, pipeline in pipelines:
        for provider in config.ci.providers:
            wanted.update(_provider(provider).files(pipeline))
    lock = _lock(files, overwrite=overwrite)
    writes: tuple[Write, ...] = (
        *(_write(path, wanted[path], files) for path in sorted(wanted)),
        *_leftovers(wanted, lock, files),
        *_seeds(pipelines, files),
    )
    managed = Managed(generator=version, files={path: sha256(wanted[path]) for path in sorted(wanted)})
    return Sync(
        plan=Plan(files=(*writes, _write(LOCK, to_bytes(managed), files))),
        edited=tuple(each.path for each in writes if _is_edited(each, lock)),
        missing=tuple(_missing(pipelines, files)),
    )


def sync(planned: Sync, files: Files, *, overwrite: bool = False) -> None:
    """Write what differs. Raises DriftError, before writing anything, where that would lose edits."""
    if not overwrite:
        refuse_edited(planned)
    files.apply(planned.plan)


def refuse_edited(planned: Sync) -> None:
    """Raise DriftError where writing would lose edits."""
    if planned.edited:
        raise DriftError(
            "edited by hand, or not written by mlci: " + ", ".join(planned.edited),
            id="managed-file-edited",
            where=planned.edited[0],
            help="mlci sync --dry-run shows what would be lost, mlci sync --overwrite replaces it",
        )


def check(planned: Sync) -> None:
    """Raise DriftError, naming every file, unless all stands as it should."""
    differ = [each.path for each in planned.plan.pending]
    if differ:
        raise DriftError(
            "not what mlci.yaml asks for: " + ", ".join(differ),
            id="ci-files-differ",
            where=differ[0],
            help="mlci sync, then commit what it wrote",
        )
    if planned.missing:
        first = planned.missing[0]
        raise DriftError(
            f"{first.path} does not include mlci's jobs",
            id="ci-entry-missing",
            where=first.path,
            help=f"add to {first.path}: {first.line}",
        )


def _refuse_shared_names(pipelines: Sequence[Pipeline]) -> None:
    for slug, count in Counter(each.slug for each in pipelines).items():
        if count > 1:
            raise ConfigError(
                f"{count} projects of this repository would share the CI files mlci-{slug}-*",
                id="project-name-shared",
                where="project",
                help="give each mlci.yaml its own `project:`",
            )


def _provider(provider_id: str) -> ci.Provider:
    try:
        return ci.load(provider_id)
    except KeyError:
        raise ConfigError(
            f"there is no CI provider {provider_id!r}",
            id="unknown-provider",
            where="ci.providers",
            help=f"known are {', '.join(ci.ids())}",
        ) from None


def _lock(files: Files, *, overwrite: bool) -> Managed:
    content = files.read_if_there(LOCK)
    try:
        return from_bytes(content) if content is not None else Managed()
    except NotJson as error:
        if overwrite:
            return Managed()
        raise ConfigError(
            f"{LOCK} cannot be read: {error}",
            id="lock-unreadable",
            where=LOCK,
            help="after a merge conflict: mlci sync --overwrite writes it anew",
        ) from error


def _write(path: str, content: bytes, files: Files) -> FileWrite:
    before = files.read_if_there(path)
    absent = Change.CREATE if before is None else Change.UPDATE
    return FileWrite(
        path=path, content=content, before=before, change=Change.KEEP if before == content else absent
    )


def _leftovers(wanted: Mapping[str, bytes], lock: Managed, files: Files) -> Iterator[FileDelete]:
    """Files of a project or provider that is gone. A lock cannot make us delete anything else."""
    providers = [ci.load(each) for each in ci.ids()]
    for path in sorted(set(lock.files) - set(wanted)):
        before = files.read_if_there(path) if any(each.owns(path) for each in providers) else None
        if before is not None:
            yield FileDelete(path=path, before=before)


def _seeds(pipelines: Sequence[tuple[Config, Pipeline]], files: Files) -> Iterator[FileWrite]:
    for provider in sorted({each for config, _ in pipelines for each in config.ci.providers}):
        for path, content in _provider(provider).seeds().items():
            if files.read_if_there(path) in (None, content):
                yield _write(path, content, files)


def _missing(pipelines: Sequence[tuple[Config, Pipeline]], files: Files) -> Iterator[Missing]:
    for config, pipeline in pipelines:
        for provider in map(_provider, config.ci.providers):
            for path in provider.seeds():
                content = files.read_if_there(path)
                line = provider.missing_line(pipeline, path, content) if content is not None else None
                if line:
                    yield Missing(path=path, line=line)


def _is_edited(write: Write, lock: Managed) -> bool:
    if write.change is Change.KEEP or write.before is None:
        return False
    return not lock.wrote(write.path, write.before)
