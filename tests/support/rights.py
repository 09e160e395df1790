"""Fewer rights than the tests have: root may write anywhere, and a user may not."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NOBODY = 65534


@contextmanager
def powerless() -> Iterator[None]:
    """Act as a user without rights for a while; nothing changes for who is no root already."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def disown(path: Path) -> None:
    """Give a path to the user without rights; nothing changes for who is no root."""
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
