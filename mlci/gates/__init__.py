"""The families of tests, one folder each. The folder is the registration.

A gate is a package `mlci.gates.<id>` with a `GATE`; its module `gate` holds `run`, and is imported to run it.
"""

import functools
import importlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

from msgspec import Struct, field

from mlci.core.schema import Schema

if TYPE_CHECKING:  # every command reads mlci.yaml, and few run a gate
    from mlci.core.config import Config
    from mlci.core.context import RunContext
    from mlci.core.evidence import Input
    from mlci.core.finding import Finding
    from mlci.core.strictjson import JsonValue
    from mlci.ports.clock import Clock
    from mlci.ports.files import Files
    from mlci.ports.process import Process
    from mlci.ports.progress import Progress
    from mlci.ports.tables import Tables
    from mlci.ports.user_python import UserPython


class Check(Struct, frozen=True, kw_only=True):
    """One question a gate can ask: its dotted id, a headline, and the page `mlci explain` prints."""

    id: str
    title: str
    page: str


class Hands(Struct, frozen=True, kw_only=True):
    """What of the world a gate may use. Whose Python is asked only when needed: data tests go without."""

    files: "Files"
    tables: "Tables"
    process: "Process"
    user_python: "Callable[[], UserPython]"
    clock: "Clock"
    progress: "Progress"


class Request(Struct, frozen=True, kw_only=True):
    """What a gate gets: the configuration, its own options, why it runs, and the hands it may use."""

    config: "Config"
    options: Any
    context: "RunContext"
    hands: Hands


class Outcome(Struct, frozen=True, kw_only=True):
    """What a gate gives back; app makes evidence of it."""

    findings: "tuple[Finding, ...]"
    inputs: "tuple[Input, ...]" = ()
    seeds: Mapping[str, int] = field(default_factory=dict)
    tools: Mapping[str, str] = field(default_factory=dict)
    figures: "Mapping[str, JsonValue]" = field(default_factory=dict)


class Gate(Struct, frozen=True, kw_only=True):
    """A family of tests: what it can ask, and how its part of mlci.yaml reads."""

    id: str
    title: str
    checks: tuple[Check, ...]
    options: Schema[Any]

    def run(self, request: Request) -> Outcome:
        """Ask every question. One that cannot be asked is a finding, never an exception."""
        return cast("Outcome", importlib.import_module(f"{__name__}.{self.id}.gate").run(request))


@functools.cache
def ids() -> tuple[str, ...]:
    """The ids of all gates, without importing any."""
    import pkgutil  # noqa: PLC0415 - not every file has gates

    return tuple(sorted(each.name for each in pkgutil.iter_modules(__path__) if each.ispkg))


def gate(gate_id: str) -> Gate:
    """One gate by id. Raises KeyError when there is none. (Not `load`: that is a gate.)"""
    if gate_id not in ids():
        raise KeyError(gate_id)
    return cast("Gate", importlib.import_module(f"mlci.gates.{gate_id}").GATE)
