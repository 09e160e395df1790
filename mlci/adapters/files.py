"""The project's files. The only writer."""

import errno
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from mlci.core.plan import FileDelete, FileWrite, Plan
from mlci.errors import WorldError

LIMIT = 64 * 1024 * 1024
_NO_WAIT = getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
# What a write that was killed leaves beside its file; an hour later nobody is at work on it any more.
_LEFT = ".mlci-*.tmp"
_LONG_AGO = 3600.0
_REASONS = {
    errno.ENOSPC: ("disk-full", "the disk is full", "free some space, then run the same command again"),
    errno.EDQUOT: (
        "disk-full",
        "the disk quota is used up",
        "free some space, then run the same command again",
    ),
    errno.EROFS: ("read-only", "the file system is read-only", "run mlci where it may write"),
    errno.EACCES: (
        "permission-denied",
        "permission denied",
        "give yourself the right, for example with chmod",
    ),
    errno.EPERM: ("permission-denied", "not permitted", "give yourself the right, for example with chmod"),
    errno.ENOENT: ("file-missing", "there is no such file", "check the path"),
    errno.ENOTDIR: ("file-missing", "part of the path is not a directory", "check the path"),
    errno.EISDIR: ("not-a-file", "it is a directory", "name a file"),
    errno.ENAMETOOLONG: ("path-refused", "the name is too long", "use a shorter one"),
    errno.ELOOP: ("path-refused", "its links go round in a circle", "replace the link by a file"),
}


class FileTree:
    """One directory's files, by `/`-separated paths that never lead outside it.

    Only a link may, for reading, and only into `also`, such as DVC's cache.
    """

    def __init__(self, root: Path, also: Callable[[], Sequence[Path]] = tuple) -> None:
        self._root = Path(os.path.realpath(root))
        self._also = also

    @property
    def root(self) -> Path:
        """The directory."""
        return self._root

    def exists(self, path: str) -> bool:
        """Whether something is there (a dangling link is not)."""
        with _told(path, "read"):
            return self._inside(path).exists()

    def read(self, path: str, *, limit: int = LIMIT) -> bytes:
        """The bytes of a regular file. Raises WorldError: missing, not regular, outside, too large."""
        with self.open(path) as stream, _told(path, "read"):
            content = stream.read(limit + 1)
        if len(content) > limit:
            raise WorldError(
                f"{shown(path)} is larger than {_size(limit)}",
                id="file-too-large",
                where=shown(path),
                help=f"ls -l {shown(path)}",
            )
        return content

    def read_if_there(self, path: str, *, limit: int = LIMIT) -> bytes | None:
        """Likewise, or None when nothing is there."""
        try:
            return self.read(path, limit=limit)
        except WorldError as error:
            if error.id == "file-missing":
                return None
            raise

    @contextmanager
    def open(self, path: str) -> Iterator[BinaryIO]:
        """A regular file, open for streaming reads."""
        with _told(path, "read"):
            descriptor = os.open(self._inside(path), os.O_RDONLY | _NO_WAIT)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise WorldError(
                f"{shown(path)} is not a regular file",
                id="not-a-file",
                where=shown(path),
                help="name a file",
            )
        with os.fdopen(descriptor, "rb") as stream:
            yield stream

    def names(self, path: str = ".") -> tuple[str, ...]:
        """What stands directly in a directory, sorted; nothing when there is no such directory."""
        with _told(path, "read"):
            place = self._inside(path)
            return tuple(sorted(each.name for each in place.iterdir())) if os.path.lexists(place) else ()

    def list(self, path: str = ".", *, links: bool = False) -> Iterator[str]:
        """Every regular file below a directory but Git's own, sorted; with `links`, links to files too."""
        top = self._inside(path)
        found = []
        for directory, inner, names in os.walk(top):
            inner[:] = [each for each in inner if each != ".git"]
            found += [Path(directory, each) for each in names]
        files = (each for each in found if _is_regular(each) or (links and _is_link_to_file(each)))
        yield from sorted(each.relative_to(self._root).as_posix() for each in files)

    def write(self, path: str, content: bytes, *, executable: bool = False) -> None:
        """Replace a file atomically: a reader sees the old bytes or the new, never half."""
        self.apply(Plan(files=(FileWrite(path=path, content=content, executable=executable),)))

    def delete(self, path: str) -> None:
        """Remove a file; nothing happens when it is not there."""
        self.apply(Plan(files=(FileDelete(path=path),)))

    def apply(self, plan: Plan) -> None:
        """Carry out a plan's pending writes, in order.

        All new contents are on the disk before the first name changes, so a full disk changes nothing.
        """
        with ExitStack() as leftovers:
            ready = [(each, self._prepared(each, leftovers)) for each in plan.pending]
            for each, staged in ready:
                with _told(each.path, "write"):
                    self._carry_out(each, staged)
            leftovers.pop_all()

    def _prepared(self, change: FileWrite | FileDelete, leftovers: ExitStack) -> Path | None:
        target = self._writable(change.path)
        if isinstance(change, FileDelete):
            return None
        with _told(change.path, "write"):
            self._make_directories(target.parent, leftovers)
            return _stage(target, change, leftovers)

    def _carry_out(self, change: FileWrite | FileDelete, staged: Path | None) -> None:
        target = self._writable(change.path)
        if staged is not None:
            staged.replace(target)
        elif os.path.lexists(target):
            target.unlink()
        else:
            return
        _sync_directory(target.parent)

    def _make_directories(self, directory: Path, leftovers: ExitStack) -> None:
        missing = [each for each in (directory, *directory.parents) if not os.path.lexists(each)]
        for each in reversed(missing):
            each.mkdir()
            leftovers.callback(_remove_empty, each)

    def _inside(self, path: str) -> Path:
        """Where a path leads, links followed. Raises WorldError when that is outside."""
        plain = self._root.joinpath(*_parts(path))
        try:
            real = Path(os.path.realpath(plain))
        except (OSError, ValueError) as error:
            raise _refused(path, str(error)) from None
        if not real.is_relative_to(self._root) and not self._may_read(real):
            raise _refused(path, "it leads out of the project")
        return real

    def _may_read(self, real: Path) -> bool:
        return real.is_file() and any(real.is_relative_to(each.resolve()) for each in self._also())

    def _writable(self, path: str) -> Path:
        """Where a path may be written: no part of it is a link, nor Git's own."""
        parts = _parts(path)
        if not parts or any(each.lower() == ".git" for each in parts):
            raise _refused(path, "mlci does not write there")
        place = self._root
        with _told(path, "write"):
            for part in parts:
                place = place / part
                if place.is_symlink():
                    raise _refused(path, f"{shown(str(place.relative_to(self._root)))} is a symbolic link")
            if place.is_dir():
                raise IsADirectoryError(errno.EISDIR, "directory")
        return place


def _is_regular(place: Path) -> bool:
    return stat.S_ISREG(place.lstat().st_mode)


def _is_link_to_file(place: Path) -> bool:
    return place.is_symlink() and place.is_file()


def _size(limit: int) -> str:
    return f"{limit // 1024**2} MiB" if limit >= 1024**2 else f"{limit} bytes"


def shown(path: str) -> str:
    """A path as a message may show it: on one line, whatever its bytes."""
    return re.sub(r"[^ -~\u00a0-\u200a\u2010-\u2027\u2030-\u205f\u2070-\ud7ff\ue000-\ufefe]", _escaped, path)


def _escaped(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape", "surrogatepass").decode()


def _parts(path: str) -> list[str]:
    parts = [each for each in path.split("/") if each not in ("", ".")]
    if path.startswith("/") or Path(path).is_absolute() or Path(path).drive or ".." in parts or "\0" in path:
        raise _refused(path, "it must be a path inside the project")
    return parts


def _refused(path: str, reason: str) -> WorldError:
    return WorldError(
        f"{shown(path)} cannot be used: {reason}",
        id="path-refused",
        where=shown(path),
        help="name a file of the project, without `..` and without links",
    )


@contextmanager
def _told(path: str, doing: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        other = ("file-system", os.strerror(error.errno or 0), "check the disk, then run it again")
        word, reason, next_step = _REASONS.get(error.errno or 0, other)
        raise WorldError(
            f"cannot {doing} {shown(path)}: {reason}", id=word, where=shown(path), help=next_step
        ) from error


def _stage(target: Path, change: FileWrite, leftovers: ExitStack) -> Path:
    """Write the new content beside its target, with the mode it will have."""
    staged = target.parent / f".mlci-{os.urandom(8).hex()}.tmp"
    mode = 0o777 if change.executable else 0o666
    descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_WAIT, mode)
    leftovers.callback(_remove, staged)
    with os.fdopen(descriptor, "wb") as stream:
        if target.exists():
            kept = stat.S_IMODE(target.stat().st_mode)
            staged.chmod(kept | ((kept & 0o444) >> 2 if change.executable else 0))
        stream.write(change.content)
        stream.flush()
        os.fsync(descriptor)
    _sweep(staged)
    return staged


def _sweep(staged: Path) -> None:
    """Remove what killed writes left here long ago, by the clock of the disk itself."""
    with suppress(OSError):
        now = staged.stat().st_mtime
        for each in staged.parent.glob(_LEFT):
            if now - each.lstat().st_mtime > _LONG_AGO:
                each.unlink()


def _remove(path: Path) -> None:
    with suppress(OSError):
        path.unlink()


def _remove_empty(directory: Path) -> None:
    with suppress(OSError):
        directory.rmdir()


def _sync_directory(directory: Path) -> None:
    if os.name == "posix":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
