"""The bytes of a recorded output: from Git, else from DVC's cache by hash, else from the read remote."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from mlci.app.rehash import md5
from mlci.app.snapshot import Snapshot
from mlci.core.dvcfiles import Hashed
from mlci.errors import MlciError
from mlci.ports.dvc import Dvc


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Finds the bytes of outputs. `remote` is the DVC remote to read from; None is DVC's own."""

    dvc: Dvc
    remote: str | None = None

    def read(self, snapshot: Snapshot, path: str, recorded: Hashed | None) -> bytes | None:
        """The bytes of one output of a snapshot, None where they are not to be had."""
        (content,) = snapshot.read([path])
        if content is not None:
            return content
        if recorded is None or recorded.is_directory:
            return None
        cached = self._cached(snapshot, recorded)
        if cached is not None or snapshot.commit is None:
            return cached
        return self._fetched(path, snapshot.commit)

    def _cached(self, snapshot: Snapshot, recorded: Hashed) -> bytes | None:
        """From the cache, if the bytes are what their name says: a cache may be damaged or poisoned."""
        if recorded.algorithm != "md5" or len(recorded.value) < 3:
            return None
        for cache in self._caches(snapshot):
            home = cache if recorded.legacy else cache / "files" / "md5"
            content = _bytes_of(home / recorded.value[:2] / recorded.value[2:])
            if content is not None and md5(BytesIO(content), legacy=recorded.legacy) == recorded.value:
                return content
        return None

    def _caches(self, snapshot: Snapshot) -> Iterator[Path]:
        """Where the cache lies: the usual places first, since asking DVC costs seconds."""
        usual = dict.fromkeys((snapshot.git.root, snapshot.files.root))
        yield from (place / ".dvc" / "cache" for place in usual)
        yield self.dvc.cache_dir()

    def _fetched(self, path: str, commit: str) -> bytes | None:
        with tempfile.TemporaryDirectory(prefix="mlci-") as directory:
            place = Path(directory) / Path(path).name
            try:
                done = self.dvc.get(path, commit, place, remote=self.remote)
            except MlciError:
                return None
            return place.read_bytes() if done.ok and place.is_file() else None


def _bytes_of(place: Path) -> bytes | None:
    try:
        return place.read_bytes()
    except OSError:
        return None
