"""How people name a version: `income@v1.2.0`, `income@latest`, `income#prod`, or just `income`."""

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from mlci.core.problems import did_you_mean
from mlci.core.registry import Event, ModelState, Registry, Release
from mlci.core.tag import is_called, is_model, is_stage
from mlci.core.version import Version
from mlci.errors import MlciError, RefusedError, UsageError

if TYPE_CHECKING:
    from mlci.core.config import Config

_REFERENCE = re.compile(r"(?P<model>[^@#]+)(?:@(?P<version>[^@#]+)|#(?P<stage>[^@#]+))?")
LATEST = ("latest", "greatest")


class Found(Struct, frozen=True, eq=False):
    """The release that a reference means, and the assignment it was found by, if it was by one."""

    model: str
    release: Release
    assignment: Event | None = None


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


def find(registry: Registry, text: str, *, prefix: str = "", config: "Config | None" = None) -> Found:
    """What a reference means. Raises UsageError or RefusedError."""
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
        version = Version.parse(match["version"])
        release = state.find(version) if version else None
        found = Found(state.name, release) if release else None
    else:
        found = Found(state.name, state.latest) if state.latest else None
    if found is None:
        raise RefusedError(
            f"the registry knows no {text}", id="version-unknown", help="git fetch --tags, then mlci models"
        )
    return found
