"""Reading YAML: a scan that hostile text cannot get past, then the parser, whose tree may be remembered."""

import codecs
from contextvars import ContextVar
from typing import Protocol

from mlci.core.problems import Problem, config_error
from mlci.core.yaml.node import CONFIG_LIMITS, MIB, Limits, Node, Parts
from mlci.core.yaml.scan import BY_HAND, scan_directive, scan_text, yaml_problem

# Raised with every change of the scan, the parser or `Node` that gives some text another tree or answer:
# what an older reader remembered is then read again, also between two releases.
FORMAT = 1


class Memory(Protocol):
    """Trees of texts that were read before: it holds only good ones, and changes no answer but its cost."""

    def recall(self, content: bytes, limits: Limits) -> Node | None:
        """The tree of exactly these bytes under these limits."""
        ...

    def learn(self, content: bytes, limits: Limits, tree: Node) -> None:
        """Keep a tree for the next time."""
        ...


_memory: ContextVar[Memory | None] = ContextVar("memory", default=None)


def remember_in(memory: Memory) -> None:
    """From here on look up texts there first; it must lie where no commit can put anything."""
    _memory.set(memory)


def parse(
    content: bytes,
    *,
    name: str,
    limits: Limits = CONFIG_LIMITS,
    settle: str = BY_HAND,
    parts: Parts | None = None,
) -> Node:
    """The tree of one YAML document. Raises ConfigError for anything that is not exactly that.

    `settle` says how a merge conflict in such a file is settled. With `parts` nothing is remembered.

    Scalars are typed by YAML 1.2's core schema, without its leading zeros: `NO`, `1:30`, `012` and dates
    are text.
    """
    memory = None if parts else _memory.get()
    known = memory.recall(content, limits) if memory else None
    if known is not None:
        return known
    tree = _parsed(content, name, limits, settle, parts)
    if memory:
        memory.learn(content, limits, tree)
    return tree


def _parsed(content: bytes, name: str, limits: Limits, settle: str, parts: Parts | None) -> Node:
    body = content.removeprefix(codecs.BOM_UTF8)
    if problem := _scan(body, limits, settle):
        raise config_error(name, content, [problem])
    from mlci.core.yaml.events import build  # noqa: PLC0415 - loads the parser, which costs what a small file does

    found = build(body, limits, parts)
    if isinstance(found, Node):
        return found
    raise config_error(name, content, found)


def _scan(content: bytes, limits: Limits, settle: str) -> Problem | None:
    """What can be told from the bytes alone, before any parser sees them."""
    if len(content) > limits.size:
        return yaml_problem(
            "file-too-large",
            f"the file is larger than {limits.size // MIB} MiB",
            help="keep data in files of their own; this one is read by every command",
        )
    return scan_text(content, settle) or scan_directive(content)
