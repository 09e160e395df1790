"""Where an output's bytes lie on a DVC remote."""

import posixpath

from mlci.core.dvc.files import Hashed
from mlci.core.dvc.settings import DvcConfig
from mlci.core.secrets import without_credentials


def address(settings: DvcConfig, remote: str | None, path: str, recorded: Hashed) -> str:
    """The address of an output (of a directory: its manifest), without credentials; empty when nobody says.

    `path` counts from the DVC root.
    """
    url = without_credentials(settings.urls.get((remote or settings.default or "").lower(), ""))
    if not url or not recorded.value:
        return ""
    if recorded.cloud or recorded.algorithm != "md5":
        return posixpath.join(url, path)
    home = "" if recorded.legacy else "files/md5"
    return posixpath.join(url, home, recorded.value[:2], recorded.value[2:])
