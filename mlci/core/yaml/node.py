"""What a YAML text is read into: values that know where they stand, and how large a text may be."""

from collections.abc import Callable

from msgspec import Struct

from mlci.core.problems import Mark

MIB = 1024 * 1024


class Limits(Struct, frozen=True, kw_only=True):
    """How large a file may be: bytes, levels, aliases, values, and values that only aliases repeat."""

    size: int
    depth: int
    aliases: int
    values: int
    repeated: int


CONFIG_LIMITS = Limits(size=MIB, depth=50, aliases=100, values=50_000, repeated=10_000)
DVC_LIMITS = Limits(size=64 * MIB, depth=100, aliases=1_000, values=8_000_000, repeated=100_000)


class Parts(Struct, frozen=True, kw_only=True):
    """What lies directly below a key at the top, to be taken piece by piece: a whole tree may be too large.

    Of what was taken the tree holds a shell.
    """

    below: str
    take: Callable[[str, "Node"], None]


# No node ever holds itself, so the garbage collector need not look at a large lock's millions of them.
class Node(Struct, frozen=True, kw_only=True, gc=False, array_like=True):
    """A value and where it stands. A mapping's keys are nodes too, so that a message can point at one.

    `text` is a scalar as it was written; `plain` says that it stood without quotes.
    """

    value: "str | int | float | bool | list[Node] | dict[str, tuple[Node, Node]] | None"
    mark: Mark
    path: str = ""
    text: str = ""
    plain: bool = False

    def find(self, *keys: str | int) -> "Node":
        """The node below these keys and positions, or the last one on the way that exists."""
        node = self
        for key in keys:
            if isinstance(node.value, dict) and key in node.value:
                node = node.value[str(key)][1]
            elif isinstance(node.value, list) and isinstance(key, int) and key < len(node.value):
                node = node.value[key]
            else:
                break
        return node

    def find_key(self, *keys: str | int) -> "Node":
        """The key that stands at the end of this way, or the last node on it that exists."""
        above = self.find(*keys[:-1])
        if isinstance(above.value, dict) and keys[-1] in above.value:
            return above.value[str(keys[-1])][0]
        return above
