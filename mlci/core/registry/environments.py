"""What environments should run, what they were given, and the assignments that lead from one to the other."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field

from mlci.core.config import Environment
from mlci.core.problems import config_error, did_you_mean
from mlci.core.registry.fold import ModelState, Registry, Release
from mlci.core.registry.tag import Action
from mlci.core.registry.version import PATTERN, Version
from mlci.core.registry.witness import Lost, Witness
from mlci.core.schema import Named, Problems, Text
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.tree import parse

NEW = "new"
LOST = "version-lost"
_LINES = Named(Text(pattern=f"v{PATTERN}", means="a version such as v1.4.0"))


class Desired(Struct, frozen=True, kw_only=True):
    """One environment file: versions by model. `there` is False when no file exists."""

    lines: Mapping[str, Version] = field(default_factory=dict)
    there: bool = True

    @property
    def empty(self) -> bool:
        """Whether it names nothing at all."""
        return not self.lines


ABSENT = Desired(there=False)


class Move(StrEnum):
    """What an environment is about to do with a version."""

    PROMOTE = "promote"
    ROLL_BACK = "roll back"
    REMOVE = "remove"


class Change(Struct, frozen=True, eq=False):
    """One assignment, or (`REMOVE`) one unassignment. `model` is the name in the whole repository.

    `untried` is the environment that the rules need it to have been in, and that gets it only now.
    """

    move: Move
    environment: str
    model: str
    release: Release
    before: Release | None = None
    untried: str = ""

    @property
    def superseded(self) -> bool:
        """Whether it only closes what another version had replaced, and what would come back else."""
        return self.move is Move.REMOVE and self.before not in (None, self.release)

    @property
    def warning(self) -> str:
        """What a rule that is met only by the letter does not prove; empty where none is."""
        if not self.untried:
            return ""
        filled = f"{self.environment} needs {self.untried}, which is given it in the same step"
        return f"{filled}: {self.model} {self.release.shown} never ran in {self.untried} before"

    def __str__(self) -> str:
        before = f" (now {self.before.shown})" if self.before else ""
        what = f"{self.model} {self.release.shown}"
        if self.superseded:
            return f"close the older assignment of {what} in {self.environment}"
        if self.move is Move.ROLL_BACK:
            return f"bring {what} back to {self.environment}{before}"
        return f"{self.move} {what} in {self.environment}{before}"


class Refusal(Struct, frozen=True, kw_only=True):
    """One wish that a rule of the registry does not grant."""

    id: str
    environment: str
    model: str
    message: str
    help: str

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        where: JsonValue = {"environment": self.environment, "model": self.model or None}
        return {"id": self.id, "message": self.message, "where": where}


class Decision(Struct, frozen=True, kw_only=True):
    """Everything that is to be done, in order, and everything that is not."""

    changes: tuple[Change, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    passed_over: tuple[str, ...] = ()

    @property
    def warnings(self) -> tuple[str, ...]:
        """What is to be done and yet was never tried where it should have been; what is not followed."""
        return (*(each.warning for each in self.changes if each.warning), *self.passed_over)

    @property
    def contradicted(self) -> bool:
        """Whether the tags say another thing than the journal."""
        return any(each.id == LOST for each in self.refusals)


class Situation(Struct, frozen=True, kw_only=True):
    """What a decision rests on.

    `models` are local names to names in the whole repository; `line` the commits of the main branch in
    first-parent order, newest first; `deployed` the assignment tags whose deployment ended well. `witness`
    is the journal, where there is one: without any, the tags are all there is to believe.
    """

    environments: Mapping[str, Environment]
    models: Mapping[str, str]
    desired: Mapping[str, Desired]
    registry: Registry
    line: Sequence[str]
    deployed: Collection[str] = ()
    witness: Witness | None = None

    def admits(self, environment: Environment, state: ModelState, release: Release) -> bool:
        """Whether an environment may run a release, as far as the journal goes."""
        return self.witness is None or self.witness.admits(state, environment.name, release)


def read(content: bytes | None, *, name: str, models: Collection[str]) -> Desired:
    """An environment file as values. Raises ConfigError that names every problem with its line."""
    if content is None:
        return ABSENT
    tree = parse(content, name=name)
    problems = Problems()
    lines = _LINES.read(tree, problems) if tree.value is not None else {}
    if isinstance(tree.value, dict):
        for model, (key, _) in tree.value.items():
            if model not in models:
                advice = did_you_mean(str(model), models, "the models of mlci.yaml are")
                problems.add(key, "model-unknown", "there is no such model", help=advice)
    if problems.found:
        raise config_error(name, content, problems.found)
    return Desired(
        lines={model: version for model, text in lines.items() if (version := Version.parse(text))}
    )


def decide(situation: Situation, *, prune: bool = False) -> Decision:
    """What leads from what was done to what is desired.

    An environment is judged after the one it follows or needs, and sees what was just decided for that one.
    """
    changes: list[Change] = []
    refusals: list[Refusal] = []
    passed_over: list[str] = []
    runs: dict[tuple[str, str], Release | None] = {}
    for environment in _ordered(situation.environments):
        desired = situation.desired.get(environment.name, ABSENT)
        if refusal := _emptied(situation, environment, desired, prune=prune):
            refusals.append(refusal)
            continue
        for local, model in situation.models.items():
            if local not in desired.lines:
                passed_over.extend(_passed_over(situation, environment, model, runs))
            steps = _one(situation, environment, desired, local, runs)
            changes.extend(each for each in steps if isinstance(each, Change))
            refusals.extend(each for each in steps if isinstance(each, Refusal))
            runs[environment.name, model] = _after(situation, environment, model, steps)
    return Decision(changes=tuple(changes), refusals=tuple(refusals), passed_over=tuple(passed_over))


def _ordered(environments: Mapping[str, Environment]) -> Iterator[Environment]:
    """Each environment after the ones it follows or needs; a circle is cut where it is met again."""
    seen: set[str] = set()

    def visit(name: str) -> Iterator[Environment]:
        if name in seen or name not in environments:
            return
        seen.add(name)
        for other in (environments[name].follows, environments[name].needs):
            if other is not None and other != NEW:
                yield from visit(other)
        yield environments[name]

    for name in environments:
        yield from visit(name)


def _emptied(
    situation: Situation, environment: Environment, desired: Desired, *, prune: bool
) -> Refusal | None:
    """An environment that runs something is not cleared by a file that is empty or gone."""
    if prune or environment.follows or not desired.empty:
        return None
    running = [m for m in situation.models.values() if situation.registry.model(m).current(environment.name)]
    if not running:
        return None
    what = "is empty" if desired.there else "does not exist"
    message = f"{environment.file} {what}, yet {environment.name} runs {', '.join(running)}"
    advice = "restore the file, or clear the environment with `mlci reconcile --prune`"
    return Refusal(
        id="environment-emptied", environment=environment.name, model="", message=message, help=advice
    )


def _one(
    situation: Situation,
    environment: Environment,
    desired: Desired,
    local: str,
    runs: Mapping[tuple[str, str], Release | None],
) -> list[Change | Refusal]:
    state = situation.registry.model(situation.models[local])
    current = state.current(environment.name)
    before = current.release if current else None
    wanted = _wanted(situation, environment, desired, local, runs)
    if isinstance(wanted, Refusal):
        return [wanted]
    if wanted is before or (wanted is None and environment.follows):
        return []
    if wanted is None:
        standing = state.standing(environment.name)
        return [Change(Move.REMOVE, environment.name, state.name, each.release, before) for each in standing]
    if state.was_in(environment.name, wanted):
        return [Change(Move.ROLL_BACK, environment.name, state.name, wanted, before)]
    refusal = _needs(situation, environment, state, wanted)
    untried = _filled_now(environment, state, wanted, runs) if refusal else ""
    if refusal and (not untried or situation.environments[untried].deploy):
        return [refusal]
    return [Change(Move.PROMOTE, environment.name, state.name, wanted, before, untried)]


def _wanted(
    situation: Situation,
    environment: Environment,
    desired: Desired,
    local: str,
    runs: Mapping[tuple[str, str], Release | None],
) -> Release | Refusal | None:
    """The release that should run: the file's line first, then what the environment follows."""
    model = situation.models[local]
    state = situation.registry.model(model)
    version = desired.lines.get(local)
    lost = list(situation.witness.lost(state)) if situation.witness else []
    if version is not None:
        if contradiction := next((each for each in lost if each.version == version), None):
            return _contradicted(environment, contradiction)
        release = state.find(version)
        if release is None or not release.active:
            return _missing(environment, model, version, release)
        known = situation.admits(environment, state, release)
        return release if known else _unknown(environment, model, release)
    if environment.follows and lost:
        return _contradicted(environment, lost[0])
    followed = _followed(situation, environment, state, runs, admitted=True)
    return followed if followed and situation.admits(environment, state, followed) else None


