"""What is compared with what."""

from collections.abc import Callable, Mapping

from msgspec import Struct, field

ORIGIN = "origin"


class Range(Struct, frozen=True, kw_only=True):
    """What is compared with what: `base` None is nothing, `head` None the work tree.

    `versions` are, on main, each model's own base: the commit of its newest version, None before its first.
    `apart` says, once Git has, whether the two have no history in common.
    """

    base: str | None
    head: str | None
    base_name: str = ""
    head_name: str = ""
    notes: tuple[str, ...] = ()
    versions: Mapping[str, str | None] = field(default_factory=dict)
    apart: Callable[[], bool] = lambda: False
