"""How what lies here compares with what was recorded; what is absent counts as what would be pulled."""

import posixpath
from collections.abc import Iterator, Mapping

from msgspec import Struct, field

from mlci.app.stages.hashing import Hashes
from mlci.core.dvc.files import Hashed, is_inside
from mlci.core.dvc.manifest import SUFFIX, directory_hash, read_manifest
from mlci.core.dvc.stages import Seen
from mlci.errors import WorldError
from mlci.ports.worktree import Entry, Kind, WorkTree


class Comparer(Struct, kw_only=True):
    """Compares paths with records. `tracked` and `made` are the records of `*.dvc` files and of the lock.

    `moving` are imports that may bring something else next time, which only their source can tell.
    `manifests` are directories' manifests by hash, as they were fetched; `wanted` gathers those that
    would help to decide, `lost` holds outputs that are known to be nowhere.
    """

    tree: WorkTree
    hashes: Hashes
    tracked: Mapping[str, Hashed]
    made: Mapping[str, Hashed]
    moving: frozenset[str] = frozenset()
    manifests: Mapping[str, bytes] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    wanted: set[str] = field(default_factory=set)
    _here: dict[tuple[str, bool], str | None] = field(default_factory=dict)

    def learn(self, manifests: Mapping[str, bytes]) -> None:
        """Take manifests that were fetched; what could not be told without them is looked at again."""
        self.manifests = manifests
        self._here = {key: value for key, value in self._here.items() if value is not None}

    def look(self, path: str, recorded: Hashed) -> Seen:
        """How a path stands against its record."""
        if recorded.algorithm != "md5" or not recorded.value or self._moves(path):
            return Seen.UNDECIDED
        entry = self.tree.entry(path)
        if entry is None:
            return self._absent(path, recorded)
        if entry.kind is not Kind.FOREIGN and (entry.kind is Kind.DIRECTORY) != recorded.is_directory:
            return Seen.DIFFERENT
        found = self._hash(entry, recorded)
        if found is None:
            return Seen.UNDECIDED
        return self._after_pull(path, recorded) if found == recorded.value else Seen.DIFFERENT

    def _after_pull(self, path: str, recorded: Hashed) -> Seen:
        """How a path that is as recorded will stand: DVC pulls what a `*.dvc` file names and no cache has."""
        for place, record in self.tracked.items():
            if is_inside(path, place) and self._is_older(place, record):
                return self._inside(posixpath.relpath(path, place), record, recorded)
            if is_inside(place, path) and self._is_older(place, record):
                return Seen.UNDECIDED
        return Seen.SAME

    def _is_older(self, place: str, record: Hashed) -> bool:
        """Whether another version of tracked data lies here than the one that its file names by now."""
        entry = self.tree.entry(place)
        if entry is None or self.tree.in_cache(record.value, legacy=record.legacy):
            return False
        return self._hash(entry, record) != record.value

    def _moves(self, path: str) -> bool:
        return any(is_inside(path, each) or is_inside(each, path) for each in self.moving)

    def _hash(self, entry: Entry, recorded: Hashed) -> str | None:
        """The hash of what is here; None when it cannot be had."""
        key = entry.path, recorded.legacy
        if key not in self._here:
            try:
                self._here[key] = self._fresh(entry, legacy=recorded.legacy)
            except WorldError:
                self._here[key] = None
        return self._here[key]

    def _fresh(self, entry: Entry, *, legacy: bool) -> str | None:
        if entry.kind is Kind.FOREIGN:
            return None
        if entry.kind is Kind.FILE:
            return self.hashes.file(entry, legacy=legacy)
        missing: dict[str, str] = {}
        for path, record in self._records_below(entry.path):
            if self.tree.entry(path) is None:
                files = self._files(record)
                if files is None or record.legacy != legacy:
                    return None
                start = posixpath.relpath(path, entry.path)
                missing |= {
                    posixpath.join(start, inner).removesuffix("/"): md5 for inner, md5 in files.items()
                }
        return self.hashes.directory(entry.path, legacy=legacy, also=missing)

    def _records_below(self, directory: str) -> Iterator[tuple[str, Hashed]]:
        start = f"{directory}/"
        for records in (self.tracked, self.made):
            yield from ((path, each) for path, each in records.items() if path.startswith(start))

    def _absent(self, path: str, recorded: Hashed) -> Seen:
        """What would stand at a path if everything were pulled."""
        if path in self.made:
            return Seen.LOST if path in self.lost else Seen.MISSING
        for records in (self.tracked, self.made):
            for place, record in records.items():
                if is_inside(path, place):
                    return self._inside(posixpath.relpath(path, place), record, recorded)
        return Seen.MISSING

    def _inside(self, relative: str, record: Hashed, wanted: Hashed) -> Seen:
        if not record.value or record.legacy != wanted.legacy:
            return Seen.UNDECIDED
        if relative == ".":
            return Seen.SAME if record.value == wanted.value else Seen.DIFFERENT
        files = self._files(record)
        if files is None:
            return Seen.UNDECIDED
        if relative in files:
            found = files[relative]
        else:
            below = {
                path.removeprefix(f"{relative}/"): md5
                for path, md5 in files.items()
                if path.startswith(f"{relative}/")
            }
            if not below:
                return Seen.MISSING
            found = directory_hash(below)
        return Seen.SAME if found == wanted.value else Seen.DIFFERENT

    def _files(self, record: Hashed) -> Mapping[str, str] | None:
        """The files of a record, a file's own being named by nothing; None when they are not to be had."""
        if not record.is_directory:
            return {"": record.value} if record.value else None
        content = self.manifests.get(record.value) or self.tree.cached(record.value, legacy=record.legacy)
        files = read_manifest(content, record.value) if content is not None else None
        if files is None and record.value.endswith(SUFFIX):
            self.wanted.add(record.value)
        return files
