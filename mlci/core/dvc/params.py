"""Parameters files as nested values, typed as `dvc.lock` records them."""

import json
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Any

from mlci.core.dvc.nodes import json_of
from mlci.core.strictjson import JsonValue
from mlci.core.yaml.node import DVC_LIMITS
from mlci.core.yaml.tree import parse
from mlci.errors import ConfigError


def read_params(content: bytes, name: str) -> Mapping[str, JsonValue]:
    """The values of a file, by its ending: JSON, TOML, Python, else YAML. Raises ConfigError."""
    reader = _READERS.get(PurePosixPath(name).suffix.lower())
    if reader is None:
        found = json_of(parse(content, name=name, limits=DVC_LIMITS))
    elif len(content) > DVC_LIMITS.size:
        raise _wrong(name, f"it is larger than {DVC_LIMITS.size // 1024**2} MiB")
    else:
        found = _read(reader, content, name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _wrong(name, "it holds no names")
    return found


def _read(reader: Callable[[str], Any], content: bytes, name: str) -> Any:  # noqa: ANN401
    try:
        return reader(content.decode("utf-8-sig"))
    except (RecursionError, MemoryError) as error:
        raise _wrong(name, "more levels than anybody writes by hand") from error
    except (ValueError, SyntaxError) as error:
        raise _wrong(name, str(error)) from error


def _wrong(name: str, why: str) -> ConfigError:
    return ConfigError(
        f"the parameters cannot be read: {why[:300]}",
        id="params-unreadable",
        where=name,
        help=f"correct {name}; `dvc params diff` must be able to read it",
    )


def _toml(text: str) -> Any:  # noqa: ANN401
    from mlci.core import toml  # noqa: PLC0415 - few files are TOML

    return _plain(toml.loads(text))


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        return {name: _plain(below) for name, below in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value if isinstance(value, str | bool | int | float) else str(value)


def _python(text: str) -> Any:  # noqa: ANN401
    from mlci.core.dvc.python_params import python_values  # noqa: PLC0415 - few parameters are Python

    return python_values(text)


_READERS: Mapping[str, Callable[[str], Any]] = {".json": json.loads, ".toml": _toml, ".py": _python}
