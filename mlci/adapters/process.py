"""Child processes. The only user of `subprocess`."""

import os
import signal
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread, current_thread, main_thread
from types import FrameType
from typing import IO, cast

from mlci.adapters.dialogue import Pipe
from mlci.adapters.ears import Ears, Murmur
from mlci.adapters.environment import scrubbed
from mlci.adapters.masking import Mask
from mlci.adapters.output import Capture, Kept
from mlci.errors import WorldError
from mlci.ports.process import Command, Finished

_PIECE = 256 * 1024
_AHEAD = 1024 * 1024
_FAREWELL = 0.2
_NEW_GROUP = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
_ENDINGS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


class ProcessRunner:
    """Runs children in a session of their own, which ends with them: on time, too late, or interrupted.

    `environment` is what children inherit (scrubbed here), `secrets` what is masked in all they say,
    `grace` how long a group has between being asked to end and being killed.
    """

    def __init__(
        self, environment: Mapping[str, str], *, secrets: Iterable[str] = (), grace: float = 5.0
    ) -> None:
        self._environment = scrubbed(environment)
        self._mask = Mask(secrets)
        self._grace = grace

    def run(self, command: Command, on_line: Callable[[str], None] | None = None) -> Finished:
        """Run a child to its end. Raises WorldError only when it cannot be started."""
        return self._run(command, on_line)

    def begin(self, command: Command) -> Callable[[], Finished]:
        """Start a child that ends soon, and go on; what is given back waits for its end.

        Nobody reads meanwhile: a child that says more than a pipe holds waits as well. It is ended when
        what is given back is dropped. Raises WorldError when it cannot be started.
        """
        child = self._start(command)
        return _Begun(lambda: self._run(command, None, child), child, self._grace)

    def _run(
        self,
        command: Command,
        on_line: Callable[[str], None] | None,
        started: "subprocess.Popen[bytes] | None" = None,
    ) -> Finished:
        began = time.monotonic()
        out, err = Kept(command.keep), Kept(command.keep)
        captures = Capture(out, self._mask, on_line), Capture(err, self._mask, on_line)
        with ExitStack() as hearing, self._child(command, started) as child:
            ears = hearing.enter_context(Ears(child, *captures, grace=self._grace))
            ended = ears.hear_out(command.timeout)
        return Finished(
            argv=tuple(self._mask.text(each) for each in command.argv),
            code=child.returncode if child.returncode is not None else -1,
            stdout=out.content(),
            stderr=err.content(),
            seconds=time.monotonic() - began,
            truncated=out.truncated or err.truncated,
            timed_out=not ended,
        )

    def converse(self, command: Command) -> Pipe:
        """Start a child to be asked; `command.timeout` bounds each wait for an answer."""
        said, grace = Kept(command.keep), self._grace
        child = self._start(command, asked=True)
        ears, mouth = cast("IO[bytes]", child.stdin), cast("IO[bytes]", child.stdout)
        _widen(mouth)
        murmur = Murmur(cast("IO[bytes]", child.stderr), Capture(said, self._mask, None))

        def code(limit: float) -> int | None:
            with suppress(subprocess.TimeoutExpired):
                return child.wait(limit)
            return None

        def hang_up() -> None:
            with suppress(OSError):  # what was not heard any more is flushed in vain
                ears.close()  # what nobody asks any more ends by itself
            with mouth:
                with suppress(subprocess.TimeoutExpired):
                    child.wait(min(grace, _FAREWELL))
                _end(child, grace)
            murmur.hear_out(grace)

        return Pipe(
            " ".join(command.argv[:2]),
            ears,
            mouth,
            limit=command.timeout,
            murmur=murmur,
            complaint=said.content,
            code=code,
            hang_up=hang_up,
        )

    @contextmanager
    def serve(self, command: Command) -> Iterator["Server"]:
        """Start a child that runs until the block is left, then end its group."""
        said = Kept(command.keep)
        with ExitStack() as hearing, self._child(command) as child:
            for stream in (child.stdout, child.stderr):
                thread = _reading(stream, Capture(said, self._mask, None))
                hearing.callback(thread.join, self._grace)
            yield Server(child, said)

    @contextmanager
    def _child(
        self, command: Command, started: "subprocess.Popen[bytes] | None" = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A child that is given its input, and whose group ends with the block."""
        with _endings() as endings:
            child = started or self._start(command)
            writing = _writing(child.stdin, command.stdin) if child.stdin else None
            try:
                endings.release()
                yield child
            finally:
                endings.hold()
                _end(child, self._grace)
                if writing:
                    writing.join(self._grace)

    def _start(self, command: Command, *, asked: bool = False) -> subprocess.Popen[bytes]:
        inherited = {key: value for key, value in self._environment.items() if key not in command.without}
        environment = {**inherited, **command.environment}
        argv = [self._program(command, environment), *command.argv[1:]]
        try:
            return subprocess.Popen(
                argv,
                cwd=command.cwd,
                env=environment,
                stdin=subprocess.PIPE if command.stdin or asked else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=os.name == "posix",
                creationflags=_NEW_GROUP,
            )
        except (OSError, ValueError) as error:
            raise self._not_started(command, error) from None

    def _program(self, command: Command, environment: Mapping[str, str]) -> str:
        name = command.argv[0]
        found = _which(name, environment.get("PATH", os.defpath)) if "\0" not in name else None
        if found is None and os.path.dirname(name) and os.path.exists(name):  # noqa: PTH110, PTH120 - bytes of any kind
            raise self._not_started(command, PermissionError(f"{name} is not an executable file"))
        if found is None:
            shown = self._mask.text(name)
            raise WorldError(
                f"there is no program {shown!r} here",
                id="program-missing",
                help=f"install {os.path.basename(shown)}, or put it on PATH",  # noqa: PTH119
            )
        return os.path.abspath(found)  # noqa: PTH100 - resolves no links: a venv's python must stay one

    def _not_started(self, command: Command, error: Exception) -> WorldError:
        if not command.cwd.is_dir():
            return WorldError(f"the directory {command.cwd} does not exist", id="directory-missing")
        return WorldError(
            self._mask.text(f"cannot start {command.argv[0]!r}: {error}"),
            id="program-not-started",
            help="check that it is executable and made for this machine",
        )


class _Begun:
    """A child whose end can be waited for; whoever forgets it ends it."""

    def __init__(self, wait: Callable[[], Finished], child: "subprocess.Popen[bytes]", grace: float) -> None:
        self._wait = wait
        self._forgotten = weakref.finalize(self, _give_up, child, grace)

    def __call__(self) -> Finished:
        self._forgotten.detach()
        return self._wait()


class Server:
    """A child that goes on beside us."""

    def __init__(self, child: subprocess.Popen[bytes], said: Kept) -> None:
        self._child = child
        self._said = said

    @property
    def pid(self) -> int:
        """Its process id, which is also its group's."""
        return self._child.pid

    def code(self) -> int | None:
        """Its exit code, None while it lives."""
        return self._child.poll()

    def output(self) -> bytes:
        """The bounded tail of what it said so far, both streams as they came."""
        return self._said.content()


class _Endings:
    """Holds back Ctrl-C and its like while a child is started or ended: none is left behind half-way."""

    def __init__(self) -> None:
        self._holding = True
        self._came: int | None = None

    def __call__(self, number: int, _frame: FrameType | None) -> None:
        if not self._holding:
            raise KeyboardInterrupt
        self._came = number

    def hold(self) -> None:
        self._holding = True

    def release(self) -> None:
        self._holding = False
        came, self._came = self._came, None
        if came is not None:
            raise KeyboardInterrupt


@contextmanager
def _endings() -> Iterator[_Endings]:
    endings = _Endings()
    if current_thread() is not main_thread():
        yield endings
        return
    heard = [number for number in _ENDINGS if signal.getsignal(number) not in (signal.SIG_IGN, None)]
    before = {number: signal.signal(number, endings) for number in heard}
    try:
        yield endings
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    endings.release()


def _give_up(child: "subprocess.Popen[bytes]", grace: float) -> None:
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()
    _end(child, grace)


def _end(child: subprocess.Popen[bytes], grace: float) -> None:
    """End whatever is left of a child's group: ask, wait, kill."""
    _ask(child)
    until = time.monotonic() + grace
    while _lives(child) and time.monotonic() < until:
        with suppress(subprocess.TimeoutExpired):
            child.wait(0.01)
        time.sleep(0.005)
    _kill(child)
    with suppress(subprocess.TimeoutExpired):
        child.wait(grace)


if sys.platform == "win32":

    def _which(name: str, path: str) -> str | None:
        import shutil

        return shutil.which(name, path=path)

    def _ask(child: subprocess.Popen[bytes]) -> None:
        if child.poll() is None:
            child.send_signal(signal.CTRL_BREAK_EVENT)

    def _lives(child: subprocess.Popen[bytes]) -> bool:
        return child.poll() is None

    def _kill(child: subprocess.Popen[bytes]) -> None:
        if child.poll() is None:
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(child.pid)], capture_output=True, check=False)

