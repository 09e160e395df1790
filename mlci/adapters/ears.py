"""Hearing a child: both of its streams until it has ended, or what it murmurs while it is asked."""

import os
import sys
import time
from typing import IO, TYPE_CHECKING, Self

from mlci.adapters.output import Capture

if TYPE_CHECKING:
    from subprocess import Popen  # noqa: TID251 - its type alone

_PIECE = 256 * 1024
# How soon the end of a child is seen while others of its group still hold its streams.
_MOMENT = 0.05


def _ended(child: "Popen[bytes]", limit: float) -> bool:
    """Wait for a child that says nothing more; whether it ended in time."""
    until = time.monotonic() + limit
    pause = 0.0001
    while child.poll() is None:
        if time.monotonic() > until:
            return False
        time.sleep(pause)
        pause = min(2 * pause, _MOMENT)
    return True


if sys.platform == "win32":
    from threading import Lock, Thread

    class Ears:
        """Listens in threads: pipes cannot be watched there."""

        def __init__(self, child: "Popen[bytes]", out: Capture, err: Capture, *, grace: float) -> None:
            self._child = child
            self._grace = grace
            self._one_at_a_time = Lock()
            self._failure: Exception | None = None
            self._threads = [
                Thread(target=self._read, args=each, daemon=True)
                for each in ((child.stdout, out), (child.stderr, err))
            ]

        def __enter__(self) -> Self:
            for each in self._threads:
                each.start()
            return self

        def __exit__(self, *_: object) -> None:
            for each in self._threads:
                each.join(self._grace)
            if self._failure:
                raise self._failure

        def hear_out(self, limit: float) -> bool:
            """Listen until the child has ended; whether it did in time."""
            return _ended(self._child, limit)

        def _read(self, stream: IO[bytes], capture: Capture) -> None:
            with stream:
                while piece := os.read(stream.fileno(), _PIECE):
                    self._take(capture.feed, piece)
            self._take(capture.end)

        def _take(self, work, *piece) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002
            with self._one_at_a_time:
                if self._failure is None:
                    try:
                        work(*piece)
                    except Exception as error:  # noqa: BLE001 - raised again where it can be handled
                        self._failure = error

    class Murmur:
        """What a child says beside its answers."""

        def __init__(self, stream: IO[bytes], capture: Capture) -> None:
            self._thread = Thread(target=self._read, args=(stream, capture), daemon=True)
            self._thread.start()

        def hear(self, limit: float = 0.0, *, until: int | None = None) -> bool:
            """There, it is always heard, and no pipe can be watched."""
            return until is not None or not self._thread.is_alive() or limit == 0.0

        def hear_out(self, limit: float) -> None:
            """Listen to its end."""
            self._thread.join(limit)

        @staticmethod
        def _read(stream: IO[bytes], capture: Capture) -> None:
            with stream:
                while piece := os.read(stream.fileno(), _PIECE):
                    capture.feed(piece)
            capture.end()

else:
    import select

    class Ears:
        """Listens to both streams at once, and once more, to their ends, when the group has ended."""

        def __init__(self, child: "Popen[bytes]", out: Capture, err: Capture, *, grace: float) -> None:
            self._child = child
            self._grace = grace
            self._streams = [each for each in (child.stdout, child.stderr) if each is not None]
            self._open = {each.fileno(): ear for each, ear in zip(self._streams, (out, err), strict=True)}
            self._watch = select.poll()
            for each in self._open:
                self._watch.register(each, select.POLLIN)

        def __enter__(self) -> Self:
            return self

        def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
            try:
                until = time.monotonic() + self._grace
                while kind is None and self._open and (left := until - time.monotonic()) > 0:
                    self._hear(left)
            finally:
                for each in self._streams:
                    each.close()

        def hear_out(self, limit: float) -> bool:
            """Listen until the child has ended; whether it did in time."""
            until = time.monotonic() + limit
            while self._open and self._child.poll() is None and (left := until - time.monotonic()) > 0:
                self._hear(min(left, _MOMENT))
            return _ended(self._child, max(0.0, until - time.monotonic()))

        def _hear(self, limit: float) -> None:
            for each, _ in self._watch.poll(limit * 1000):
                if piece := os.read(each, _PIECE):
                    self._open[each].feed(piece)
                else:
                    self._watch.unregister(each)
                    self._open.pop(each).end()

    class Murmur:
        """What a child says beside its answers: heard while they are waited for, and when it is asked for."""

        def __init__(self, stream: IO[bytes], capture: Capture) -> None:
            self._stream = stream
            self._capture = capture

        def hear(self, limit: float = 0.0, *, until: int | None = None) -> bool:
            """Listen until something stands at the pipe `until`; whether it did in time."""
            watch, end = select.poll(), time.monotonic() + limit
            for each in (until, None if self._stream.closed else self._stream.fileno()):
                if each is not None:
                    watch.register(each, select.POLLIN)
            while ready := watch.poll(max(0.0, end - time.monotonic()) * 1000):
                if until in dict(ready):
                    return True
                if not self._take():
                    if until is None:
                        return False  # nothing more can come
                    watch.unregister(ready[0][0])
            return False

        def hear_out(self, limit: float) -> None:
            """Listen to its end."""
            end = time.monotonic() + limit
            while not self._stream.closed and time.monotonic() < end:
                self.hear(min(_MOMENT, end - time.monotonic()))
            self._stream.close()

        def _take(self) -> bool:
            if piece := os.read(self._stream.fileno(), _PIECE):
                self._capture.feed(piece)
                return True
            self._stream.close()
            self._capture.end()
            return False
