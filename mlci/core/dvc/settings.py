"""DVC's configuration as far as mlci asks it: remotes, the default one, the cache, and how options look."""

import posixpath
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

CONFIG_FILE = ".dvc/config"

# As text: a command that asks DVC nothing need not wait until they are compiled.
_SECTION = r"""\[\s*(?:(['"])(?P<quoted>.*)\1|(?P<plain>[^\]]*?))\s*\]\s*(?:#.*)?"""
_REMOTE = r"""remote\s+(['"])(?P<name>.*)\1"""
_PAIR = r"""(?P<key>[^=#\s][^=]*?)\s*=\s*(?P<value>.*?)\s*"""
_ELSEWHERE = r"[A-Za-z][A-Za-z0-9+.-]+://|/|~|[A-Za-z]:[\\/]|[^/]+@[^/]+:"
_VALUE = r"""(['"])(?P<quoted>.*?)\1\s*(?:#.*)?|(?P<plain>[^#]*?)\s*(?:#.*)?"""


class Parsing(Struct, frozen=True, kw_only=True):
    """How a mapping in a command becomes options: `--no-x` where false is said, `--x 1 --x 2` of a list."""

    says_no: bool = False
    repeats: bool = False


class DvcConfig(Struct, frozen=True, kw_only=True):
    """What several files say together. `cache` is as it is written, `home` the directory it is from.

    `urls` are the remotes' addresses; a relative one is from the directory of its file.
    """

    remotes: tuple[str, ...] = ()
    default: str | None = None
    cache: str | None = None
    home: str = ""
    link_types: tuple[str, ...] = ()
    urls: Mapping[str, str] = field(default_factory=dict)
    parsing: Parsing = Parsing()


class _Gathered(Struct):
    values: dict[tuple[str, str], str] = field(default_factory=dict)
    homes: dict[tuple[str, str], str] = field(default_factory=dict)


def read_config(layers: Sequence[tuple[str, str]]) -> DvcConfig | None:
    """What configuration files say, weakest first, each with the directory it lies in.

    None when a line is not understood: then only DVC itself can tell.
    """
    gathered = _Gathered()
    for home, text in layers:
        if not _gather(text, home, gathered):
            return None
    remotes = {section[len("remote ") :] for section, _ in gathered.values if section.startswith("remote ")}
    urls = {
        section[len("remote ") :]: _placed(value, gathered.homes[section, key])
        for (section, key), value in gathered.values.items()
        if section.startswith("remote ") and key == "url"
    }
    types = gathered.values.get(("cache", "type"), "")
    return DvcConfig(
        remotes=tuple(sorted(remotes)),
        default=gathered.values.get(("core", "remote")) or None,
        cache=gathered.values.get(("cache", "dir")) or None,
        home=gathered.homes.get(("cache", "dir"), ""),
        link_types=tuple(each.strip() for each in types.split(",") if each.strip()),
        urls=urls,
        parsing=Parsing(
            says_no=gathered.values.get(("parsing", "bool"), "").lower() == "boolean_optional",
            repeats=gathered.values.get(("parsing", "list"), "").lower() == "append",
        ),
    )


def _placed(url: str, home: str) -> str:
    return url if re.match(_ELSEWHERE, url) else posixpath.normpath(posixpath.join(home, url))


def _gather(text: str, home: str, gathered: _Gathered) -> bool:
    section = ""
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        header, pair = re.fullmatch(_SECTION, stripped), re.fullmatch(_PAIR, stripped)
        if header:
            section = _section(header["quoted"] or header["plain"] or "")
        elif pair and section and (value := _value(pair["value"])) is not None:
            key = section, pair["key"].strip("'\" ").lower()
            gathered.values[key], gathered.homes[key] = value, home
        else:
            return False
    return True


def _section(name: str) -> str:
    remote = re.fullmatch(_REMOTE, name.strip())
    return f"remote {remote['name'].lower()}" if remote else name.strip().lower()


def _value(text: str) -> str | None:
    if text.startswith(("'''", '"""')):
        return None
    found: Mapping[str, str | None] | None = (m := re.fullmatch(_VALUE, text)) and m.groupdict()
    if found is None:
        return None
    return found["quoted"] if found["quoted"] is not None else found["plain"]
