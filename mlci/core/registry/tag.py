"""Tag names: the grammar of GTO, in both directions.

`income@v1.2.0` registers, `income@v1.2.0!` deregisters, `income#prod#7` assigns, `income#prod!#8` unassigns,
`income@deprecated` deprecates; `services/churn:income` is written `services/churn=income` in a tag.
"""

import re
from enum import StrEnum

from msgspec import Struct

from mlci.core.registry.version import PATTERN, Version

_DIRECTORY = r"[a-zA-Z0-9\-_./]+"
_NAME = r"[a-zA-Z0-9](?:[a-zA-Z0-9\-/_]*[a-zA-Z0-9])?"
_TAG = re.compile(
    rf"(?P<model>(?:{_DIRECTORY}=)?{_NAME})"
    rf"(?:(?:\#(?P<stage>{_NAME})|@v{PATTERN})(?P<cancel>!?)|@(?P<word>deprecated|created))"
    r"(?:\#(?P<counter>[0-9]+))?",
    re.ASCII,
)
_MODEL = re.compile(rf"(?:{_DIRECTORY}:)?{_NAME}", re.ASCII)
_STAGE = re.compile(_NAME, re.ASCII)


class Action(StrEnum):
    """What a tag does. GTO reserves `create` and never writes it; neither do we."""

    REGISTER = "register"
    DEREGISTER = "deregister"
    ASSIGN = "assign"
    UNASSIGN = "unassign"
    DEPRECATE = "deprecate"
    CREATE = "create"


# Python 3.11 runs code of its own whenever an enum is asked for a member: too often for thousands of tags.
REGISTER, DEREGISTER, ASSIGN, UNASSIGN, DEPRECATE, CREATE = Action


class TagName(Struct, frozen=True, kw_only=True, gc=False):
    """What the name of a registry tag says."""

    model: str
    action: Action
    version: Version | None = None
    stage: str | None = None
    counter: int | None = None

    def __str__(self) -> str:
        model = self.model.replace(":", "=")
        counter = "" if self.counter is None else f"#{self.counter}"
        what = f"@{self.version}" if self.version else f"#{self.stage}" if self.stage else f"@{self.action}d"
        cancel = "!" if self.action in (Action.DEREGISTER, Action.UNASSIGN) else ""
        return f"{model}{what}{cancel}{counter}"


def parse(name: str) -> TagName | None:
    """What a tag's name says; None when GTO's grammar or Git itself would not take it."""
    match = _TAG.fullmatch(name)
    if match is None or not _is_ref(name):
        return None
    model, stage, major, minor, patch, prerelease, build, cancel, word, counter = match.groups()
    version = None
    if major:
        version = Version.of(major, minor, patch, prerelease, build)
        action = DEREGISTER if cancel else REGISTER
    elif stage:
        action = UNASSIGN if cancel else ASSIGN
    else:
        action = DEPRECATE if word == "deprecated" else CREATE
    return TagName(
        model=model.replace("=", ":"),
        action=action,
        version=version,
        stage=stage,
        counter=int(counter) if counter else None,
    )


def is_model(name: str) -> bool:
    """Whether a model of this name (`income`, `services/churn:income`) can be written into a tag."""
    return _MODEL.fullmatch(name) is not None and _is_ref(name.replace(":", "="))


def is_stage(name: str) -> bool:
    """Whether an environment of this name can be written into a tag."""
    return _STAGE.fullmatch(name) is not None and _is_ref(name)


def is_called(model: str, name: str) -> bool:
    """Whether people may call a model so: by its name in the repository, or in its project."""
    return name in (model, model.rpartition(":")[2])


def full_name(prefix: str, model: str) -> str:
    """A model's name in the whole repository, from its project's path (none at the root)."""
    return f"{prefix}:{model}" if prefix else model


def _is_ref(name: str) -> bool:
    """Whether `git check-ref-format` takes what the grammar lets through."""
    if name.startswith(("/", ".")) or name.endswith(("/", ".", ".lock")):
        return False
    return not ("//" in name or ".." in name or "/." in name or ".lock/" in name)
