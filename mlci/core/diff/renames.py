"""Keys of metrics and parameters files that were renamed, so that old and new are one row."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

from mlci.core.problems import inert

# A report reads findings, and no files of metrics.
if TYPE_CHECKING:
    from mlci.core.diff.leaves import Leaves


class Pointer(Struct, frozen=True, kw_only=True):
    """A place in a file: `metrics.json#/serve/p95`. Written as a JSON pointer, kept as names."""

    path: str
    key: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.path}:{'.'.join(self.key)}"

    @property
    def written(self) -> str:
        """As mlci.yaml writes it: the other way of `pointer`."""
        names = (each.replace("~", "~0").replace("/", "~1") for each in self.key)
        return f"{self.path}#{''.join(f'/{each}' for each in names)}"


def pointer(text: str) -> Pointer:
    """The place that a file and a JSON pointer name."""
    path, _, keys = text.partition("#")
    names = keys.strip("/").split("/") if keys.strip("/") else []
    return Pointer(path=path, key=tuple(each.replace("~1", "/").replace("~0", "~") for each in names))


def called_now(place: str, names: Mapping[str, str]) -> str:
    """What a place is called by the new names, its own where it was not renamed, nor anything above it."""
    here = pointer(place)
    for old, new in names.items():
        before, now = pointer(old), pointer(new)
        if before.path == here.path and here.key[: len(before.key)] == before.key:
            return Pointer(path=now.path, key=(*now.key, *here.key[len(before.key) :])).written
    return place


def plausible(gone: Pointer, base: "Leaves", head: "Leaves") -> Pointer | None:
    """The new name of a number that is gone from a file, where only one can be meant.

    Of the numbers that are new there, the one with the same value; without such, the only one.
    """
    was = base.get(gone.key)
    if was is None or was.number is None:
        return None
    new = {key: value for key, value in head.items() if key not in base and value.number is not None}
    same = [key for key, value in new.items() if value.same_as(was)]
    found = same or [*new]
    return Pointer(path=gone.path, key=found[0]) if len(found) == 1 else None


def advice(old: Pointer, new: Pointer) -> str:
    """What to write where that is the new name of the old place."""
    return (
        f"if it was renamed: `from: {inert(new.written)}` in the objective, and in mlci.yaml "
        f"`report: {{renamed: {{{inert(old.written)}: {inert(new.written)}}}}}`"
    )


class Renamed(Struct, frozen=True, kw_only=True):
    """The base's files with the names of head, and under which name each moved leaf stood."""

    files: "Mapping[str, Leaves]"
    old: Mapping[Pointer, Pointer]


def rename(base: "Mapping[str, Leaves]", head: "Mapping[str, Leaves]", names: Mapping[str, str]) -> Renamed:
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


def _moves(base: "Mapping[str, Leaves]", names: Mapping[str, str]) -> Iterator[tuple[Pointer, Pointer]]:
    for old, new in names.items():
        before, now = pointer(old), pointer(new)
        for key in base.get(before.path, {}):
            if key[: len(before.key)] == before.key:
                rest = key[len(before.key) :]
                yield Pointer(path=before.path, key=key), Pointer(path=now.path, key=(*now.key, *rest))
