"""The bytes of a recorded output: from Git, else from DVC's cache by hash, else from the read remote."""

from collections.abc import Iterator, Mapping
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from mlci.app.side.snapshot import Snapshot
from mlci.core.digest import md5
from mlci.core.dvc.files import Hashed
from mlci.core.dvc.manifest import read_manifest
from mlci.core.problems import shown
from mlci.errors import MlciError, WorldError

if TYPE_CHECKING:
    from mlci.ports.dvc import Dvc


class Outputs(Struct, frozen=True, kw_only=True):
    """Finds the bytes of outputs. `remote` is the DVC remote to read from; None is DVC's own."""

    dvc: "Dvc"
    remote: str | None = None

    def read(
        self, snapshot: Snapshot, path: str, outs: Mapping[str, Hashed], *, limit: int | None = None
    ) -> bytes | None:
        """The bytes of one file of a snapshot, None where they are not to be had.

        `outs` are the snapshot's recorded outputs; the file is one of them, or lies in one, or in Git.
        Raises WorldError beyond `limit`.
        """
        content = snapshot.read(path, limit=limit)
        if content is not None:
            return content
        place = path if path in outs else home(path, outs)
        if place is None or outs[place].in_git:
            return None  # what Git holds and does not have was removed: another machine has no copy of it
        recorded = outs.get(path) or self._within(snapshot, path, outs)
        if recorded is not None and recorded.is_directory:
            return None
        if recorded is not None and recorded.size is not None:
            _bounded(recorded.size, path, limit)
        cached = None if recorded is None else self._cached(snapshot, recorded, path, limit)
        if cached is not None or snapshot.commit is None:
            return cached
        return self._fetched(path, snapshot.commit, limit)

    def place(self, snapshot: Snapshot, path: str, outs: Mapping[str, Hashed], destination: Path) -> bool:
        """Put an output, a file or a directory, at a place; False where it is not to be had."""
        recorded = outs.get(path)
        if recorded is None or not recorded.is_directory:
            content = self.read(snapshot, path, outs)
            if content is not None:
                destination.write_bytes(content)
            return content is not None
        return snapshot.commit is not None and self._get(path, snapshot.commit, destination)

    def here(self, snapshot: Snapshot, path: str, recorded: Hashed) -> bytes | Path | None:
        """A file as it lies here, in Git or in the cache, for who may not pay for a download or a hash."""
        if snapshot.commit is None and snapshot.files.exists(path):
            return snapshot.files.root / path
        content = snapshot.read(path)
        if content is not None or recorded.in_git or recorded.algorithm != "md5" or not recorded.value:
            return content
        return next((place for place in self._places(snapshot, recorded) if place.is_file()), None)

    def manifest(self, snapshot: Snapshot, recorded: Hashed) -> Mapping[str, str] | None:
        """Hash by path of a recorded directory's files; None where its manifest is not here."""
        content = self._cached(snapshot, recorded, recorded.path)
        return None if content is None else read_manifest(content, recorded.value)

    def _within(self, snapshot: Snapshot, path: str, outs: Mapping[str, Hashed]) -> Hashed | None:
        """The record of a file in a recorded directory, as the directory's manifest has it."""
        around = home(path, outs)
        files = None if around is None else self.manifest(snapshot, outs[around])
        if around is None or files is None:
            return None
        value = files.get(path.removeprefix(f"{around}/"))
        return None if value is None else replace(outs[around], path=path, value=value, size=None, files=None)

    def _cached(
        self, snapshot: Snapshot, recorded: Hashed, path: str, limit: int | None = None
    ) -> bytes | None:
        """From the cache, if the bytes are what their name says: a cache may be damaged or poisoned."""
        if recorded.algorithm != "md5" or not recorded.value:
            return None
        for place in self._places(snapshot, recorded):
            content = _bytes_of(place, path, limit)
            legacy = recorded.legacy and not recorded.is_directory
            if content is not None and md5(BytesIO(content), legacy=legacy) == recorded.value.removesuffix(
                ".dir"
            ):
                return content
        return None

    def _places(self, snapshot: Snapshot, recorded: Hashed) -> Iterator[Path]:
        for cache in self._caches(snapshot):
            home = cache if recorded.legacy else cache / "files" / "md5"
            yield home / recorded.value[:2] / recorded.value[2:]

    def _caches(self, snapshot: Snapshot) -> Iterator[Path]:
        """Where the cache lies: the usual places first, since asking DVC costs seconds."""
        usual = dict.fromkeys((snapshot.git.root, snapshot.files.root))
        yield from (place / ".dvc" / "cache" for place in usual)
        yield self.dvc.cache_dir()

    def _fetched(self, path: str, commit: str, limit: int | None) -> bytes | None:
        import tempfile

        with tempfile.TemporaryDirectory(prefix="mlci-") as directory:
            place = Path(directory) / Path(path).name
            fetched = self._get(path, commit, place) and place.is_file()
            return _bytes_of(place, path, limit) if fetched else None

    def _get(self, path: str, commit: str, destination: Path) -> bool:
        try:
            return self.dvc.get(path, commit, destination, remote=self.remote).ok
        except MlciError:
            return False


def home(path: str, outs: Mapping[str, Hashed]) -> str | None:
    """The recorded directory that a file lies in."""
    above = (str(each) for each in PurePosixPath(path).parents)
    return next((each for each in above if each in outs and outs[each].is_directory), None)


def _bytes_of(place: Path, path: str, limit: int | None) -> bytes | None:
    try:
        _bounded(place.stat().st_size, path, limit)
        return place.read_bytes()
    except OSError:
        return None


def _bounded(size: int, path: str, limit: int | None) -> None:
    if limit is not None and size > limit:
        raise WorldError(
            f"{shown(path)} is larger than {limit // 1024**2} MiB", id="file-too-large", where=shown(path)
        )
