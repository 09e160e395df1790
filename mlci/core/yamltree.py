"""YAML as a tree of located nodes, read only after a scan that hostile text cannot get past."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A place in a text, counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value and where it stands. A mapping's keys are nodes too, so that a message can point at one."""

    value: "str | int | float | bool | list[Node] | dict[str, tuple[Node, Node]] | None"
    mark: Mark
    path: str = ""
