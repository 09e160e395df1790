"""A plan of file writes as a person reads it: one word and path each, and what would change inside."""

from collections.abc import Iterator

from mlci.core.plan import FileDelete, FileWrite

_CONTEXT = 3


def summary(write: FileWrite | FileDelete) -> str:
    """One line: what happens to which file."""
    return f"{write.change.value}  {write.path}"


def diff(write: FileWrite | FileDelete) -> Iterator[str]:
    """The lines of a unified diff from what stands to what would; nothing for a new file."""
    import difflib

    if write.before is None:
        return
    after = write.content if isinstance(write, FileWrite) else b""
    yield from difflib.unified_diff(
        _lines(write.before), _lines(after), f"a/{write.path}", f"b/{write.path}", n=_CONTEXT, lineterm=""
    )


def _lines(content: bytes) -> list[str]:
    return content.decode("utf-8", "replace").splitlines()
