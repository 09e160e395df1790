"""The bytes of a recorded output: from Git, else from DVC's cache by hash, else from the read remote."""

import tempfile
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
        cached = self._cached(recorded)
        if cached is not None or snapshot.commit is None:
            return cached
        return self._fetched(path, snapshot.commit)

    def _cached(self, recorded: Hashed) -> bytes | None:
        """From the cache, if the bytes are what their name says: a cache may be damaged or poisoned."""
        if recorded.algorithm != "md5" or len(recorded.value) < 3:
            return None
        home = self.dvc.cache_dir() if recorded.legacy else self.dvc.cache_dir() / "files" / "md5"
        place = home / recorded.value[:2] / recorded.value[2:]
        try:
            content = place.read_bytes()
        except OSError:
            return None
        return content if md5(BytesIO(content), legacy=recorded.legacy) == recorded.value else None

    def _fetched(self, path: str, commit: str) -> bytes | None:
        with tempfile.TemporaryDirectory(prefix="mlci-") as directory:
            place = Path(directory) / Path(path).name
            try:
                done = self.dvc.get(path, commit, place, remote=self.remote)
            except MlciError:
                return None
            return place.read_bytes() if done.ok and place.is_file() else None
