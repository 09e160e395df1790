"""Run an environment's own deploy command for what it was given, once, and write down how it went."""

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from msgspec import Struct

from mlci.app.promote import environment_of
from mlci.app.registry.ledger import Intent, Ledger, Snapshot
from mlci.app.registry.situation import models_of
from mlci.app.resolve import Resolved, described
from mlci.core.config import Config, Environment
from mlci.core.context import RunContext
from mlci.core.registry import journal
from mlci.core.registry.fold import Assignment
from mlci.core.registry.journal import Kind
from mlci.core.registry.reference import Found
from mlci.core.registry.tag import Action
from mlci.core.registry.tag import parse as parse_tag
from mlci.core.strictjson import JsonValue
from mlci.errors import RefusedError, UsageError
from mlci.ports.process import Command, Finished, Process
from mlci.ports.progress import Progress

TIMEOUT = 3600.0
# What mlci itself writes with: a deploy command may have tokens of its own, named in `ci.secrets`.
_OURS = frozenset({"GITHUB_TOKEN", "MLCI_GITHUB_TOKEN", "MLCI_GITLAB_TOKEN"})
# Words of the tag grammar: none holds a character that a shell would act upon.
_WORDS = ("model", "version", "environment", "commit", "tag")
_PLACEHOLDER = re.compile(r"\{(" + "|".join(_WORDS) + r")\}")


class Deployment(Struct, frozen=True, kw_only=True):
    """One run of the deploy command, or (`command` is empty) the reason why none was needed."""

    resolved: Resolved
    command: str
    ok: bool
    code: int | None = None
    message: str = ""

    @property
    def line(self) -> str:
        """How it ended, in one line."""
        what = f"{self.resolved.model} {self.resolved.version} in {self.resolved.environment}"
        if not self.command:
            return self.message
        if self.code is None and self.ok:
            return f"would run for {what}: {self.command}"
        return f"deployed {what}" if self.ok else f"{what}: {self.message}"

    def document(self) -> JsonValue:
        """The same as a JSON value."""
        return {
            "model": self.resolved.model,
            "version": self.resolved.version,
            "environment": self.resolved.environment,
            "tag": self.resolved.assignment,
            "command": self.command or None,
            "ok": self.ok,
            "code": self.code,
            "message": self.message,
        }


def deploy(
    ledger: Ledger,
    config: Config,
    prefix: str,
    directory: Path,
    process: Process,
    progress: Progress,
    context: RunContext,
    *,
    environment: str,
    model: str | None = None,
    tag: str | None = None,
    run: bool = True,
) -> tuple[Deployment, ...]:
    """Deploy what an environment was given last, model by model; what was deployed already is left alone."""
    place = environment_of(config, environment)
    snapshot = ledger.read()
    if run:
        ledger.require_main(snapshot)
    if tag is not None:
        _require_there(snapshot, tag, model or "")
    entries = ledger.entries(snapshot)
    done, known = journal.deployed(entries), journal.tags_of(entries)
    kept = frozenset(config.ci.secrets)
    ended: list[Deployment] = []
    for local, name in models_of(config, prefix).items():
        current = snapshot.registry.model(name).current(environment)
        if current is None or model not in (None, local, name):
            continue
        if snapshot.journal:
            _require_journaled(current, known, ledger.remote)
        resolved = described(Found(name, current.release, current.event), config=config)
        ended.append(
            _skipped(place, current, resolved, done)
            or (
                _run(place, resolved, directory, process, progress, kept)
                if run
                else _planned(place, resolved)
            )
        )
        if run and ended[-1].code is not None:
            _remember(ledger, current, ended[-1], context)
    return tuple(ended)


def _require_there(snapshot: Snapshot, tag: str, model: str) -> None:
    name = tag.removeprefix("refs/tags/")
    there = [each.tag.name for each in snapshot.registry.model(model).events]
    if name not in there:
        raise UsageError(
            f"the remote has no tag {name}",
            id="tag-unusable",
            help=f"mlci history {model} --json lists them",
        )


