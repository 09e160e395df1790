"""A child that is asked through a pipe, as often as one likes."""

import os
import time
import weakref
from collections.abc import Callable, Iterator
from typing import IO

from mlci.adapters.ears import Murmur
from mlci.errors import WorldError

_PIECE = 256 * 1024
_MOST = 1 << 30


class Pipe:
    """Both ends of the talk with `name`. Whoever forgets it hangs up, and so does the end of our process."""

    def __init__(
        self,
        name: str,
        ears: IO[bytes],
        mouth: IO[bytes],
        *,
        limit: float,
        murmur: Murmur,
        complaint: Callable[[], bytes],
        code: Callable[[float], int | None],
        hang_up: Callable[[], None],
    ) -> None:
        self._name = name
        self._ears = ears
        self._mouth = mouth
        self._limit = limit
        self._murmur = murmur
        self._complaint = complaint
        self._code = code
        self._heard = bytearray()
        self._known = 0
        self._hang_up = weakref.finalize(self, hang_up)

    @property
    def open(self) -> bool:
        """Whether it can still be asked."""
        return self._hang_up.alive

    def say(self, question: bytes) -> None:
        """Ask. Raises WorldError when the child is gone."""
        self._murmur.hear()
        self._known = len(self._complaint())
        try:
            self._ears.write(question)
            self._ears.flush()
        except (OSError, ValueError):
            raise self._silence("it has ended") from None

    def line(self) -> bytes:
        """The answer's next line, its end included. Raises WorldError when none comes in time."""
        seen = 0
        while (end := self._heard.find(b"\n", seen)) < 0:
            seen = len(self._heard)
            self._listen()
        return self._cut(end + 1)

    def take(self, size: int) -> bytes:
        """The answer's next bytes. Raises WorldError when they do not come in time."""
        while len(self._heard) < size:
            self._listen()
        return self._cut(size)

    def rest(self) -> Iterator[bytes]:
        """All else that it says, as it comes. Raises WorldError when it ends badly or keeps us waiting."""
        until = time.monotonic() + self._limit
        size = 0
        yield self._cut(len(self._heard))
        while piece := self._next(until):
            size += len(piece)
            if size > _MOST:
                raise self._silence(f"it says more than {_MOST // 1024**2} MiB")
            yield piece
        code = self._code(max(0.0, until - time.monotonic()))
        if code != 0:
            raise self._late() if code is None else self._silence("it has ended badly")
        self.end()

    def end(self) -> None:
        """End it. What was not read is lost."""
        self._hang_up()

    def _cut(self, size: int) -> bytes:
        with memoryview(self._heard) as heard:
            piece = bytes(heard[:size])
        del self._heard[:size]
        return piece

    def _listen(self) -> None:
        piece = self._next(time.monotonic() + self._limit)
        if not piece:
            raise self._silence("it has ended")
        self._heard += piece

    def _next(self, until: float) -> bytes:
        left = max(0.0, until - time.monotonic())
        if not self._murmur.hear(left, until=self._mouth.fileno()):
            raise self._late()
        return os.read(self._mouth.fileno(), _PIECE)

    def _late(self) -> WorldError:
        return self._silence(f"no answer in {self._limit:g} s")

    def _silence(self, why: str) -> WorldError:
        self.end()
        heard = self._complaint()
        # One that was dying when it was asked had said why before.
        said = (heard[self._known :] or heard).decode("utf-8", "replace").strip()
        return WorldError(f"{self._name}: {said or why}", id="program-silent", help="mlci doctor")