def _followed(
    situation: Situation,
    environment: Environment,
    state: ModelState,
    runs: Mapping[tuple[str, str], Release | None],
    *,
    admitted: bool,
) -> Release | None:
    """What an environment without a line would run, by all tags or by those that may come here."""
    if environment.follows == NEW:
        versions = state.versions
        if admitted:
            versions = [each for each in versions if situation.admits(environment, state, each)]
        return newest(versions, situation.line)
    return runs.get((environment.follows, state.name)) if environment.follows else None


def _passed_over(
    situation: Situation,
    environment: Environment,
    model: str,
    runs: Mapping[tuple[str, str], Release | None],
) -> Iterator[str]:
    """The version that would be followed, did the journal know it."""
    state = situation.registry.model(model)
    release = _followed(situation, environment, state, runs, admitted=False)
    if release is not None and not situation.admits(environment, state, release):
        what = f"{model} {release.shown}"
        yield f"{environment.name} does not follow {what}: the journal does not know it, it was made by hand"


def newest(versions: Sequence[Release], line: Sequence[str]) -> Release | None:
    """The version of the newest commit on the line that has one, prereleases aside."""
    place = {commit: number for number, commit in enumerate(line)}
    released = [
        each for each in versions if each.commit in place and each.version and not each.version.prerelease
    ]
    return min(released, key=lambda each: place[each.commit], default=None)


