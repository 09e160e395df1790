"""What DVC's configuration says of how a mapping in a command becomes options, as it is at one side."""

import posixpath

from mlci.app.side.snapshot import Snapshot
from mlci.core.dvc.files import is_inside
from mlci.core.dvc.settings import CONFIG_FILE, Parsing, read_config
from mlci.core.yaml.node import DVC_LIMITS
from mlci.errors import MlciError


def parsing_of(snapshot: Snapshot, home: str) -> Parsing:
    """What the configuration of the nearest DVC root says; this machine's own says nothing of a commit."""
    around = posixpath.join(snapshot.prefix, home)
    while True:
        content = _config(snapshot, posixpath.join(around, CONFIG_FILE))
        if content is not None:
            break
        if not around:
            return Parsing()
        around = posixpath.dirname(around)
    try:
        config = read_config([("", content.decode("utf-8-sig"))])
    except UnicodeDecodeError:
        return Parsing()
    return Parsing() if config is None else config.parsing


def _config(snapshot: Snapshot, path: str) -> bytes | None:
    """A file by its path from the repository's top; of one above the project, as it was committed."""
    inside = is_inside(path, snapshot.prefix) if snapshot.prefix else True
    try:
        if inside:
            return snapshot.read(posixpath.relpath(path, snapshot.prefix or "."), limit=DVC_LIMITS.size)
        (content,) = snapshot.git.blobs([(snapshot.commit or "HEAD", path)], limit=DVC_LIMITS.size)
    except MlciError:
        return None
    return content
