"""What is kept of a child's output: its beginning and its end, whatever its size."""

from collections import deque
from collections.abc import Callable
from threading import Lock

from mlci.adapters.masking import Mask, MaskedStream

LONGEST_LINE = 64 * 1024


class Kept:
    """A bounded buffer that remembers the first and the last bytes of a stream."""

    def __init__(self, keep: int) -> None:
        self._half = max(keep // 2, 1)
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._tail_size = 0
        self._cut = 0
        self._lock = Lock()

    @property
    def truncated(self) -> bool:
        """Whether something was left out."""
        return self._cut > 0

    def add(self, content: bytes) -> None:
        """Take the next bytes."""
        with self._lock:
            room = self._half - len(self._head)
            self._head += content[:room]
            if rest := content[room:]:
                self._tail.append(rest)
                self._tail_size += len(rest)
                self._shorten()

    def content(self) -> bytes:
        """What is kept, with a line in the middle that says how much is not."""
        with self._lock:
            gap = b"\n[... %d bytes left out ...]\n" % self._cut if self._cut else b""
            return bytes(self._head) + gap + b"".join(self._tail)

    def _shorten(self) -> None:
        while (excess := self._tail_size - self._half) > 0:
            dropped = self._tail[0][:excess]
            self._tail[0] = self._tail[0][excess:]
            if not self._tail[0]:
                self._tail.popleft()
            self._tail_size -= len(dropped)
            self._cut += len(dropped)


class Lines:
    """Cuts a stream into decoded lines; one without an end comes in pieces."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._open = b""

    def add(self, content: bytes) -> None:
        """Take the next bytes; every complete line is handed on."""
        *complete, self._open = (self._open + content).split(b"\n")
        for line in complete:
            self._say(line)
        if len(self._open) > LONGEST_LINE:
            self.end()

    def end(self) -> None:
        """Hand on a last line that had no newline."""
        if self._open:
            self._say(self._open)
            self._open = b""

    def _say(self, line: bytes) -> None:
        for start in range(0, max(len(line), 1), LONGEST_LINE):
            piece = line[start : start + LONGEST_LINE]
            self._on_line(piece.rstrip(b"\r").decode("utf-8", "replace"))


class Capture:
    """One stream of a child: masked, kept, and told line by line."""

    def __init__(self, keep: Kept, mask: Mask, on_line: Callable[[str], None] | None) -> None:
        self._kept = keep
        self._masked = MaskedStream(mask)
        self._lines = Lines(on_line) if on_line else None

    def feed(self, chunk: bytes) -> None:
        """Take a piece as it was read."""
        self._pass_on(self._masked.feed(chunk))

    def end(self) -> None:
        """The stream has ended."""
        self._pass_on(self._masked.rest())
        if self._lines:
            self._lines.end()

    def _pass_on(self, content: bytes) -> None:
        self._kept.add(content)
        if self._lines:
            self._lines.add(content)
