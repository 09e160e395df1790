"""What mlci can end with: one error family, each with its exit code and the next thing to type."""

from collections.abc import Sequence
from enum import IntEnum
from typing import ClassVar


class Exit(IntEnum):
    """How the program ends. Scripts and CI rely on these numbers."""

    DONE = 0
    BUG = 1
    USAGE = 2
    WORLD = 3
    FORGE = 4
    INTEGRITY = 5
    DRIFT = 6
    REFUSED = 7
    RED = 10
    INTERRUPTED = 130
    READER_GONE = 141


class MlciError(Exception):
    """Something the user can act on: what is wrong, where, and what to do next.

    `id` is the word that `mlci explain` takes; `where` is `file:line:col` or a key path.
    """

    exit_code: ClassVar[int] = Exit.WORLD

    def __init__(self, message: str, *, id: str, where: str = "", help: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.id = id
        self.where = where
        self.help = help


class ConfigError(MlciError):
    """The configuration cannot be used; `problems` holds every one of them, as printed."""

    exit_code = Exit.USAGE

    def __init__(
        self,
        message: str,
        *,
        id: str,
        where: str = "",
        help: str = "",
        problems: Sequence[str] = (),
    ) -> None:
        super().__init__(message, id=id, where=where, help=help)
        self.problems = tuple(problems)


class UsageError(MlciError):
    """The command line asks for something that does not exist or does not fit together."""

    exit_code = Exit.USAGE


class WorldError(MlciError):
    """Git, DVC, a child process or the file system cannot serve this."""

    exit_code = Exit.WORLD


class ForgeError(MlciError):
    """The forge or the network refused, after the retry budget."""

    exit_code = Exit.FORGE


class IntegrityError(MlciError):
    """A hash, a signature or a tag does not match what was promised."""

    exit_code = Exit.INTEGRITY


class DriftError(MlciError):
    """What stands differs from what should stand."""

    exit_code = Exit.DRIFT


class RefusedError(MlciError):
    """A registry rule says no."""

    exit_code = Exit.REFUSED


class ReaderGone(Exception):
    """Nobody reads the output any more. No failure, and told to nobody."""
