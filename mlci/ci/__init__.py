"""CI providers, one folder each, all pure: a CI-neutral pipeline in, files out.

The folder is the registration: a package `mlci.ci.<id>` that satisfies `Provider`.
"""

import functools
import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, cast

from mlci.ci.credentials import Settings
from mlci.core.context import RunContext
from mlci.core.strictjson import JsonValue

if TYPE_CHECKING:
    from mlci.core.pipeline import Pipeline


class Provider(Protocol):
    """What a provider's package offers. Paths are from the top of the repository."""

    def detected(self, environment: Mapping[str, str]) -> bool:
        """Whether this process runs in the provider's CI."""
        ...

    def context_from(self, environment: Mapping[str, str], event: JsonValue, /) -> RunContext | None:
        """Why this process runs, or None outside of the provider's CI."""
        ...

    def git_settings(self, environment: Mapping[str, str], /) -> Settings:
        """What Git must be told so that this step's token opens the provider's repositories."""
        ...

    PUSH_TOKENS: tuple[str, ...]
    """The variables that a token to push with may lie in, the best first."""

    def after_push(self, environment: Mapping[str, str], /) -> str:
        """What is left to do after a step pushed to a branch; empty when nothing is."""
        ...

    def files(self, pipeline: "Pipeline") -> Mapping[str, bytes]:
        """The files that mlci manages for a project."""
        ...

    def owns(self, path: str) -> bool:
        """Whether a path is one that `files` could give, for some project."""
        ...

    def seeds(self) -> Mapping[str, bytes]:
        """Files that mlci writes where there are none, and that are the user's from then on."""
        ...

    def missing_line(self, pipeline: "Pipeline", path: str, content: bytes) -> str | None:
        """What a user's own version of a seed must say and does not; None when all is well."""
        ...


@functools.cache
def ids() -> tuple[str, ...]:
    """The ids of all providers, without importing any."""
    import pkgutil  # noqa: PLC0415 - most files name no provider

    return tuple(sorted(each.name for each in pkgutil.iter_modules(__path__) if each.ispkg))


def load(provider_id: str) -> Provider:
    """One provider by id. Raises KeyError when there is none."""
    if provider_id not in ids():
        raise KeyError(provider_id)
    return cast("Provider", importlib.import_module(f"mlci.ci.{provider_id}"))


def context_of(environment: Mapping[str, str], event: JsonValue) -> RunContext:
    """Why this process runs: what the CI it runs in says, else that somebody typed it."""
    for each in ids():
        context = load(each).context_from(environment, event)
        if context is not None:
            return context
    return RunContext()


def git_settings(environment: Mapping[str, str]) -> Settings:
    """What Git must be told in this CI; nothing outside of any."""
    here = (provider for provider in map(load, ids()) if provider.detected(environment))
    return tuple(setting for provider in here for setting in provider.git_settings(environment))
