"""`plan`: which stages are stale and why, what follows, and where absent outputs are."""

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from msgspec import Struct, field

from mlci.app.stages.catalogue import Catalogue, read_catalogue
from mlci.app.stages.comparing import Comparer
from mlci.app.stages.ground import Ground
from mlci.app.stages.hashing import Hashes, Memory, read_memory, write_memory
from mlci.core.dvc.files import Hashed, is_inside, is_url
from mlci.core.dvc.forecast import Absent, Forecast, Whereabouts
from mlci.core.dvc.params import read_params
from mlci.core.dvc.stages import Planned, Standing, parents, plan_stages
from mlci.core.problems import did_you_mean, quoted
from mlci.core.strictjson import JsonValue
from mlci.core.wording import count
from mlci.errors import MlciError, UsageError, WorldError


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked: all stages or `targets`; `remote` to read from, None when there is none.

    `offline` asks no remote. `remember` uses hashes of earlier plans, which CI must not. `locks` count
    instead of the files, by directory.
    """

    targets: tuple[str, ...] = ()
    remote: str | None = None
    offline: bool = False
    remember: bool = True
    locks: Mapping[str, bytes] = field(default_factory=dict)


def plan(ground: Ground, asked: Asked) -> Forecast:
    """Say what `dvc repro --pull` would execute, without running, pulling or changing anything."""
    memory = read_memory(ground.project) if asked.remember else Memory()
    catalogue = read_catalogue(ground.root, ground.tree, ground.dvc, ground.prefix, locks=asked.locks)
    hashes = Hashes(tree=ground.tree, clock=ground.clock, progress=ground.progress, memory=memory)
    survey = _Survey(ground=ground, asked=asked, catalogue=catalogue, comparer=_comparer(catalogue, hashes))
    stages = survey.stages()
    if survey.comparer.wanted and survey.may_ask:
        survey.fetch_manifests()
        stages = survey.stages()
    absent = survey.absent(stages)
    if lost := {each.path for each in absent if each.at is Whereabouts.NOWHERE}:
        survey.comparer.lost = frozenset(lost)
        stages = survey.stages()
    if asked.remember:
        write_memory(ground.project, memory)
    return Forecast(
        stages=tuple(stages),
        absent=absent,
        gone=catalogue.gone,
        pipelines=catalogue.pipelines,
        in_git=_in_git(catalogue, stages),
        sources=_sources(catalogue, stages),
        read=_read(catalogue, stages),
    )


def _in_git(catalogue: Catalogue, stages: Sequence[Planned]) -> tuple[str, ...]:
    """The outputs that DVC does not keep, from the project."""
    made = (catalogue.stages[each.name] for each in stages)
    paths = (stage.place(out.path) for stage in made for out in stage.outs if not out.cache)
    return _from_project(catalogue, paths)


def _read(catalogue: Catalogue, stages: Sequence[Planned]) -> tuple[str, ...]:
    """All files that the stages read, parameters among them, from the project."""
    made = (catalogue.stages[each.name] for each in stages)
    paths = {
        stage.place(path)
        for stage in made
        for path in (*stage.deps, *(use.file for use in stage.params))
        if not is_url(path)
    }
    return _from_project(catalogue, paths)


def _from_project(catalogue: Catalogue, paths: Iterable[str]) -> tuple[str, ...]:
    if catalogue.prefix:
        paths = (posixpath.relpath(each, catalogue.prefix) for each in paths)
    return tuple(sorted(paths))


def _sources(catalogue: Catalogue, stages: Sequence[Planned]) -> tuple[str, ...]:
    """What the stages read and no stage makes, neither as a whole nor in part."""
    made = {each.place(out.path) for each in catalogue.stages.values() for out in each.outs}
    around = {above for path in made for above in parents(path)}
    read = {
        catalogue.stages[each.name].place(dep) for each in stages for dep in catalogue.stages[each.name].deps
    }
    own = (path for path in read - around if not is_url(path) and made.isdisjoint((path, *parents(path))))
    return tuple(sorted(own))


def _comparer(catalogue: Catalogue, hashes: Hashes) -> Comparer:
    return Comparer(
        tree=hashes.tree,
        hashes=hashes,
        tracked={path: each.recorded for path, each in catalogue.tracked.items() if not each.moving},
        made=catalogue.made(),
        moving=frozenset(path for path, each in catalogue.tracked.items() if each.moving),
    )


def _kept_here(catalogue: Catalogue) -> AbstractSet[str]:
    """The outputs that nobody pushes."""
    stages = catalogue.stages.values()
    return {stage.place(out.path) for stage in stages for out in stage.outs if not out.push}


class _Survey(Struct, kw_only=True):
    """One plan in the making."""

    ground: Ground
    asked: Asked
    catalogue: Catalogue
    comparer: Comparer
    _params: dict[str, Mapping[str, JsonValue] | None] = field(default_factory=dict)

    @property
    def may_ask(self) -> bool:
        """Whether there is a remote that may be asked."""
        return self.asked.remote is not None and not self.asked.offline

    def stages(self) -> Sequence[Planned]:
        """The chosen stages and what they stand on, as far as is known by now."""
        known = self.catalogue
        planned = plan_stages(known.stages, known.lock, look=self.comparer.look, params=self._values)
        return _chosen(planned, self._wanted(planned))

    def fetch_manifests(self) -> None:
        """Ask the remote for the manifests without which something cannot be decided."""
        names = sorted(self.comparer.wanted)
        self.ground.progress.step(f"fetching {count(len(names), 'manifest')}")
        try:
            self.comparer.learn(self.ground.dvc.manifests(names, remote=self.asked.remote))
        except MlciError:
            # What they would have told stays unknown, and counts as "run".
            self.ground.progress.done("failed")
        else:
            self.ground.progress.done()

    def absent(self, stages: Sequence[Planned]) -> tuple[Absent, ...]:
        """Where the outputs and the tracked data are that the work tree does not hold."""
        records = {**self.comparer.tracked, **self.comparer.made}
        paths = {path for each in stages for path in each.absent} | set(self._data_missing())
        elsewhere = {path for path in paths if not self._cached(records[path])}
        missing = self._not_in_remote(elsewhere) if elsewhere and self.may_ask else None
        return tuple(
            Absent(path=path, at=self._whereabouts(path, path in elsewhere, missing))
            for path in sorted(paths)
        )

    def _whereabouts(self, path: str, elsewhere: bool, missing: Sequence[str] | None) -> Whereabouts:
        if not elsewhere:
            return Whereabouts.CACHE
        if self.asked.remote is None:
            return Whereabouts.NOWHERE
        if missing is None:
            return Whereabouts.UNKNOWN
        lost = any(is_inside(each.rstrip("/"), path) for each in missing)
        return Whereabouts.NOWHERE if lost else Whereabouts.REMOTE

    def _data_missing(self) -> Iterable[str]:
        return (path for path in self.comparer.tracked if self.ground.tree.entry(path) is None)

    def _cached(self, recorded: Hashed) -> bool:
        return self.ground.tree.in_cache(recorded.value, legacy=recorded.legacy)

    def _not_in_remote(self, paths: AbstractSet[str]) -> Sequence[str] | None:
        """What the remote does not hold, from the root; None when it cannot be asked."""
        self.ground.progress.step("asking the remote what it holds")
        try:
            found = self.ground.dvc.not_in_remote(remote=self.asked.remote)
            kept_here = self._unpushed(paths)
        except MlciError:
            self.ground.progress.done("failed")
            return None
        self.ground.progress.done()
        start = f"{self.ground.prefix}/" if self.ground.prefix else ""
        return [*(start + each.path for each in found), *kept_here]

    def _unpushed(self, paths: AbstractSet[str]) -> Sequence[str]:
        """Of the outputs that say `push: false`, those that the remote does not hold: DVC leaves them out."""
        names = {path: self.comparer.made[path].value for path in sorted(paths & _kept_here(self.catalogue))}
        absent = set(self.ground.dvc.absent([*names.values()], remote=self.asked.remote)) if names else set()
        return [path for path, name in names.items() if name in absent]

    def _values(self, path: str) -> Mapping[str, JsonValue] | None:
        if path not in self._params:
            try:
                content = self.ground.root.read_if_there(path)
            except WorldError:
                content = None  # a directory or a way out: like DVC, nothing can be read there
            self._params[path] = None if content is None else read_params(content, path)
        return self._params[path]

    def _wanted(self, planned: Sequence[Planned]) -> set[str]:
        if not self.asked.targets:
            return {each.name for each in planned if self.catalogue.own(each.name)}
        return {name for target in self.asked.targets for name in self._named(target)}

    def _named(self, target: str) -> list[str]:
        """The stages that a target means: one by name, or all of a `foreach` or `matrix`."""
        names = [name for name in self.catalogue.stages if name == target or name.startswith(f"{target}@")]
        if not names:
            raise UsageError(
                f"there is no stage {quoted(target)}",
                id="stage-unknown",
                where="dvc.yaml",
                help=did_you_mean(target, self.catalogue.stages, "stages"),
            )
        return names


def _chosen(planned: Sequence[Planned], wanted: set[str]) -> Sequence[Planned]:
    """The wanted stages and all that they stand on."""
    wanted = set(wanted)
    for each in reversed(planned):
        if each.name in wanted and each.standing is not Standing.FROZEN:
            wanted.update(each.upstream)
    return [each for each in planned if each.name in wanted]
