"""Builds the tree from the parser's events, which come one at a time and without recursion.

Every limit is held while they come, so that a bomb is refused at its first blow and not after it went off.
"""

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NoReturn

import yaml
from msgspec import Struct, field

from mlci.core.problems import WHOLE_FILE, Mark, Problem, quoted
from mlci.core.yaml.node import Limits, Node, Parts
from mlci.core.yaml.scan import yaml_problem

if TYPE_CHECKING:
    from yaml.events import Event

_LONGEST_NUMBER = 1_000  # digits beyond any number; Python refuses to read 5,000 of them
_BEGINS_A_NUMBER = "+-.0123456789"
_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_BASED = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | float | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **{sign + word: float(f"{sign}inf") for sign in ("", "+", "-") for word in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}


def build(content: bytes, limits: Limits, parts: Parts | None = None) -> Node | Sequence[Problem]:
    """The tree of the one document in a scanned text, or all that is wrong with it."""
    builder = _Builder(limits=limits, parts=parts)
    try:
        tree = builder.document(content)
    except _Stop as stop:
        builder.problems.append(stop.problem)
    except yaml.MarkedYAMLError as error:
        builder.problems.append(_syntax(content, error))
    else:
        if not builder.problems:
            return tree
    return builder.problems


def value_of(text: str) -> str | int | float | bool | None:
    """The value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _BEGINS_A_NUMBER or len(text) > _LONGEST_NUMBER:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def _syntax(content: bytes, error: yaml.MarkedYAMLError) -> Problem:
    where = error.problem_mark or error.context_mark
    mark = Mark(line=where.line + 1, column=where.column + 1) if where else Mark(line=1, column=1)
    if _tab_indents(content, mark.line):
        return yaml_problem("yaml-tab", "a tab indents this line", mark, help="indent with spaces")
    said = " ".join(part for part in (error.context, error.problem) if part) or "not YAML"
    return yaml_problem("yaml-syntax", f"not YAML: {said}", mark, help="check quotes, colons and indentation")


def _tab_indents(content: bytes, line: int) -> bool:
    lines = content.splitlines()[max(0, line - 2) : line]
    return any(b"\t" in each[: len(each) - len(each.lstrip())] for each in lines)


class _Stop(Exception):
    """A limit was passed: reading on would only do harm."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Builder(Struct):
    """Makes nodes of events and holds the limits while it does."""

    limits: Limits
    parts: Parts | None = None
    problems: list[Problem] = field(default_factory=list)
    anchors: dict[str, tuple[Node, int] | None] = field(default_factory=dict)
    aliases: int = 0
    values: int = 0
    repeated: int = 0

    def document(self, content: bytes) -> Node:
        """The one document of the text; nothing at all is null."""
        events: Iterator[Event] = yaml.parse(content, Loader=_LOADER)
        tree: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if tree is not None:
                    self._stop(
                        "several-documents", "a second document starts here", event, "keep one, delete `---`"
                    )
                tree = self._node(next(events), events, path="", depth=0)
        return tree or Node(value=None, mark=Mark(line=1, column=1), plain=True)

    def _node(self, event: "Event", events: "Iterator[Event]", *, path: str, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        self._count(event)
        before = self.values + self.repeated
        anchor: str | None = event.anchor  # type: ignore[attr-defined]
        if anchor is not None:
            self.anchors[anchor] = None
        node = self._value(event, events, path=path, depth=depth)
        if anchor is not None:
            self.anchors[anchor] = node, self.values + self.repeated - before + 1
        return node

    def _value(self, event: "Event", events: "Iterator[Event]", *, path: str, depth: int) -> Node:
        mark = _at(event)
        if event.tag is not None:  # type: ignore[attr-defined]
            self._tag(event, mark, path)
        if isinstance(event, yaml.ScalarEvent):
            plain = event.style is None or event.style == ""
            value = value_of(event.value) if plain else event.value
            return Node(value=value, mark=mark, path=path, text=event.value, plain=plain)
        if depth >= self.limits.depth:
            self._stop("nested-too-deeply", f"more than {self.limits.depth} levels", event, "flatten it")
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(value=self._items(events, path=path, depth=depth + 1), mark=mark, path=path)
        return Node(value=self._pairs(events, path=path, depth=depth + 1), mark=mark, path=path)

    def _items(self, events: "Iterator[Event]", *, path: str, depth: int) -> list[Node]:
        items: list[Node] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            items.append(self._node(event, events, path=f"{path}[{len(items)}]", depth=depth))
        return items

    def _pairs(self, events: "Iterator[Event]", *, path: str, depth: int) -> dict[str, tuple[Node, Node]]:
        pairs: dict[str, tuple[Node, Node]] = {}
        merged: list[Node] = []
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            key = self._key(event, events, path=path, depth=depth)
            value = self._node(next(events), events, path=key.path, depth=depth)
            if key.text == "<<" and key.plain:
                merged.append(value)
            elif key.text in pairs:
                self._duplicate(key, pairs[key.text][0])
            else:
                pairs[key.text] = key, self._given_away(value, key.text, path, depth)
        return self._merge(pairs, merged) if merged else pairs

    def _given_away(self, value: Node, key: str, path: str, depth: int) -> Node:
        """The node, or its shell once it was taken as a part."""
        if self.parts is None or depth != 2 or path != self.parts.below:
            return value
        self.parts.take(key, value)
        return Node(value=None, mark=value.mark, path=value.path)

    def _key(self, event: "Event", events: "Iterator[Event]", *, path: str, depth: int) -> Node:
        if not isinstance(event, yaml.ScalarEvent):
            self._stop("key-not-text", "a key must be one word", event, "write `key: value`")
        return self._node(event, events, path=f"{path}.{event.value}" if path else event.value, depth=depth)

    def _merge(self, pairs: dict[str, tuple[Node, Node]], merged: list[Node]) -> dict[str, tuple[Node, Node]]:
        together = dict(pairs)
        sources = [
            each for node in merged for each in (node.value if isinstance(node.value, list) else [node])
        ]
        for source in sources:
            if not isinstance(source.value, dict):
                self.problems.append(
                    yaml_problem("merge-not-mapping", "`<<` takes a mapping", source.mark, path=source.path)
                )
                continue
            for name, pair in source.value.items():
                together.setdefault(name, pair)
        return together

    def _alias(self, event: "yaml.AliasEvent") -> Node:
        self.aliases += 1
        if self.aliases > self.limits.aliases:
            said = f"more than {self.limits.aliases} aliases"
            self._stop("too-many-aliases", said, event, "write the values out")
        name = event.anchor or ""
        known = self.anchors.get(name)
        if known is None:
            why = "stands inside its own anchor" if name in self.anchors else "has no anchor above it"
            said = f"the alias {quoted('*' + name)} {why}"
            self._stop("alias-unknown", said, event, "write the value out")
        node, size = known
        self._repeat(event, size)
        return node

    def _count(self, event: "Event") -> None:
        self.values += 1
        if self.values > self.limits.values:
            said = f"more than {self.limits.values} values"
            self._stop("too-many-values", said, event, "keep data in files of their own")

    def _repeat(self, event: "Event", size: int) -> None:
        self.repeated += size
        if self.repeated > self.limits.repeated:
            said = f"aliases repeat more than {self.limits.repeated} values"
            self._stop("too-many-values", said, event, "write the values out")

    def _tag(self, event: "Event", mark: Mark, path: str) -> None:
        tag: str = event.tag  # type: ignore[attr-defined]
        said = f"the tag {quoted(tag.replace('tag:yaml.org,2002:', '!!'))} is not allowed"
        self.problems.append(
            yaml_problem("yaml-tag", said, mark, path=path, help="write the plain value; quotes make it text")
        )

    def _duplicate(self, key: Node, first: Node) -> None:
        said = f"the key {quoted(key.text)} stands twice, first on line {first.mark.line}"
        self.problems.append(
            yaml_problem("duplicate-key", said, key.mark, path=key.path, help="keep one of the two")
        )

    def _stop(self, id: str, message: str, event: "Event", help: str) -> NoReturn:
        raise _Stop(yaml_problem(id, message, _at(event), help=help))


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _at(event: "Event") -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else WHOLE_FILE
