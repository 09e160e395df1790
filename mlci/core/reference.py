"""How people name a version: `income@v1.2.0`, `income@latest`, `income#prod`, or just `income`."""

import re

from msgspec import Struct

from mlci.core.registry import Event, Registry, Release
from mlci.core.tag import is_model, is_stage
from mlci.core.version import Version
from mlci.errors import RefusedError, UsageError

_REFERENCE = re.compile(r"(?P<model>[^@#]+)(?:@(?P<version>[^@#]+)|#(?P<stage>[^@#]+))?")
LATEST = ("latest", "greatest")


class Found(Struct, frozen=True, eq=False):
    """The release that a reference means, and the assignment it was found by, if it was by one."""

    model: str
    release: Release
    assignment: Event | None = None


def find(registry: Registry, text: str, *, prefix: str = "") -> Found:
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
    if match["stage"]:
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
