"""Where DVC's remotes lie, as a committed `.dvc/config` says, and where an output lies on one."""

import posixpath
import re
from collections.abc import Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass, field

from mlci.core.dvcfiles import Hashed
from mlci.core.secrets import without_credentials

_REMOTE = re.compile(r"""'?remote\s+"(?P<name>[^"]+)"'?""")
_ELSEWHERE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|/|~|[A-Za-z]:[\\/]|[^/]+@[^/]+:")


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteSettings:
    """The remotes by name, each with its address, and the name of the default one."""

    urls: Mapping[str, str] = field(default_factory=dict)
    default: str | None = None


def read_remotes(content: bytes, *, home: str) -> RemoteSettings:
    """The remotes of a `.dvc/config` in directory `home`; nothing when it cannot be read.

    A relative address counts from that directory and is given from the top of the repository.
    """
    parser = ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(content.decode("utf-8", "replace"))
    except Error:
        return RemoteSettings()
    urls: dict[str, str] = {}
    for section in parser.sections():
        match = _REMOTE.fullmatch(section)
        url = parser.get(section, "url", fallback="")
        if match and url:
            urls[match["name"]] = without_credentials(_placed(url, home))
    return RemoteSettings(urls=urls, default=parser.get("core", "remote", fallback=None))


def address(settings: RemoteSettings, remote: str | None, path: str, recorded: Hashed) -> str:
    """Where an output's bytes lie on a remote (for a directory: its manifest); empty when nobody says."""
    url = settings.urls.get(remote or settings.default or "", "")
    if not url or recorded.algorithm not in ("md5", "etag"):
        return ""
    if recorded.cloud or recorded.algorithm == "etag":
        return posixpath.join(url, path)
    home = "" if recorded.legacy else "files/md5"
    return posixpath.join(url, home, recorded.value[:2], recorded.value[2:])


def _placed(url: str, home: str) -> str:
    return url if _ELSEWHERE.match(url) else posixpath.normpath(posixpath.join(home, url))
