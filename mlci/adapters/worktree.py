"""The work tree as DVC sees it: cached outputs may be links into its cache, `.dvcignore` hides files."""

import os
import posixpath
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from mlci.errors import WorldError
from mlci.ports.worktree import Entry, Kind

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_ALWAYS_IGNORED = frozenset({".git", ".hg", ".dvc"})
_IGNORE_FILE = ".dvcignore"
_MANIFEST_LIMIT = 512 * 1024 * 1024
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class LinkedTree:
    """One directory; links may lead into `caches` (asked for when a link really leads out)."""

    def __init__(self, root: Path, caches: Callable[[], Sequence[Path]] = tuple) -> None:
        self._root = os.path.realpath(root)
        self._find_caches = caches
        self._ignored: dict[str, list[tuple[str, GitIgnoreSpec]]] = {}

    def entry(self, path: str) -> Entry | None:
        """What stands at a path; None when nothing does, foreign when the path leads out."""
        try:
            place = self._place(path)
            if self._passes_link(path) and not self._is_ours(os.path.realpath(place)):
                return _foreign(path) if os.path.lexists(place) else None
            return _entry(path, os.stat(place))  # noqa: PTH116 - likewise
        except FileNotFoundError:
            return None  # a link to nothing: DVC counts it as missing too
        except (OSError, ValueError):
            return _foreign(path)

    def endless(self, path: str) -> str | None:
        """The first device, pipe or socket at a path or below it: what cannot be read to an end."""
        try:
            mode = os.stat(os.path.join(self._root, path)).st_mode  # noqa: PTH116, PTH118 - likewise
            if stat.S_ISDIR(mode):
                return next(self._endless_below(path.rstrip("/")), None)
        except (OSError, ValueError):
            return None
        return None if stat.S_ISREG(mode) else path

    def names(self, path: str) -> Sequence[Entry]:
        """What stands directly in a directory, sorted; nothing when it cannot be read."""
        try:
            with os.scandir(self._place(path)) as found:
                return sorted(
                    (_shallow(each, posixpath.join(path, each.name).removeprefix("./")) for each in found),
                    key=lambda each: each.path,
                )
        except (OSError, ValueError):
            return ()

    def files(self, path: str) -> Sequence[Entry]:
        """Every file below a directory, sorted. Raises WorldError when a part cannot be read."""
        try:
            return sorted(self._below(path.rstrip("/")), key=lambda each: each.path)
        except OSError as error:
            raise _unreadable(path, error) from error

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """A file, open for streaming reads. Raises WorldError."""
        try:
            place = os.path.realpath(self._place(path))
            if not self._is_ours(place):
                raise PermissionError("it leads out of the project")
            descriptor = os.open(place, os.O_RDONLY | _NO_WAIT)
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from error
        with os.fdopen(descriptor, "rb") as stream:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise _unreadable(path, OSError("not a regular file"))
            yield stream

    def cached(self, oid: str, *, legacy: bool = False) -> bytes | None:
        """A small object (a directory's manifest) of DVC's cache; its bytes are not to be trusted."""
        for place in self._objects(oid, legacy=legacy):
            try:
                with place.open("rb") as stream:
                    return stream.read(_MANIFEST_LIMIT)
            except OSError:
                continue
        return None

    def in_cache(self, oid: str, *, legacy: bool = False) -> bool:
        """Whether DVC's cache has an object of that name."""
        return any(place.is_file() for place in self._objects(oid, legacy=legacy))

    @cached_property
    def _caches(self) -> tuple[str, ...]:
        return tuple(os.path.realpath(each) for each in self._find_caches())

    def _objects(self, oid: str, *, legacy: bool) -> Iterator[Path]:
        for cache in self._caches:
            home = Path(cache) if legacy else Path(cache, "files", "md5")
            yield home / oid[:2] / oid[2:]

    def _place(self, path: str) -> str:
        if path.startswith("/") or "\0" in path or ".." in path.split("/"):
            raise PermissionError("the path leads out of the project")
        return os.path.join(self._root, path)  # noqa: PTH118 - ten thousand times a second

    def _passes_link(self, path: str) -> bool:
        """Whether a link stands on the way: else a path leads where it says."""
        here = self._root
        for part in path.split("/"):
            here = f"{here}/{part}"
            if os.path.islink(here):  # noqa: PTH114 - likewise
                return True
        return False

    def _is_ours(self, real: str) -> bool:
        if _within(real, self._root):
            return True
        return any(_within(real, cache) for cache in self._caches)

    def _below(self, path: str) -> Iterator[Entry]:
        """Files, links to files among them; links to directories are passed over, as DVC does."""
        place = self._place(path)
        with os.scandir(place) as found:
            for each in found:
                inner = f"{path}/{each.name}" if path not in ("", ".") else each.name
                if each.name in _ALWAYS_IGNORED:
                    continue
                if each.is_dir(follow_symlinks=False):
                    if not self._is_ignored(inner, directory=True):
                        yield from self._below(inner)
                elif not self._is_ignored(inner, directory=False):
                    yield from self._file(inner, each)

    def _endless_below(self, path: str) -> Iterator[str]:
        """The same walk, told by the names' kinds alone, which costs a fraction of looking at each file."""
        with os.scandir(self._place(path)) as found:
            names = sorted(found, key=lambda each: each.name)
        for each in names:
            inner = f"{path}/{each.name}" if path not in ("", ".") else each.name
            if each.is_file() or each.name in _ALWAYS_IGNORED:
                continue
            if each.is_dir(follow_symlinks=False):
                if not self._is_ignored(inner, directory=True):
                    yield from self._endless_below(inner)
            elif not each.is_dir() and Path(each).exists() and not self._is_ignored(inner, directory=False):
                yield inner

    def _file(self, path: str, found: "os.DirEntry[str]") -> Iterator[Entry]:
        if found.is_symlink():
            entry = self.entry(path)
            if entry is not None and entry.kind is not Kind.DIRECTORY:
                yield entry
        else:
            yield _entry(path, found.stat())

    def _is_ignored(self, path: str, *, directory: bool) -> bool:
        for home, spec in self._patterns(posixpath.dirname(path)):
            inner = path.removeprefix(f"{home}/") if home else path
            if spec.match_file(f"{inner}/" if directory else inner):
                return True
        return False

    def _patterns(self, directory: str) -> "list[tuple[str, GitIgnoreSpec]]":
        """What the `.dvcignore` files from the top down to a directory say."""
        if directory not in self._ignored:
            above = self._patterns(posixpath.dirname(directory)) if directory else []
            own = self._read_patterns(directory)
            self._ignored[directory] = [*above, (directory, own)] if own else above
        return self._ignored[directory]

    def _read_patterns(self, directory: str) -> "GitIgnoreSpec | None":
        try:
            place = Path(self._place(posixpath.join(directory, _IGNORE_FILE)))
            lines = [each.strip() for each in place.read_text("utf-8", "replace").splitlines()]
        except OSError:
            return None
        wanted = [each for each in lines if each and not each.startswith("#")]
        if not wanted:
            return None
        from pathspec import GitIgnoreSpec  # noqa: PLC0415 - few projects need it

        return GitIgnoreSpec.from_lines(wanted)


def _within(path: str, directory: str) -> bool:
    return path == directory or path.startswith(directory.rstrip(os.sep) + os.sep)


def _entry(path: str, status: os.stat_result) -> Entry:
    if stat.S_ISDIR(status.st_mode):
        return Entry(path=path, kind=Kind.DIRECTORY)
    if not stat.S_ISREG(status.st_mode):
        return _foreign(path)
    return Entry(
        path=path,
        kind=Kind.FILE,
        size=status.st_size,
        inode=status.st_ino,
        modified=status.st_mtime_ns,
        changed=status.st_ctime_ns,
    )


def _shallow(found: "os.DirEntry[str]", path: str) -> Entry:
    return Entry(path=path, kind=Kind.DIRECTORY if found.is_dir(follow_symlinks=False) else Kind.FILE)


def _foreign(path: str) -> Entry:
    return Entry(path=path, kind=Kind.FOREIGN)


def _unreadable(path: str, error: Exception) -> WorldError:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return WorldError(f"{path} cannot be read: {why}", id="file-system", where=path, help=f"ls -l {path}")
