"""A file of one side that cannot be read: how that is told, and what mends it, by who wrote the file."""

import posixpath
import re
import shlex
from collections.abc import Collection

from msgspec import Struct

from mlci.core.diff import Mend
from mlci.core.dvc.files import LOCK_FILE, is_inside
from mlci.core.problems import in_a_line, shown
from mlci.errors import ConfigError, MlciError

MADE = "bring the file here or correct the stage that writes it; `mlci run` makes it again"
_LINE = r":(\d+):\d+: "
_HELP = "help: "
# Of a lock these say by themselves what settles it; what else is broken in one, nobody wrote by hand.
_SETTLED = frozenset({"conflict-marker", "dvc-lock-old", "dvc-lock-unknown"})


class Trouble(Struct, frozen=True, kw_only=True):
    """What is wrong with the file at `path`, `told` as a sentence that names it; `line` where it is known.

    An `absent` one is recorded, and its bytes are elsewhere; where there is `nothing`, its values are gone.
    """

    path: str
    told: str
    help: str
    line: int | None = None
    absent: bool = False
    nothing: bool = False

    @property
    def noted(self) -> str:
        """In a note, where nothing stands beside it: who lacks a base's file may still fetch it."""
        return f"{self.told}: {self.help}" if self.absent else self.told

    @property
    def mend(self) -> Mend:
        """What a diff keeps beside the sentence."""
        return Mend(path=shown(self.path), line=self.line, help=self.help)


def of_content(error: MlciError, path: str, made: Collection[str] = ()) -> Trouble:
    """A file whose content cannot be read; `made` are the outputs of stages, as far as they are known."""
    told = in_a_line(error, path)
    found = re.match(re.escape(shown(path)) + _LINE, told)
    line = int(found[1]) if found else None
    return Trouble(path=path, told=told, line=line, help=_mended(error, path, line, made))


def of_file(error: MlciError, path: str, made: Collection[str] = ()) -> Trouble:
    """What stands at a path and is no file to be read: whoever keeps files names the path by himself."""
    return instead(error.message, path, made)


def instead(told: str, path: str, made: Collection[str] = ()) -> Trouble:
    """What stands at a path instead of a file: a link, a directory."""
    then = "mlci run, which makes it" if _is_made(path, made) else "put the file itself there"
    return Trouble(
        path=path, told=told, help=f"take away what stands at {shlex.quote(shown(path))}, then {then}"
    )


def _mended(error: MlciError, path: str, line: int | None, made: Collection[str]) -> str:
    own = _own_help(error)
    if posixpath.basename(path) == LOCK_FILE:
        back = f"git checkout COMMIT -- {shlex.quote(shown(path))}, of one where it was right; then mlci run"
        return own if own and error.id in _SETTLED else back
    if _is_made(path, made):
        return MADE
    at = shown(path) if line is None else f"{shown(path)}, line {line}"
    return f"edit {at}: {own}" if own else f"edit {at}"


def _own_help(error: MlciError) -> str:
    """What the first problem of a file advises; of the file as a whole it would be `correct it`."""
    lines = error.problems[0].splitlines() if isinstance(error, ConfigError) and error.problems else []
    return next((each.removeprefix(_HELP) for each in lines if each.startswith(_HELP)), "")


def _is_made(path: str, made: Collection[str]) -> bool:
    return any(is_inside(path, each) for each in made)
