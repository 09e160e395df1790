"""The program `mlci`, and the one place where everything that can end it comes together."""

import errno
import gc
import io
import itertools
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress

from mlci import __version__, startup
from mlci.errors import ConfigError, Exit, MlciError, ReaderGone, WorldError

# What the machine refuses is not our bug: no space, no permission, a read-only or failing disk.
_THE_MACHINE = frozenset({errno.ENOSPC, errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.EMFILE})


def main() -> None:
    """Run the command line and exit, at once: to take the interpreter apart would cost ten milliseconds."""
    # Start-up makes much and drops little: collecting after every 700 objects would cost a tenth of it.
    gc.set_threshold(50_000, 20, 100)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by who started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - pathlib costs its import
    signal.signal(signal.SIGTERM, _interrupt)
    code = run(sys.argv[1:])
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return the exit code; every way to end goes through here."""
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a test may have put something else there
                stream.reconfigure(errors="backslashreplace")
        return _run(arguments)
    except (BrokenPipeError, ReaderGone):
        _forget_stdout()
        return Exit.READER_GONE
    except KeyboardInterrupt:
        stopped = MlciError("interrupted", id="interrupted", help="run the same command again")
        # Written at once and as it is: a second Ctrl-C shall find nothing that is still being imported.
        sys.stderr.write(f"\n{_told(stopped, Exit.INTERRUPTED, arguments)}\n")
        return Exit.INTERRUPTED


def _run(arguments: Sequence[str]) -> int:
    try:
        code = _version() if list(arguments) == ["--version"] else _command(arguments)
        sys.stdout.flush()
    except MlciError as error:
        return _complain(error, error.exit_code, arguments)
    except (BrokenPipeError, ReaderGone):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in _THE_MACHINE:
            return _complain(_refused(error), WorldError.exit_code, arguments)
        return _complain(_confessed(error, arguments), Exit.BUG, arguments)
    return code


def _version() -> int:
    print(f"mlci {__version__}")
    return Exit.DONE


def _command(arguments: Sequence[str]) -> int:
    startup.lighten()
    from mlci.cli.main import invoke  # click is paid for only from here on

    return invoke(arguments)


def message(error: MlciError) -> str:
    """What is wrong, where, its id for `mlci explain`, and what to type next."""
    problems = [*error.problems, ""] if isinstance(error, ConfigError) and error.problems else []
    line = f"{error.where or 'mlci'}: {error.message} [{error.id}]"
    return "\n".join([*problems, line, *([f"help: {error.help}"] if error.help else [])])


def document(error: MlciError, code: int) -> str:
    """The same for programs: one line of strict JSON, and of ASCII, so that no log is moved by it.

    Like an answer it is an object that says by `schema` what form it has.
    """
    import json

    told = {
        "id": error.id,
        "message": error.message,
        "where": error.where,
        "help": error.help,
        "problems": list(error.problems) if isinstance(error, ConfigError) else [],
        "exit": int(code),
    }
    return json.dumps({"schema": 1, "error": told}).replace("##[", "#\\u0023[")


def _told(error: MlciError, code: int, arguments: Sequence[str]) -> str:
    # Also where the command line could not be read: whoever asked for JSON parses what comes.
    asked = "--json" in itertools.takewhile(lambda word: word != "--", arguments)
    return document(error, code) if asked else message(error)


def _complain(error: MlciError, code: int, arguments: Sequence[str]) -> int:
    from mlci.cli.output import complain

    try:
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError:  # a full disk below stdout must not hide the reason
        _forget_stdout()
    with suppress(OSError):  # whoever cannot be told still gets the code
        complain(_told(error, code, arguments))
    return code


def _refused(error: OSError) -> WorldError:
    where = str(error.filename) if error.filename is not None else ""
    return WorldError(f"{error.strerror}", id="file-system", where=where, help="mlci doctor")


def _confessed(error: Exception, arguments: Sequence[str]) -> MlciError:
    from mlci.cli.crash import write_crash

    place = write_crash(error, arguments)
    said = f"a bug in mlci: {type(error).__name__}"
    return MlciError(said, id="bug", help=f"paste {place} into a new issue; read it first")


def _forget_stdout() -> None:
    # Whatever is still buffered must not fail again when the interpreter closes the streams.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
