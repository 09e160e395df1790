"""Two versions of one `dvc.lock`, joined stage by stage: a stage's own lines are carried over as they are."""

import re
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum

from msgspec import Struct, field

from mlci.core.dvc.files import LOCK_FILE, read_lock
from mlci.core.problems import WHOLE_FILE, Problem, config_error
from mlci.core.yaml.node import DVC_LIMITS, Node
from mlci.core.yaml.tree import parse

_OURS = re.compile(rb"<{7}(?: .*)?\r?\n?")
_BASE = re.compile(rb"\|{7}(?: .*)?\r?\n?")
_THEIRS = re.compile(rb"={7}\r?\n?")
_END = re.compile(rb">{7}(?: .*)?\r?\n?")


class Side(StrEnum):
    """Which version a stage's record is taken from; either, where both say the same; or neither."""

    OURS = "ours"
    THEIRS = "theirs"
    EITHER = "either"
    NEITHER = "neither"


class Sides(Struct, frozen=True, kw_only=True):
    """One lock in two versions, each stage as the lines it stands on. `base` is empty when unknown.

    `mixed` says that Git joined lines around the conflict, so that a version may be what nobody ever ran.
    """

    ours: Mapping[str, bytes]
    theirs: Mapping[str, bytes]
    base: Mapping[str, bytes] = field(default_factory=dict)
    mixed: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """All stages, ours first."""
        return tuple(dict.fromkeys((*self.ours, *self.theirs)))

    def settled(self, name: str) -> Side | None:
        """The side that alone changed a stage; None when both did, each in its own way."""
        ours, theirs, base = self.ours.get(name), self.theirs.get(name), self.base.get(name)
        if ours == theirs:
            return Side.EITHER
        if self.mixed:
            return Side.NEITHER
        if theirs is None or (base is not None and theirs == base):
            return Side.OURS
        if ours is None or (base is not None and ours == base):
            return Side.THEIRS
        return None


def sides_of(ours: bytes, theirs: bytes, base: bytes = b"", *, name: str = LOCK_FILE) -> Sides:
    """Two versions as stages. Raises ConfigError when one is not a lock."""
    return Sides(
        ours=_stages(ours, name), theirs=_stages(theirs, name), base=_stages(base, name) if base else {}
    )


def split_conflict(content: bytes) -> tuple[bytes, bytes] | None:
    """Both versions of a file with conflict markers; None when it has none, or they do not fit together."""
    ours: list[bytes] = []
    theirs: list[bytes] = []
    common = [ours, theirs]
    into, seen = common, False
    for line in content.splitlines(keepends=True):
        if _OURS.fullmatch(line) and into is common:
            into, seen = [ours], True
        elif _BASE.fullmatch(line) and into == [ours]:
            into = []
        elif _THEIRS.fullmatch(line) and into is not common:
            into = [theirs]
        elif _END.fullmatch(line) and into is not common:
            into = common
        else:
            for each in into:
                each.append(line)
    return (b"".join(ours), b"".join(theirs)) if seen and into is common else None


def joined(sides: Sides, chosen: Mapping[str, Side], keep: Iterable[str]) -> bytes:
    """A lock of the chosen versions, with the stages of `keep` only."""
    kept = set(keep)
    parts = [
        (sides.theirs if chosen[name] is Side.THEIRS else sides.ours)[name]
        for name in sides.names
        if name in kept and chosen[name] is not Side.NEITHER
    ]
    return b"schema: '2.0'\n" + (b"stages:\n" + b"".join(parts) if parts else b"stages: {}\n")


def _stages(content: bytes, name: str) -> Mapping[str, bytes]:
    """The lines of each stage, as they stand."""
    read_lock(content, name=name)
    tree = parse(content, name=name, limits=DVC_LIMITS)
    if not isinstance(tree.value, dict) or "stages" not in tree.value:
        return {}
    lines = content.splitlines(keepends=True)
    keys = {key: pair[0].mark.line for key, pair in _pairs(tree.value["stages"][1].value)}
    tops = [pair[0].mark.line for pair in tree.value.values()]
    if len({*keys.values(), *tops}) != len(keys) + len(tops):
        said = "the stages do not each begin on a line of their own"
        raise config_error(
            name, content, [Problem(id="dvc-lock-form", message=said, mark=WHOLE_FILE, help="dvc repro")]
        )
    starts = sorted([*keys.values(), *tops, len(lines) + 1])
    return {key: b"".join(lines[at - 1 : starts[starts.index(at) + 1] - 1]) for key, at in keys.items()}


def _pairs(value: object) -> Sequence[tuple[str, tuple[Node, Node]]]:
    return tuple(value.items()) if isinstance(value, dict) else ()
