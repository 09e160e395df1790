"""Keys of metrics and parameters files that were renamed, so that old and new are one row."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from mlci.core.diff.leaves import Key, Leaves


class Pointer(Struct, frozen=True, kw_only=True):
    """A place in a file: `metrics.json#/serve/p95`. Written as a JSON pointer, kept as names."""

    path: str
    key: Key

    def __str__(self) -> str:
        return f"{self.path}:{'.'.join(self.key)}"


def pointer(text: str) -> Pointer:
    """The place that a file and a JSON pointer name."""
    path, _, keys = text.partition("#")
    names = keys.strip("/").split("/") if keys.strip("/") else []
    return Pointer(path=path, key=tuple(each.replace("~1", "/").replace("~0", "~") for each in names))


class Renamed(Struct, frozen=True, kw_only=True):
    """The base's files with the names of head, and under which name each moved leaf stood."""

    files: Mapping[str, Leaves]
    old: Mapping[Pointer, Pointer]


def rename(base: Mapping[str, Leaves], head: Mapping[str, Leaves], names: Mapping[str, str]) -> Renamed:
    """Move the base's leaves from old names to new ones (of a leaf, or of all below a place).

    A leaf stays where it is when base has the new name already, or head still has the old one.
    """
    files = {path: dict(leaves) for path, leaves in base.items()}
    old: dict[Pointer, Pointer] = {}
    for before, now in _moves(base, names):
        taken = now.key in base.get(now.path, {}) or before.key in head.get(before.path, {})
        if not taken and before.key in files.get(before.path, {}):
            files.setdefault(now.path, {})[now.key] = files[before.path].pop(before.key)
            old[now] = before
    return Renamed(files=files, old=old)


def _moves(base: Mapping[str, Leaves], names: Mapping[str, str]) -> Iterator[tuple[Pointer, Pointer]]:
    for old, new in names.items():
        before, now = pointer(old), pointer(new)
        for key in base.get(before.path, {}):
            if key[: len(before.key)] == before.key:
                rest = key[len(before.key) :]
                yield Pointer(path=before.path, key=key), Pointer(path=now.path, key=(*now.key, *rest))