def _unknown(environment: Environment, model: str, release: Release) -> Refusal:
    """A version whose tag was made or moved by hand: nobody judged what it tells."""
    tag = release.registered.tag.name if release.registered else release.shown
    return Refusal(
        id="version-not-in-journal",
        environment=environment.name,
        model=model,
        message=f"{environment.file} asks for {model} {release.shown}, which the journal does not know: "
        f"{tag} was made or moved by hand",
        help=f"mlci models {model.rpartition(':')[2]} shows the versions that mlci registered; "
        f"git push origin ':refs/tags/{tag}' takes this one away",
    )


def _contradicted(environment: Environment, lost: Lost) -> Refusal:
    return Refusal(
        id=LOST,
        environment=environment.name,
        model=lost.model,
        message=f"{environment.name} stays as it is for {lost.model}: {lost.message}",
        help=lost.help,
    )


def _missing(environment: Environment, model: str, version: Version, found: Release | None) -> Refusal:
    what = "was withdrawn" if found else "was never registered"
    return Refusal(
        id="version-withdrawn" if found else "version-unknown",
        environment=environment.name,
        model=model,
        message=f"{environment.file} asks for {model} {version}, which {what}",
        help=f"mlci models {model} lists the versions there are",
    )


def _needs(
    situation: Situation, environment: Environment, state: ModelState, release: Release
) -> Refusal | None:
    """Why a version may not come here yet; None when it may."""
    needed = situation.environments.get(environment.needs or "")
    if needed is None:
        return None
    given = [event for each, event in state.stages.get(needed.name, ()) if each is release]
    if needed.deploy is None and any(event.action is Action.ASSIGN for event in given):
        return None
    if needed.deploy is not None and any(event.tag.name in situation.deployed for event in given):
        return None
    verb = "deployed" if needed.deploy else "assigned"
    message = f"{environment.name} needs {needed.name}, where {state.name} {release.title} was never {verb}"
    advice = f"mlci promote {state.name}@{release.title} --to {needed.name}"
    return Refusal(
        id="environment-needs", environment=environment.name, model=state.name, message=message, help=advice
    )


def _filled_now(
    environment: Environment,
    state: ModelState,
    release: Release,
    runs: Mapping[tuple[str, str], Release | None],
) -> str:
    """The needed environment, where it is given the version in this very step; empty where it is not."""
    needed = environment.needs or ""
    return needed if runs.get((needed, state.name)) is release else ""


def _after(
    situation: Situation, environment: Environment, model: str, steps: Sequence[Change | Refusal]
) -> Release | None:
    for step in steps:
        if isinstance(step, Change):
            return None if step.move is Move.REMOVE else step.release
    current = situation.registry.model(model).current(environment.name)
    return current.release if current else None


def problems_of(refusals: Sequence[Refusal]) -> tuple[str, ...]:
    """Each refusal as a line for people."""
    return tuple(f"{each.message} [{each.id}]\n  help: {each.help}" for each in refusals)
