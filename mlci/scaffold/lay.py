"""Wanted files and what stands already in, a plan of writes out."""

from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from msgspec import Struct

from mlci.core.plan import Change, FileWrite, Plan

# Lists of lines that belong together: what is missing is added at the end, nothing is taken away.
ADDITIVE = frozenset({".gitignore", ".dvcignore"})
LAST = "mlci.yaml"


class Layout(Struct, frozen=True, kw_only=True):
    """What init would write, and which of the user's files stand where it would have written."""

    plan: Plan
    kept: tuple[str, ...] = ()


def lay(wanted: Mapping[str, bytes], stands: Callable[[str], bytes | None]) -> Layout:
    """Plan to add what is missing. No line that stands is touched.

    The configuration comes last: a directory has it only when everything else is there.
    """
    writes, kept = [], []
    for path in sorted(wanted, key=lambda each: (PurePosixPath(each).name == LAST, each)):
        before = stands(path)
        if before is None or before == wanted[path]:
            change = Change.CREATE if before is None else Change.KEEP
            writes.append(FileWrite(path=path, content=wanted[path], change=change, before=before))
        elif PurePosixPath(path).name in ADDITIVE:
            writes.append(_added(path, before, wanted[path]))
        else:
            kept.append(path)
    return Layout(plan=Plan(files=tuple(writes)), kept=tuple(kept))


def _added(path: str, before: bytes, wanted: bytes) -> FileWrite:
    there = {line.strip() for line in before.splitlines()}
    missing = [line for line in wanted.splitlines() if line.strip() and line.strip() not in there]
    if all(line.startswith(b"#") for line in missing):
        return FileWrite(path=path, content=before, change=Change.KEEP, before=before)
    ended = before if not before or before.endswith(b"\n") else before + b"\n"
    content = ended + b"\n".join(missing) + b"\n"
    return FileWrite(path=path, content=content, change=Change.UPDATE, before=before)
