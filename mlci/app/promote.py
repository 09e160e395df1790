"""Ask for a version in an environment by changing its file; merging that change is the promotion."""

from collections.abc import Collection, Mapping

from msgspec import Struct

from mlci.app.registry.journals import witness_of
from mlci.app.registry.ledger import Ledger, Snapshot
from mlci.app.registry.situation import desired_at, models_of, path_of, situation
from mlci.core.config import Config, Environment
from mlci.core.plan import Change as Write
from mlci.core.plan import FileWrite, Plan
from mlci.core.problems import did_you_mean
from mlci.core.registry.environment_file import with_version
from mlci.core.registry.environments import NEW, Decision, Desired, decide, newest, read
from mlci.core.registry.fold import ModelState, Release, shown
from mlci.core.registry.version import Version
from mlci.core.strictjson import JsonValue
from mlci.errors import RefusedError, UsageError
from mlci.ports.files import Files
from mlci.ports.git import Git


class Promotion(Struct, frozen=True, kw_only=True):
    """The change to an environment file that asks for a version, and what it would do once merged."""

    environment: str
    model: str
    version: str
    before: str
    plan: Plan
    base: str
    follows: str = ""

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {
            "environment": self.environment,
            "model": self.model,
            "version": self.version,
            "before": self.before or None,
            "changed": [each.path for each in self.plan.pending],
        }


def promote(
    ledger: Ledger,
    config: Config,
    prefix: str,
    files: Files | None,
    *,
    model: str,
    version: str | None,
    to: str,
) -> Promotion:
    """Plan the line that asks for a version, in these files, else in those of the main branch.

    Raises RefusedError when a rule would stop the promotion.
    """
    environment = environment_of(config, to)
    snapshot = ledger.read()
    state = snapshot.registry.model(name_of(config, prefix, model))
    release = chosen(state, version) if version else _default(ledger.git, state, environment, snapshot)
    if release.version is None:
        raise RefusedError(f"{release.title} is no version", id="version-unknown", help="mlci models")
    content = asked_now(ledger, prefix, files, environment, snapshot)
    promotion = asking(
        content, environment, model, release.version, state, models=config.models, base=snapshot.tip
    )
    wanted = dict(desired_at(ledger.git, config, prefix, snapshot.tip))
    lines = {**wanted[to].lines, model: release.version}
    decided = decision(ledger, config, prefix, snapshot, {**wanted, to: Desired(lines=lines)})
    for refusal in decided.refusals:
        if (refusal.environment, refusal.model) == (to, state.name):
            raise RefusedError(refusal.message, id=refusal.id, where=environment.file, help=refusal.help)
    for change in decided.changes:
        if change.warning and (change.environment, change.model) == (to, state.name):
            advice = f"mlci reconcile gives {change.untried} what it asks for"
            raise RefusedError(change.warning, id="environment-needs", where=environment.file, help=advice)
    return promotion


def asked_now(
    ledger: Ledger, prefix: str, files: Files | None, environment: Environment, snapshot: Snapshot
) -> bytes | None:
    """An environment's file as it stands in these files, else on the main branch."""
    if files is not None:
        return files.read_if_there(environment.file)
    return ledger.git.blobs([(snapshot.tip, path_of(prefix, environment.file))])[0]


def asking(
    content: bytes | None,
    environment: Environment,
    model: str,
    version: Version,
    state: ModelState,
    *,
    models: Collection[str],
    base: str,
) -> Promotion:
    """The edit of an environment's file that asks for a version."""
    after = with_version(content, name=environment.file, model=model, version=version)
    kind = Write.KEEP if after == content else Write.CREATE if content is None else Write.UPDATE
    current = state.current(environment.name)
    pinned = model in read(content, name=environment.file, models=models).lines
    return Promotion(
        environment=environment.name,
        model=state.name,
        version=str(version),
        before=current.release.title if current else "",
        plan=Plan(files=(FileWrite(path=environment.file, content=after, change=kind, before=content),)),
        base=base,
        follows="" if pinned else environment.follows or "",
    )


def told(asked: Promotion, *, write: bool = True) -> list[str]:
    """What was asked for and what to do next, as lines."""
    paths = [each.path for each in asked.plan.pending]
    if not paths:
        return [f"{asked.environment} is asked to run {asked.model} {asked.version} already"]
    before = f" (now {shown(asked.before)})" if asked.before else ""
    what = f"{asked.model} {asked.version}{before}"
    if not write:
        return [f"{paths[0]} would ask {asked.environment} to run {what}; nothing was written", *stops(asked)]
    return [
        f"{asked.environment} is asked to run {what}",
        *stops(asked),
        f"commit {paths[0]} and open a pull request; merging it makes it so",
    ]


def stops(asked: Promotion) -> list[str]:
    """What a line takes from an environment that followed something: its file wins from then on."""
    if not asked.follows:
        return []
    followed = "new versions" if asked.follows == NEW else asked.follows
    return [
        f"this pins {asked.model}: {asked.environment} stops following {followed} until the line is taken out"
    ]


def environment_of(config: Config, name: str) -> Environment:
    """An environment by name. Raises UsageError that lists those there are."""
    if name not in config.environments:
        raise UsageError(
            f"there is no environment {name}",
            id="environment-unknown",
            where="mlci.yaml: environments",
            help=did_you_mean(name, config.environments, "choose one of"),
        )
    return config.environments[name]


def name_of(config: Config, prefix: str, model: str) -> str:
    """A model's name in the whole repository. Raises UsageError that lists those there are."""
    names = models_of(config, prefix)
    if model not in names:
        raise UsageError(
            f"there is no model {model}",
            id="model-unknown",
            where="mlci.yaml: models",
            help=did_you_mean(model, names, "choose one of"),
        )
    return names[model]


def parsed(text: str) -> Version:
    """The version that people typed. Raises UsageError."""
    version = Version.parse(text)
    if version is None:
        raise UsageError(f"{text} is no version", id="version-invalid", help="versions look like v1.4.0")
    return version


def chosen(state: ModelState, text: str) -> Release:
    """The release that a version names. Raises UsageError or RefusedError."""
    version = parsed(text)
    release = state.find(version)
    if release is None or not release.active:
        what = "was withdrawn" if release else "was never registered"
        raise RefusedError(
            f"{state.name} {version} {what}",
            id="version-withdrawn" if release else "version-unknown",
            help="mlci models",
        )
    return release


def _default(git: Git, state: ModelState, environment: Environment, snapshot: Snapshot) -> Release:
    """What the needed environment runs, else the newest version that the journal, if there is one, knows."""
    current = state.current(environment.needs) if environment.needs else None
    told = witness_of(git, snapshot.journal)
    versions = [each for each in state.versions if told is None or told.vouches(each)]
    release = current.release if current else newest(versions, snapshot.line)
    if release is None:
        raise RefusedError(
            f"{state.name} has no version yet", id="version-unknown", help="mlci register, on the main branch"
        )
    return release


def decision(
    ledger: Ledger, config: Config, prefix: str, snapshot: Snapshot, desired: Mapping[str, Desired]
) -> Decision:
    """What would be done if the environment files were these."""
    return decide(situation(ledger.git, config, prefix, snapshot, desired))
