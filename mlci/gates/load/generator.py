"""An open-loop generator: requests leave when they are due, however slow the server is.

Latency counts from the moment a request was due, so a server that stands still is charged for everyone who
would have waited (no coordinated omission).
"""

import asyncio
from collections.abc import Sequence

import aiohttp
from msgspec import Struct, field
from yarl import URL

from mlci.gates.load.histogram import Histogram

IN_FLIGHT = 900
CHUNK = 64 * 1024


class Target(Struct, frozen=True, kw_only=True):
    """What is asked: bodies are sent in turn; without any, the request is a GET."""

    url: str
    bodies: tuple[bytes, ...] = ()
    timeout: float = 10.0


class Window(Struct):
    """What one stretch of time came to. A failed request counts as the time it may take at most."""

    latencies: Histogram = field(default_factory=Histogram)
    lags: Histogram = field(default_factory=Histogram)
    failures: dict[str, int] = field(default_factory=dict)

    @property
    def requests(self) -> int:
        """How many requests were due."""
        return self.latencies.total

    @property
    def failed(self) -> int:
        """How many of them came to nothing."""
        return sum(self.failures.values())


async def drive(target: Target, *, rate: float, lengths: Sequence[float]) -> list[Window]:
    """Send requests at a fixed rate through windows of these lengths (seconds), one after the other."""
    windows = [Window() for _ in lengths]
    connector = aiohttp.TCPConnector(limit=0)
    async with (
        aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=target.timeout),
            headers={"Content-Type": "application/json"} if target.bodies else {},
        ) as session,
        asyncio.TaskGroup() as tasks,
    ):
        await _schedule(_Sender(session=session, target=target), tasks, windows, lengths, rate)
    return windows


async def _schedule(
    sender: "_Sender", tasks: asyncio.TaskGroup, windows: list[Window], lengths: Sequence[float], rate: float
) -> None:
    loop = asyncio.get_running_loop()
    start, number = loop.time(), 0
    for window, end in zip(windows, _ends(lengths), strict=True):
        while number / rate < end:
            due = start + number / rate
            # Yields even when late: the loop must go on receiving while it catches up.
            await asyncio.sleep(max(0.0, due - loop.time()))
            tasks.create_task(sender.send(number, due, window))
            number += 1


def _ends(lengths: Sequence[float]) -> list[float]:
    return [sum(lengths[: count + 1]) for count in range(len(lengths))]


class _Sender(Struct):
    session: aiohttp.ClientSession
    target: Target
    in_flight: int = 0

    async def send(self, number: int, due: float, window: Window) -> None:
        loop = asyncio.get_running_loop()
        window.lags.add(loop.time() - due)
        failure = await self._outcome(number)
        if failure:
            window.failures[failure] = window.failures.get(failure, 0) + 1
        window.latencies.add(max(self.target.timeout, loop.time() - due) if failure else loop.time() - due)

    async def _outcome(self, number: int) -> str:
        """What went wrong, or nothing."""
        if self.in_flight >= IN_FLIGHT:
            return f"not sent: {IN_FLIGHT} requests are waiting for an answer"
        self.in_flight += 1
        try:
            return await self._ask(number)
        except TimeoutError:
            return f"no answer within {self.target.timeout:g} s"
        except (aiohttp.ClientError, OSError) as error:
            return type(error).__name__
        finally:
            self.in_flight -= 1

    async def _ask(self, number: int) -> str:
        bodies = self.target.bodies
        body = bodies[number % len(bodies)] if bodies else None
        url = URL(self.target.url, encoded=True)
        method = "POST" if bodies else "GET"
        async with self.session.request(method, url, data=body, allow_redirects=False) as response:
            async for _ in response.content.iter_chunked(CHUNK):
                pass
        return "" if response.status < 300 else f"status {response.status}"
