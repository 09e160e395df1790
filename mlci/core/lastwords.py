"""What of a failed program's output may be told to anybody: where it broke, never what it held."""

import re
from collections.abc import Callable, Iterable

_FRAME = re.compile(r'  File "(?P<path>[^"]+)", line (?P<line>[0-9]{1,7}), in (?P<name>\w+|<\w+>)')
_RAISED = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_.]{0,80})(?::|\Z)")
_CODE = re.compile(r", exited with (?P<code>-?[0-9]{1,10})\s*\Z")
MOST_FRAMES = 5


def exit_code(said: str) -> int | None:
    """The code with which a stage's command ended, as DVC says it last."""
    found = _CODE.search(said)
    return int(found["code"]) if found else None


def broke_at(lines: Iterable[str], own: Callable[[str], str | None]) -> str:
    """The last exception's type and the frames in the project's own files; empty without a traceback.

    An exception's message may hold anything that stands in a data set, so it is left out. `own` gives a
    file's path from the project, None for one that is not of the project.
    """
    frames: list[str] = []
    found, inside = "", False
    for line in lines:
        if frame := _FRAME.match(line):
            frames = frames if inside else []
            inside = True
            if path := own(frame["path"]):
                frames.append(f"{path}:{frame['line']} in {frame['name']}")
        elif inside and not line.startswith(" "):
            raised = _RAISED.match(line)
            where = f" at {', '.join(reversed(frames[-MOST_FRAMES:]))}" if frames else ""
            found, inside = (raised["name"] + where if raised else found), False
    return found