else:

    def _which(name: str, path: str) -> str | None:
        """As `shutil.which` finds it, but never here; its module takes longer to load than Git to answer."""
        places = [name] if "/" in name else [f"{each}/{name}" for each in path.split(":") if each]
        return next((each for each in places if Path(each).is_file() and os.access(each, os.X_OK)), None)

    def _ask(child: subprocess.Popen[bytes]) -> None:
        _signal(child, signal.SIGTERM)

    def _lives(child: subprocess.Popen[bytes]) -> bool:
        child.poll()
        return _signal(child, 0)

    def _kill(child: subprocess.Popen[bytes]) -> None:
        _signal(child, signal.SIGKILL)

    def _signal(child: subprocess.Popen[bytes], number: int) -> bool:
        try:
            os.killpg(child.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True


def _widen(pipe: IO[bytes]) -> None:
    """Let a child say more before anybody listens, where the system can."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl  # noqa: PLC0415 - not on Windows

        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _AHEAD)


def _reading(stream: IO[bytes] | None, capture: Capture) -> Thread:
    def read() -> None:
        if stream is not None:
            with stream:
                while piece := os.read(stream.fileno(), _PIECE):
                    capture.feed(piece)
            capture.end()

    return _started(read)


def _writing(stream: IO[bytes], content: bytes) -> Thread:
    def write() -> None:
        with suppress(OSError), stream:
            stream.write(content)

    return _started(write)


def _started(work: Callable[[], object]) -> Thread:
    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread
