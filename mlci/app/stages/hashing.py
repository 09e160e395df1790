"""Hashes of what lies in the work tree, remembered by size, inode and times for the next time.

What is remembered makes a plan fast. It is never believed where a version rests on it, nor in CI.
"""

from collections.abc import Mapping, Sequence

from msgspec import Struct, field

from mlci.core.digest import md5
from mlci.core.dvc.manifest import directory_hash
from mlci.core.strictjson import JsonValue, NotJson, dumps, loads
from mlci.core.wording import count
from mlci.errors import WorldError
from mlci.ports.clock import Clock
from mlci.ports.files import Files
from mlci.ports.progress import Progress
from mlci.ports.worktree import Entry, WorkTree

CACHE = ".mlci/cache"
MEMORY = f"{CACHE}/hashes.json"

_SCHEMA = 1
_LIMIT = 256 * 1024 * 1024
_WORKERS = 4
_LARGE = 64 * 1024 * 1024  # below this a thread costs more than it saves, and nobody waits long
_MANY = 5_000
# A file that changed this shortly before it was hashed may change again without its times telling.
_SETTLED = 2_000_000_000

Stamp = tuple[int, int, int, int]


class Memory(Struct):
    """Hashes by rule and path, each with the stamp of the file it was taken from."""

    known: dict[str, tuple[Stamp, str]] = field(default_factory=dict)
    learned: bool = False

    def recall(self, entry: Entry, *, legacy: bool) -> str | None:
        """The hash of a file that has not changed since."""
        found = self.known.get(_key(entry.path, legacy=legacy))
        return found[1] if found is not None and found[0] == entry.stamp else None

    def learn(self, entry: Entry, value: str, *, legacy: bool, now: int) -> None:
        """Remember a hash, unless the file is so young that its times prove nothing."""
        if max(entry.modified, entry.changed) + _SETTLED < now:
            self.known[_key(entry.path, legacy=legacy)] = entry.stamp, value
            self.learned = True


class Hashes(Struct, frozen=True, kw_only=True):
    """Hashes files and directories by DVC's rules."""

    tree: WorkTree
    clock: Clock
    progress: Progress
    memory: Memory = field(default_factory=Memory)

    def file(self, entry: Entry, *, legacy: bool) -> str:
        """The md5 of one file. Raises WorldError when it cannot be read."""
        return self.all([entry], legacy=legacy)[0]

    def directory(self, path: str, *, legacy: bool, also: Mapping[str, str] | None = None) -> str:
        """The hash of a directory; `also` are files that are not here, relative path to md5."""
        entries = self.tree.files(path)
        start = len(path.rstrip("/")) + 1
        hashes = self.all(entries, legacy=legacy)
        here = {each.path[start:]: value for each, value in zip(entries, hashes, strict=True)}
        return directory_hash({**(also or {}), **here})

    def all(self, entries: Sequence[Entry], *, legacy: bool) -> list[str]:
        """The md5 of each file, what is known already without reading it."""
        known = [self.memory.recall(each, legacy=legacy) for each in entries]
        unknown = [each for each, value in zip(entries, known, strict=True) if value is None]
        if not unknown:
            return [value for value in known if value is not None]
        # Before the reading: what is written meanwhile is newer than this, and tells by its times.
        now = int(self.clock.now().timestamp() * 1_000_000_000)
        fresh = dict(zip((each.path for each in unknown), self._read(unknown, legacy), strict=True))
        for each in unknown:
            self.memory.learn(each, fresh[each.path], legacy=legacy, now=now)
        return [value or fresh[each.path] for each, value in zip(entries, known, strict=True)]

    def _read(self, entries: Sequence[Entry], legacy: bool) -> list[str]:
        size = sum(each.size for each in entries)
        if size < _LARGE and len(entries) < _MANY:
            return [self._hash(each, legacy) for each in entries]
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - most plans hash little

        self.progress.step(f"hashing {count(len(entries), 'file')}, {size // 1_000_000:,} MB")
        with ThreadPoolExecutor(_WORKERS) as pool:
            found = list(pool.map(lambda each: self._hash(each, legacy), entries))
        self.progress.done()
        return found

    def _hash(self, entry: Entry, legacy: bool) -> str:
        with self.tree.open(entry.path) as stream:
            return md5(stream, legacy=legacy)


def read_memory(files: Files) -> Memory:
    """What an earlier plan left; nothing when it cannot be read."""
    try:
        content = files.read_if_there(MEMORY, limit=_LIMIT)
        document = loads(content) if content is not None else None
        return Memory(known=_known(document) if isinstance(document, dict) else {})
    except (WorldError, NotJson, ValueError, TypeError):
        return Memory()


def write_memory(files: Files, memory: Memory) -> None:
    """Leave what was learned for the next plan; nothing is written when nothing was, or where nobody may."""
    if not memory.learned:
        return
    document: dict[str, JsonValue] = {key: [*stamp, value] for key, (stamp, value) in memory.known.items()}
    try:
        if not files.exists(f"{CACHE}/.gitignore"):
            files.write(f"{CACHE}/.gitignore", b"*\n")
        files.write(MEMORY, dumps({"schema": _SCHEMA, "files": document}, indent=None).encode())
    except WorldError:
        memory.learned = False  # the next plan hashes again: no answer is worth less for it


def _known(document: Mapping[str, JsonValue]) -> dict[str, tuple[Stamp, str]]:
    files = document.get("files")
    if document.get("schema") != _SCHEMA or not isinstance(files, dict):
        return {}
    known: dict[str, tuple[Stamp, str]] = {}
    for key, line in files.items():
        if not isinstance(line, list) or len(line) != 5:
            raise ValueError(key)
        size, inode, modified, changed, value = line
        if not (isinstance(size, int) and isinstance(inode, int) and isinstance(value, str)):
            raise TypeError(key)
        if not (isinstance(modified, int) and isinstance(changed, int)):
            raise TypeError(key)
        known[key] = (size, inode, modified, changed), value
    return known


def _key(path: str, *, legacy: bool) -> str:
    return f"{'dos2unix' if legacy else 'md5'}:{path}"
