"""The program `mlci`, and the one place where everything that can end it comes together."""

import io
import os
import signal
import sys
from collections.abc import Sequence

from mlci import __version__
from mlci.errors import ConfigError, Exit, MlciError


def main() -> None:
    """Run the command line and exit."""
    signal.signal(signal.SIGTERM, _interrupt)
    sys.exit(run(sys.argv[1:]))


def run(arguments: Sequence[str]) -> int:
    """Run one command line and return the exit code; every way to end goes through here."""
    if list(arguments) == ["--version"]:
        print(f"mlci {__version__}")
        return Exit.DONE
    try:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):  # a test may have put something else there
                stream.reconfigure(errors="backslashreplace")
        return _run(arguments)
    except BrokenPipeError:
        _forget_the_reader()
        return Exit.READER_GONE
    except KeyboardInterrupt:
        return Exit.INTERRUPTED


def _run(arguments: Sequence[str]) -> int:
    from mlci.cli.main import invoke  # click is paid for only from here on

    try:
        code = invoke(arguments)
        sys.stdout.flush()
    except MlciError as error:
        sys.stdout.flush()
        _complain(error)
        return error.exit_code
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except Exception as error:
        _confess(error, arguments)
        return Exit.BUG
    return code


def message(error: MlciError) -> str:
    """What is wrong, where, its id for `mlci explain`, and what to type next."""
    problems = [*error.problems, ""] if isinstance(error, ConfigError) and error.problems else []
    line = f"{error.where or 'mlci'}: {error.message} [{error.id}]"
    return "\n".join([*problems, line, *([f"help: {error.help}"] if error.help else [])])


def _complain(error: MlciError) -> None:
    from mlci.cli.output import complain

    complain(message(error))


def _confess(error: Exception, arguments: Sequence[str]) -> None:
    from mlci.cli.crash import write_crash
    from mlci.cli.output import complain

    complain(f"mlci: a bug in mlci: {type(error).__name__} [bug]")
    complain(f"help: paste {write_crash(error, arguments)} into a new issue; read it first")


def _forget_the_reader() -> None:
    # Whatever is still buffered must not fail again when the interpreter closes the streams.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
