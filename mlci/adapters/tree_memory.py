"""Trees of YAML texts that were read before, kept beside Git's own files, where no commit can plant one."""

import binascii
import os
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from mlci import __version__
from mlci.core.yaml.node import Limits, Node
from mlci.core.yaml.tree import FORMAT

_PLACE = "mlci/trees"
_LARGEST = 512 * 1024  # larger ones are rare, and their trees would fill a disk
_MOST = 64
_MOST_BYTES = 32 * 1024**2


class Kept(Struct, frozen=True, array_like=True):
    """One remembered tree. The whole text is its key: a digest would have to be computed, and believed."""

    version: str
    reader: int
    limits: Limits
    content: bytes
    tree: Node


class TreeMemory:
    """Remembers within a run and, where `directory` is given, from one run to the next."""

    def __init__(self, directory: Path | None) -> None:
        self._directory = directory
        self._known: dict[tuple[bytes, Limits], Node] = {}

    def recall(self, content: bytes, limits: Limits) -> Node | None:
        """The tree of exactly these bytes under these limits."""
        known = self._known.get((content, limits))
        if known is None and (known := self._kept(content, limits)) is not None:
            self._known[content, limits] = known
        return known

    def learn(self, content: bytes, limits: Limits, tree: Node) -> None:
        """Keep a tree for the next time; what cannot be kept will be read again."""
        self._known[content, limits] = tree
        place = self._place(content)
        if place is None:
            return
        kept = Kept(version=__version__, reader=FORMAT, limits=limits, content=content, tree=tree)
        # An integer beyond 64 bits has no encoding, and a full or read-only disk is no reason to fail.
        with suppress(OverflowError, OSError):
            _replace(place, msgspec.msgpack.encode(kept))
            _forget_the_oldest(place.parent)

    def _kept(self, content: bytes, limits: Limits) -> Node | None:
        place = self._place(content)
        if place is None:
            return None
        try:
            kept = msgspec.msgpack.decode(place.read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError):  # absent, or damaged, which is as good as absent
            return None
        known = (kept.version, kept.reader, kept.limits, kept.content)
        return kept.tree if known == (__version__, FORMAT, limits, content) else None

    def _place(self, content: bytes) -> Path | None:
        if self._directory is None or len(content) > _LARGEST:
            return None
        return self._directory / f"{binascii.crc32(content):08x}-{len(content)}"


def tree_memory(root: Path) -> TreeMemory:
    """The memory of the repository whose work tree has its top here; of one run where there is none."""
    git = root / ".git"
    if git.is_file():
        git = root / _elsewhere(git)
    return TreeMemory(git / _PLACE if git.is_dir() else None)


def _elsewhere(link: Path) -> str:
    """Where Git's own directory of a linked work tree is."""
    with suppress(OSError, UnicodeDecodeError):
        word, _, place = link.read_text(encoding="utf-8").partition(":")
        return place.strip() if word == "gitdir" and place.strip() else ".git"
    return ".git"


def _replace(place: Path, content: bytes) -> None:
    """Whoever reads meanwhile sees all of it or nothing; it need not outlive a crash of the machine."""
    place.parent.mkdir(parents=True, exist_ok=True)
    staged = place.with_name(f".{place.name}-{os.getpid()}")
    try:
        staged.write_bytes(content)
        staged.replace(place)
    finally:
        staged.unlink(missing_ok=True)


def _forget_the_oldest(directory: Path) -> None:
    kept = sorted(
        ((each.stat(), each) for each in directory.iterdir()), key=lambda each: -each[0].st_mtime_ns
    )
    size = 0
    for number, (about, each) in enumerate(kept):
        size += about.st_size
        if number >= _MOST or size > _MOST_BYTES:
            each.unlink(missing_ok=True)
