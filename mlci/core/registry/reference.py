"""How people name a version: `income@v1.2.0`, `income@latest`, `income#prod`, or just `income`."""

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from mlci.core.problems import did_you_mean
from mlci.core.registry.fold import Event, ModelState, Registry, Release
from mlci.core.registry.tag import is_called, is_model, is_stage
from mlci.core.registry.version import Version
from mlci.errors import MlciError, RefusedError, UsageError

if TYPE_CHECKING:
    from mlci.core.config import Config
    from mlci.core.registry.witness import Lost, Witness

_REFERENCE = re.compile(r"(?P<model>[^@#]+)(?:@(?P<version>[^@#]+)|#(?P<stage>[^@#]+))?")
LATEST = ("latest", "greatest")


class Found(Struct, frozen=True, eq=False):
    """The release that a reference means, and the assignment it was found by, if it was by one.

    `passed_over` are greater versions that the journal does not know.
    """

    model: str
    release: Release
    assignment: Event | None = None
    passed_over: tuple[str, ...] = ()


def known_model(registry: Registry, name: str, config: "Config | None") -> list[ModelState]:
    """The models that people may call so. Raises MlciError when no tag speaks of any."""
    called = [each for each in registry.models.values() if is_called(each.name, name)]
    if not called:
        raise _no_model(registry, name, config)
    return called


def known_stage(registry: Registry, name: str | None, config: "Config | None") -> None:
    """Raise UsageError for an environment that neither a tag nor the configuration speaks of."""
    known = dict.fromkeys((*(config.environments if config else ()), *registry.stages))
    if name is not None and name not in known:
        raise UsageError(
            f"there is no environment {name}",
            id="environment-unknown",
            help=did_you_mean(name, known, "choose one of"),
        )


def _no_model(registry: Registry, name: str, config: "Config | None") -> MlciError:
    """A model before its first version is nobody's mistake; another name is one."""
    known = dict.fromkeys((*(config.models if config else ()), *registry.models))
    local = name.rpartition(":")[2]
    if local in (config.models if config else {}) or not known:
        return RefusedError(
            f"{name} has no version yet",
            id="version-unknown",
            help="mlci register, on the main branch; git fetch --tags brings versions of others",
        )
    return UsageError(
        f"there is no model {name}", id="model-unknown", help=did_you_mean(name, known, "choose one of")
    )


def find(
    registry: Registry,
    text: str,
    *,
    prefix: str = "",
    config: "Config | None" = None,
    witness: "Witness | None" = None,
) -> Found:
    """What a reference means; the latest version is one that the journal knows, where it knows any.

    Raises UsageError or RefusedError.
    """
    match = _REFERENCE.fullmatch(text)
    if match is None or not is_model(match["model"]) or (match["stage"] and not is_stage(match["stage"])):
        raise UsageError(
            f"{text!r} names no version",
            id="reference-invalid",
            help="write MODEL, MODEL@v1.2.0, MODEL@latest or MODEL#ENVIRONMENT",
        )
    local = f"{prefix}:{match['model']}"
    state = registry.model(local if prefix and local in registry.models else match["model"])
    if not state.events:
        raise _no_model(registry, match["model"], config)
    if match["stage"]:
        known_stage(registry, match["stage"], config)
        current = state.current(match["stage"])
        found = Found(state.name, current.release, current.event) if current else None
    elif match["version"] and match["version"] not in LATEST:
        found = _named(state, Version.parse(match["version"]), witness)
    else:
        found = _latest(state, witness)
    if found is None:
        raise RefusedError(
            f"the registry knows no {text}", id="version-unknown", help="git fetch --tags, then mlci models"
        )
    return found


def _named(state: ModelState, version: Version | None, witness: "Witness | None") -> Found | None:
    """The release of a version. Raises RefusedError where only the journal has it."""
    release = state.find(version) if version else None
    if release is not None:
        return Found(state.name, release)
    for lost in witness.lost(state) if witness else ():
        if lost.version == version:
            raise _lost(lost)
    return None


def _latest(state: ModelState, witness: "Witness | None") -> Found | None:
    """The greatest version that stands, of those that the journal knows where it knows any.

    Raises RefusedError where the journal has one as great that the tags deny.
    """
    versions = state.versions
    known = [each for each in versions if witness is None or witness.vouches(each)]
    release = next(iter(known or versions), None)
    best = known[0].version if known else None
    for lost in witness.lost(state) if witness else ():
        if best is None or not lost.version < best:
            raise _lost(lost)
    if release is None:
        return None
    greater = versions[: versions.index(release)]
    return Found(state.name, release, passed_over=tuple(each.title for each in greater))


def _lost(lost: "Lost") -> RefusedError:
    """A clone that fetched no tags looks the same, so that comes first."""
    first = "git fetch --tags --force origin"
    return RefusedError(lost.message, id="version-lost", help=f"{first}; if that does not help: {lost.help}")
