"""Metrics that other packages bring, by entry points of the group `mlci.metrics`.

An entry point's name is the metric's, and it names a `core.measure.metrics.Metric`. It runs with mlci itself,
so installing one is trusting it; nothing in a repository can bring one.
"""

from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TypeVar

from mlci.errors import ConfigError

GROUP = "mlci.metrics"

T = TypeVar("T")


def names() -> tuple[str, ...]:
    """The names of all that is installed, without loading any."""
    return tuple(sorted({each.name for each in entry_points(group=GROUP)}))


@cache
def load(name: str, kind: type[T]) -> T | None:
    """The metric of a name; None when nobody brings one. Raises ConfigError for what is not of the kind."""
    brought = tuple(entry_points(group=GROUP, name=name))
    if not brought:
        return None
    if len(brought) > 1:
        by = " and ".join(sorted(each.value for each in brought))
        raise _broken(name, f"{by} both bring it", "uninstall one of them")
    return _loaded(name, kind, brought[0])


def _loaded(name: str, kind: type[T], entry: EntryPoint) -> T:
    try:
        found = entry.load()
    except Exception as error:
        why = f"{entry.value} cannot be loaded: {type(error).__name__}: {error}"
        raise _broken(name, why, "mend or uninstall the package that brings it") from error
    if not isinstance(found, kind) or getattr(found, "name", None) != name:
        raise _broken(name, f"{entry.value} is no {kind.__name__} of this name", "mlci explain metric-broken")
    return found


def _broken(name: str, why: str, help_: str) -> ConfigError:
    return ConfigError(f"the metric {name!r} cannot be had: {why}", id="metric-broken", help=help_)
