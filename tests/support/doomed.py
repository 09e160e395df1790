"""Runs mlci and dies by SIGKILL before its so-many-th chance to change the world; 0 is never.

A chance is whatever Python's audit hooks report that may change something: a child, a file opened for
writing, any call of `os` but those that only read. What a chance changed is not guessed but seen: before
each, a line with the state of every file below WORLD goes to descriptor LOG, and one more at the end.

usage: python doomed.py WORLD LOG CHANCE [MLCI ARGUMENTS]
"""

import hashlib
import os
import signal
import sys
from pathlib import Path

from mlci.__main__ import run

_READS = frozenset(
    {"os.listdir", "os.scandir", "os.walk", "os.fwalk", "os.chdir", "os.getxattr", "os.listxattr"}
    | {"os.putenv", "os.unsetenv", "os.killpg"}
)
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def is_chance(event: str, arguments: tuple[object, ...]) -> bool:
    """Whether an audit event may be followed by a change that outlives this process."""
    if event == "open":
        path, _, flags = arguments
        named = isinstance(path, str | bytes | os.PathLike) and os.fspath(path) != os.devnull
        return named and isinstance(flags, int) and bool(flags & _WRITING)
    changing = event.startswith(("os.", "shutil.", "socket.", "tempfile.")) and event not in _READS
    return changing or event == "subprocess.Popen"


def state_of(world: str) -> str:
    """Names, sizes, places and times of all files below a directory, as one word."""
    digest = hashlib.sha256()
    for place, directories, names in os.walk(world):
        directories.sort()
        for name in sorted((*directories, *names)):
            found = Path(place, name).lstat()
            digest.update(repr((place, name, found.st_ino, found.st_size, found.st_mtime_ns)).encode())
    return digest.hexdigest()


def main(world: str, log: int, last: int) -> None:
    """Watch, and die when it is time."""
    chances = 0
    watching = True

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal chances
        if not watching or not is_chance(event, arguments):
            return
        chances += 1
        os.write(log, f"{state_of(world)}\n".encode())
        if chances == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(watch)
    code = run(sys.argv[1:])
    watching = False
    os.write(log, f"{state_of(world)}\n".encode())
    sys.exit(code)


if __name__ == "__main__":
    _, _world, _log, _last, *sys.argv[1:] = sys.argv
    main(_world, int(_log), int(_last))
