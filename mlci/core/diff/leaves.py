"""Metrics and parameters files as leaves: a path of names, and the typed value that stands there."""

import json
from codecs import BOM_UTF8
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from posixpath import splitext
from typing import Any

from mlci.core.diff import values
from mlci.core.diff.values import Value
from mlci.core.dvc.numbers import number_in
from mlci.core.problems import config_error, quoted, shown
from mlci.core.yaml.node import DVC_LIMITS, Node
from mlci.core.yaml.scan import scan_text
from mlci.core.yaml.tree import parse
from mlci.errors import WorldError

Key = tuple[str, ...]
Leaves = Mapping[Key, Value]

DEEPEST = 100
MOST_VALUES = 2_000_000

# What parts values; in JSON a line may end without one.
_BETWEEN_ANY = (b",", b"\n", b";")
_BETWEEN = {".json": (b",",)}
_TOO_LONG = "a number of more than 4300 digits"


class _Unreadable(ValueError):
    """Why a file's content cannot be taken."""


def read_leaves(content: bytes, name: str) -> Leaves:
    """The leaves of a file, by its ending: JSON, TOML, Python, else YAML. Lists are leaves.

    Raises WorldError (`metrics-unreadable`), or ConfigError for what is wrong with any text.
    """
    if len(content) > DVC_LIMITS.size:
        raise _wrong(name, f"it is larger than {DVC_LIMITS.size // 1024**2} MiB")
    try:
        found = _taken(content, name)
    except json.JSONDecodeError as error:
        raise _wrong(name, f"not JSON: {error.msg}", (error.lineno, error.colno)) from error
    except SyntaxError as error:
        raise _wrong(name, f"not Python: {error.msg}", (error.lineno or 1, error.offset or 1)) from error
    except (RecursionError, MemoryError) as error:
        raise _wrong(name, f"more than {DEEPEST} levels") from error
    except ValueError as error:
        raise _wrong(name, _why(error)) from error
    if b"\\" in content:
        _refuse_halves(found, name)
    return found


def _taken(content: bytes, name: str) -> Leaves:
    ending = splitext(name)[1].lower()
    # A cheap first look, so that no parser is fed far more values than are taken.
    _bound(max(map(content.count, _BETWEEN.get(ending, _BETWEEN_ANY))))
    found: dict[Key, Value] = {}
    if reader := _READERS.get(ending):
        _gather(reader(_text(content, name)), (), found)
    else:
        _gather_nodes(parse(content, name=name, limits=DVC_LIMITS), (), found)
    return found


def _text(content: bytes, name: str) -> str:
    unmarked = content.removeprefix(BOM_UTF8)
    if problem := scan_text(unmarked):
        raise config_error(name, content, [problem])
    return unmarked.decode()


def _why(error: ValueError) -> str:
    import tomllib

    if isinstance(error, tomllib.TOMLDecodeError):
        return f"not TOML: {error}"
    # The interpreter's own guard, which speaks of a setting of its own.
    return _TOO_LONG if str(error).startswith("Exceeds the limit") else str(error)


def _refuse_halves(leaves: Leaves, name: str) -> None:
    """An escape, and nothing else, may stand for half a character, which cannot be written down."""
    for key, value in leaves.items():
        try:
            "".join((*key, value.text)).encode()
        except UnicodeEncodeError as error:
            half = ord(error.object[error.start])
            raise _wrong(name, f"the escape \\u{half:04x} stands for no character") from error


def only(leaves: Leaves, keys: Sequence[str]) -> Leaves:
    """The leaves below some of DVC's dotted keys, in which `*` stands for any name; no keys is all."""
    patterns = [each.split(".") for each in keys]
    return {key: value for key, value in leaves.items() if not patterns or _below(key, patterns)}


def _below(key: Key, patterns: Sequence[Sequence[str]]) -> bool:
    # A pattern may be longer than the key: it then reaches into a list, which is one leaf to us.
    return any(all(map(fnmatchcase, key, pattern)) for pattern in patterns)


def _wrong(name: str, why: str, place: tuple[int, int] | None = None) -> WorldError:
    where = shown(name) if place is None else f"{shown(name)}:{place[0]}:{place[1]}"
    return WorldError(
        why[:300], id="metrics-unreadable", where=where, help="correct it, or the stage that writes it"
    )


def _gather(tree: Any, key: Key, found: dict[Key, Value]) -> None:  # noqa: ANN401
    if not isinstance(tree, dict):
        found[key] = values.of(tree)
        return
    if len(key) > DEEPEST:
        raise _Unreadable(f"more than {DEEPEST} levels")
    for name, below in tree.items():
        inner = (*key, str(name))
        if isinstance(below, Value):
            found[inner] = below
        elif below and isinstance(below, dict):
            _gather(below, inner, found)
        else:
            found[inner] = values.of(below)
    _bound(len(found))


def _gather_nodes(node: Node, key: Key, found: dict[Key, Value]) -> None:
    if isinstance(node.value, dict) and (node.value or not key):
        for name, (_, below) in node.value.items():
            _gather_nodes(below, (*key, name), found)
        _bound(len(found))  # aliases make many values of a short text
    elif node.value is not None or key:
        found[key] = values.of(_plain(node))


def _bound(count: int) -> None:
    if count > MOST_VALUES:
        raise _Unreadable(f"more than {MOST_VALUES:,} values")


def _plain(node: Node) -> Any:  # noqa: ANN401
    if isinstance(node.value, list):
        return [_plain(each) for each in node.value]
    if isinstance(node.value, dict):
        return {name: _plain(below) for name, (_, below) in node.value.items()}
    if isinstance(node.value, float) and node.text[-1:].isdigit():
        return values.decimal(node.text)
    return number_in(node.value) if node.plain and isinstance(node.value, str) else node.value


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        repeated, _ = Counter(name for name, _ in pairs).most_common(1)[0]
        raise _Unreadable(f"the key {quoted(repeated)} stands twice")
    return found


_JSON = json.JSONDecoder(
    parse_int=values.integer,
    parse_float=values.decimal,
    parse_constant=float,
    object_pairs_hook=_without_duplicates,
)


def _toml(text: str) -> dict[str, Any]:
    from mlci.core import toml  # noqa: PLC0415 - few files are TOML

    found = toml.loads(text, parse_float=_toml_float)
    return {name: _without_dates(value) for name, value in found.items()}


def _toml_float(text: str) -> float | Value:
    return float(text) if text.endswith(("inf", "nan")) else values.decimal(text.replace("_", ""))


def _without_dates(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {name: _without_dates(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_without_dates(each) for each in value]
    return value if isinstance(value, str | bool | int | float | Value) else str(value)


def _python(text: str) -> dict[str, Any]:
    from mlci.core.dvc.python_params import python_values  # noqa: PLC0415 - few parameters are Python

    return python_values(text)


_READERS: Mapping[str, Callable[[str], Any]] = {".json": _JSON.decode, ".toml": _toml, ".py": _python}
