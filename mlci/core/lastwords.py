"""What of a failed program's output may be told to anybody: where it broke, never what it held."""

import re
from collections.abc import Callable, Iterable

_FRAME = re.compile(r'  File "(?P<path>[^"]+)", line (?P<line>[0-9]{1,7}), in (?P<name>\w+|<\w+>)')
_BEGUN = "Traceback (most recent call last):"
_RAISED = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_.]{0,80})(?P<said>:|\Z)")
_TYPES = ("Error", "Exception", "Warning", "Interrupt", "Exit")
_CODE = re.compile(r", exited with (?P<code>-?[0-9]{1,10})\s*\Z")
MOST_FRAMES = 5


def exit_code(said: str) -> int | None:
    """The code with which a stage's command ended, as DVC says it last."""
    found = _CODE.search(said)
    return int(found["code"]) if found else None


def broke_at(lines: Iterable[str], own: Callable[[str], str | None]) -> str:
    """The last exception's type and the frames in the project's own files; empty without a traceback.

    An exception's message may hold anything that stands in a data set, so it is left out, and so is a name
    that another process may have printed in between. `own` gives a file's path from the project, None for
    one that is not of the project.
    """
    frames: list[str] = []
    found, inside = "", False
    for line in lines:
        if line.rstrip() == _BEGUN:
            frames, inside = [], True
        elif not inside:
            continue
        elif frame := _FRAME.match(line):
            if path := own(frame["path"]):
                frames.append(f"{path}:{frame['line']} in {frame['name']}")
        elif not line.startswith(" "):
            where = f" at {', '.join(reversed(frames[-MOST_FRAMES:]))}" if frames else ""
            raised = _raised(line)
            found, inside = (raised + where if raised else found), False
    return found


def _raised(line: str) -> str:
    """The type that a traceback ends with; empty for a line that ends none."""
    match = _RAISED.match(line)
    if match is None:
        return ""
    if match["name"].endswith(_TYPES):
        return match["name"]
    return "an exception" if match["said"] else ""