def _require_journaled(current: Assignment, known: Collection[tuple[str, str]], remote: str) -> None:
    """Only what the environment's file asked for is deployed: a tag that was made by hand is drift."""
    event = current.event
    if (event.tag.name, event.commit) not in known:
        raise RefusedError(
            f"{event.tag.name} is not in the journal: it was made or moved by hand",
            id="assignment-not-in-journal",
            where=event.tag.name,
            help=f"git push {remote} ':refs/tags/{event.tag.name}', then mlci reconcile",
        )


def target_of(tag: str) -> tuple[str, str]:
    """The environment and the model that an assignment tag speaks of. Raises UsageError for any other tag."""
    name = parse_tag(tag.removeprefix("refs/tags/"))
    if name is None or name.action is not Action.ASSIGN or name.stage is None:
        raise UsageError(
            f"{tag!r} assigns nothing",
            id="tag-unusable",
            help="an assignment looks like income#prod#7; `mlci deploy ENVIRONMENT` needs no tag",
        )
    return name.stage, name.model


def _skipped(
    place: Environment, current: Assignment, resolved: Resolved, done: frozenset[str]
) -> Deployment | None:
    if place.deploy is None:
        reason = f"{place.name} declares no deploy command"
    elif current.event.tag.name in done:
        reason = f"{resolved.model} {resolved.version} is deployed in {place.name}"
    else:
        return None
    return Deployment(resolved=resolved, command="", ok=True, message=reason)


def _planned(place: Environment, resolved: Resolved) -> Deployment:
    return Deployment(resolved=resolved, command=_command(place, resolved), ok=True)


def _run(
    place: Environment,
    resolved: Resolved,
    directory: Path,
    process: Process,
    progress: Progress,
    kept: frozenset[str],
) -> Deployment:
    command = _command(place, resolved)
    progress.step(f"deploy {resolved.model} {resolved.version} to {place.name}")
    finished = process.run(
        Command(
            argv=("sh", "-c", command),
            cwd=directory,
            environment=_facts(resolved),
            without=_OURS - kept,
            timeout=TIMEOUT,
        ),
        progress.line,
    )
    progress.done("" if finished.ok else _ended(finished))
    return Deployment(
        resolved=resolved, command=command, ok=finished.ok, code=finished.code, message=_said(finished)
    )


def _command(place: Environment, resolved: Resolved) -> str:
    words = {key.removeprefix("MLCI_").lower(): value for key, value in _facts(resolved).items()}
    return _PLACEHOLDER.sub(lambda match: words[match[1]], place.deploy or "")


def _facts(resolved: Resolved) -> Mapping[str, str]:
    return {
        "MLCI_MODEL": resolved.model,
        "MLCI_VERSION": resolved.version,
        "MLCI_ENVIRONMENT": resolved.environment,
        "MLCI_COMMIT": resolved.commit,
        "MLCI_TAG": resolved.assignment,
        "MLCI_PATH": resolved.place,
        "MLCI_HASH": resolved.hash,
    }


def _said(finished: Finished) -> str:
    if finished.ok:
        return ""
    said = "" if finished.timed_out else finished.last_lines(5)
    return ": ".join(filter(None, (_ended(finished), said)))


def _ended(finished: Finished) -> str:
    return "it took too long" if finished.timed_out else f"failed with exit code {finished.code}"


def _remember(ledger: Ledger, current: Assignment, ended: Deployment, context: RunContext) -> None:
    tag = current.event.tag.name

    def intents(snapshot: Snapshot) -> list[Intent]:
        if ended.ok and tag in journal.deployed(ledger.entries(snapshot)):
            return []
        return [
            Intent(
                kind=Kind.DEPLOY,
                model=ended.resolved.model,
                commit=ended.resolved.commit,
                version=current.release.version,
                title=current.release.title,
                environment=ended.resolved.environment,
                actor=context.actor or "",
                run_url=context.run_url or "",
                about=tag,
                details={"ok": ended.ok, "code": ended.code},
            )
        ]

    ledger.settle(intents)
