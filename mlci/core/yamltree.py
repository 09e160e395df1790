"""YAML as a tree of located nodes, read only after a scan that hostile text cannot get past.

The tree is built from the parser's events, which come one at a time and without recursion; every limit is
held while they come, so that a bomb is refused at its first blow and not after it went off.
"""

import codecs
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, NoReturn

import yaml
from msgspec import Struct, field

from mlci.core.problems import WHOLE_FILE, Mark, Problem, config_error, quoted

if TYPE_CHECKING:
    from yaml.events import Event

_MIB = 1024 * 1024
_CHUNK = _MIB
_UNREADABLE = re.compile("[^\t\n\r -~\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_READABLE_ASCII = bytes((9, 10, 13, *range(32, 127)))
_MARKER = re.compile(rb"(?:\A|[\r\n])(<{7}|>{7}|\|{7})(?=[ \r\n]|\Z)")
_WIDE = (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)

_BY_HAND = "choose one side, delete the marker lines, then `git add` the file"
_LONGEST_NUMBER = 1_000  # digits beyond any number; Python refuses to read 5,000 of them
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


class Limits(Struct, frozen=True, kw_only=True):
    """How large a file may be: bytes, levels, aliases, values, and values that only aliases repeat."""

    size: int
    depth: int
    aliases: int
    values: int
    repeated: int


CONFIG_LIMITS = Limits(size=_MIB, depth=50, aliases=100, values=50_000, repeated=10_000)
DVC_LIMITS = Limits(size=64 * _MIB, depth=100, aliases=1_000, values=8_000_000, repeated=100_000)


# No node ever holds itself, so the garbage collector need not look at a large lock's millions of them.
class Node(Struct, frozen=True, kw_only=True, gc=False):
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


def parse(content: bytes, *, name: str, limits: Limits = CONFIG_LIMITS, settle: str = _BY_HAND) -> Node:
    """The tree of one YAML document. Raises ConfigError for anything that is not exactly that.

    `settle` says how a merge conflict in such a file is settled.

    Scalars are typed by YAML 1.2's core schema, without its leading zeros: `NO`, `1:30`, `012` and dates
    are text.
    """
    body = content.removeprefix(codecs.BOM_UTF8)
    problem = _scan(body, limits, settle)
    if problem:
        raise config_error(name, content, [problem])
    builder = _Builder(limits=limits)
    try:
        tree = builder.document(body)
    except _Stop as stop:
        builder.problems.append(stop.problem)
    except yaml.MarkedYAMLError as error:
        builder.problems.append(_syntax(body, error))
    else:
        if not builder.problems:
            return tree
    raise config_error(name, content, builder.problems)


def value_of(text: str) -> str | int | float | bool | None:
    """The value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if len(text) > _LONGEST_NUMBER:
        return text
    if _INT.fullmatch(text):
        return int(text)
    if _BASED.fullmatch(text):
        return int(text, 0)
    return float(text) if _FLOAT.fullmatch(text) else text


def scan_text(content: bytes, settle: str = _BY_HAND) -> Problem | None:
    """What keeps bytes from being text that a person finished, whatever is written in it."""
    return _scan_encoding(content) or _scan_conflict(content, settle)


def _scan(content: bytes, limits: Limits, settle: str) -> Problem | None:
    """What can be told from the bytes alone, before any parser sees them."""
    if len(content) > limits.size:
        return _problem(
            "file-too-large",
            f"the file is larger than {limits.size // _MIB} MiB",
            help="keep data in files of their own; this one is read by every command",
        )
    return scan_text(content, settle) or _scan_directive(content)


def _scan_encoding(content: bytes) -> Problem | None:
    wide = content.startswith(_WIDE) or b"\0" in content[:2]
    if wide:
        return _problem("not-utf-8", "the file is UTF-16 or UTF-32", help="save it as UTF-8")
    if not content.translate(None, _READABLE_ASCII):
        return None
    decoder = codecs.getincrementaldecoder("utf-8")()
    for start in range(0, len(content) or 1, _CHUNK):
        try:
            text = decoder.decode(content[start : start + _CHUNK], final=start + _CHUNK >= len(content))
        except UnicodeDecodeError as error:
            at = _mark(content, max(start, content.find(error.object[error.start : error.end], start)))
            return _problem(
                "not-utf-8",
                f"the byte 0x{error.object[error.start]:02x} is not UTF-8 (Latin-1 or Windows-1252?)",
                at,
                help="save the file as UTF-8",
            )
        if found := _UNREADABLE.search(text):
            at = _mark(content, content.find(found[0].encode("utf-8"), start))
            return _problem(
                "control-character", f"the character U+{ord(found[0]):04X} may not stand here", at
            )
    return None


def _scan_conflict(content: bytes, settle: str) -> Problem | None:
    found = _first_marker(content)
    if found is None:
        return None
    return _problem(
        "conflict-marker", "a merge conflict was left in the file", _mark(content, found), help=settle
    )


def _scan_directive(content: bytes) -> Problem | None:
    directive = 0 if content.startswith(b"%") else max(content.find(b"\n%"), content.find(b"\r%")) + 1
    if directive or content.startswith(b"%"):
        return _problem(
            "yaml-directive",
            "a line starts with %, a YAML directive",
            _mark(content, directive),
            help="delete it",
        )
    return None


def _first_marker(content: bytes) -> int | None:
    if not any(sign * 7 in content for sign in (b"<", b">", b"|")):
        return None
    found = _MARKER.search(content)
    return found.start(1) if found else None


def _syntax(content: bytes, error: yaml.MarkedYAMLError) -> Problem:
    where = error.problem_mark or error.context_mark
    mark = Mark(line=where.line + 1, column=where.column + 1) if where else Mark(line=1, column=1)
    if _tab_indents(content, mark.line):
        return _problem("yaml-tab", "a tab indents this line", mark, help="indent with spaces")
    said = " ".join(part for part in (error.context, error.problem) if part) or "not YAML"
    return _problem("yaml-syntax", f"not YAML: {said}", mark, help="check quotes, colons and indentation")


def _tab_indents(content: bytes, line: int) -> bool:
    lines = content.splitlines()[max(0, line - 2) : line]
    return any(b"\t" in each[: len(each) - len(each.lstrip())] for each in lines)


def _mark(content: bytes, offset: int) -> Mark:
    before = content[:offset].decode("utf-8", errors="replace").replace("\r\n", "\n").replace("\r", "\n")
    return Mark(line=before.count("\n") + 1, column=len(before) - before.rfind("\n"))


def _problem(id: str, message: str, mark: Mark = WHOLE_FILE, *, path: str = "", help: str = "") -> Problem:
    return Problem(id=id, message=message, mark=mark, path=path, help=help)


class _Stop(Exception):
    """A limit was passed: reading on would only do harm."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Builder(Struct):
    """Makes nodes of events and holds the limits while it does."""

    limits: Limits
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
                pairs[key.text] = key, value
        return self._merge(pairs, merged) if merged else pairs

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
                    _problem("merge-not-mapping", "`<<` takes a mapping", source.mark, path=source.path)
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
            _problem("yaml-tag", said, mark, path=path, help="write the plain value; quotes make it text")
        )

    def _duplicate(self, key: Node, first: Node) -> None:
        said = f"the key {quoted(key.text)} stands twice, first on line {first.mark.line}"
        self.problems.append(
            _problem("duplicate-key", said, key.mark, path=key.path, help="keep one of the two")
        )

    def _stop(self, id: str, message: str, event: "Event", help: str) -> NoReturn:
        raise _Stop(_problem(id, message, _at(event), help=help))


_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def _at(event: "Event") -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else WHOLE_FILE
