"""Everything that is known of one version: its tags, its commit, its locks and what the journal keeps."""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from mlci.app.audit import Filters, Step, audit
from mlci.app.registry.kept import Kept, kept
from mlci.app.registry.locked import locked_at
from mlci.app.resolve import Resolved, resolve
from mlci.core.config import Config
from mlci.core.registry.fold import fold
from mlci.core.registry.journal import Kind
from mlci.core.registry.version import Version
from mlci.core.strictjson import JsonValue
from mlci.ports.git import Git


class Running(Struct, frozen=True, kw_only=True):
    """An environment that runs a version: since when, by which tag, and how its deployment went.

    `journaled` is False for a tag that was made by hand, None where no journal is here to tell.
    """

    environment: str
    since: str
    tag: str
    deployed: bool | None = None
    journaled: bool | None = None


class Dossier(Struct, frozen=True, kw_only=True):
    """One version. `params` are what its stages ran with, `merged` the first line of its commit."""

    found: Resolved
    kept: Kept
    runs: tuple[Running, ...] = ()
    steps: tuple[Step, ...] = ()
    params: Mapping[str, JsonValue] = field(default_factory=dict)
    merged_by: str = ""
    merged: str = ""

    @property
    def intact(self) -> bool | None:
        """Whether the evidence still is what the tag promised; None where that cannot be seen here."""
        return self.kept.agrees(self.found.message) if self.kept.there else None

    @property
    def foreign(self) -> bool:
        """Whether its tag was made or moved by hand, as far as the journal here knows."""
        return any(
            each.happened.tag == self.found.tag and each.happened.journaled is False for each in self.steps
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What is missing here, and what brings it."""
        if self.found.caution:
            return (self.found.caution,)
        if self.foreign:
            return (
                f"the journal here does not know {self.found.tag}: mlci reconcile --check brings the newest",
            )
        if self.kept.there or not self.found.message.get("Evidence-Digest"):
            return ()
        return ("its evidence and deployments are in the journal, which is not here: mlci reconcile --check",)

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        document = self.found.document()
        facts: dict[str, JsonValue] = {
            "data": list(self.found.message.all("Data")),
            "parameters": dict(self.params),
            "merged_by": self.merged_by,
            "evidence_intact": self.intact,
            "in_journal": not self.foreign if self.kept.there else None,
            "runs": [
                {
                    "environment": each.environment,
                    "since": each.since,
                    "tag": each.tag,
                    "deployed": each.deployed,
                    "in_journal": each.journaled,
                }
                for each in self.runs
            ],
            "waivers": list(self.found.message.all("Waiver")),
        }
        return {**document, **facts} if isinstance(document, dict) else facts


def dossier(git: Git, config: Config, prefix: str, reference: str) -> Dossier:
    """All that is known of the version that a reference means. Raises UsageError or RefusedError."""
    found = resolve(git, reference, config=config, prefix=prefix)
    there = kept(git, config.project, found.model, found.version)
    (locked,) = locked_at(git, prefix, [found.commit])
    commit = git.commit(found.commit)
    trail = audit(git, found.model, filters=Filters(version=Version.parse(found.version)))
    return Dossier(
        found=found,
        kept=there,
        runs=_runs(git, found, there, trail.steps),
        steps=trail.steps,
        params=dict(_params(locked.values)) if locked else {},
        merged_by=commit.author.name,
        merged=commit.message.split("\n", 1)[0],
    )


def _runs(git: Git, found: Resolved, there: Kept, steps: Sequence[Step]) -> tuple[Running, ...]:
    state = fold(git.tags()).model(found.model)
    journaled = {
        each.happened.tag: each.happened.journaled for each in steps if each.happened.event != Kind.DEPLOY
    }
    runs: list[Running] = []
    for stage in sorted(state.stages):
        current = state.current(stage)
        if current is None or current.release.title != found.version:
            continue
        tag = current.event.tag.name
        ended = [each.details.get("ok") is True for each in there.deployments if each.tag == tag]
        runs.append(
            Running(
                environment=stage,
                since=current.event.when.isoformat(),
                tag=tag,
                deployed=ended[-1] if ended else None,
                journaled=journaled.get(tag),
            )
        )
    return tuple(runs)


def _params(values: Mapping[str, JsonValue]) -> list[tuple[str, JsonValue]]:
    """Every parameter once, as DVC names it: several stages may use the same."""
    found: dict[str, JsonValue] = {}
    for files in values.values():
        for file, keys in files.items() if isinstance(files, dict) else ():
            for key, value in keys.items() if isinstance(keys, dict) else ():
                found[key if file == "params.yaml" else f"{file}:{key}"] = value
    return sorted(found.items())
