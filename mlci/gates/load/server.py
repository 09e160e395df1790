"""The user's server, started for the test and ended with it."""

import asyncio
import shlex
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from msgspec import Struct

from mlci.gates import Hands
from mlci.ports.process import Command, Running

HOST = "127.0.0.1"
TAIL = 8
PAUSE = 0.05


class Server(Struct, frozen=True, kw_only=True):
    """A started server and where it is to listen."""

    running: Running
    port: int

    def url(self, path: str) -> str:
        """The address of a path on it."""
        return f"http://{HOST}:{self.port}{path}"

    def last_lines(self) -> str:
        """The end of what it said."""
        lines = self.running.output().decode("utf-8", "replace").rstrip().splitlines()
        return "\n".join(lines[-TAIL:])


@contextmanager
def started(command: str, hands: Hands, *, longest: float) -> Iterator[Server]:
    """Start a command line in the user's environment. Raises WorldError when there is no such program."""
    port = _free_port()
    argv = tuple(word.replace("{port}", str(port)) for word in shlex.split(command))
    child = Command(
        argv=argv, cwd=hands.files.root, environment=hands.user_python().environment, timeout=longest
    )
    with hands.process.serve(child) as running:
        yield Server(running=running, port=port)


async def answering(server: Server, path: str, *, within: float) -> str:
    """Wait for any answer to HTTP: why it never came, or nothing."""
    loop = asyncio.get_running_loop()
    end = loop.time() + within
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=within)) as session:
        while loop.time() < end:
            if (code := server.running.code()) is not None:
                return f"the server ended with exit code {code} before it answered"
            try:
                async with session.get(server.url(path), allow_redirects=False):
                    return ""
            except (aiohttp.ClientError, OSError, TimeoutError):
                await asyncio.sleep(PAUSE)
    return f"the server did not answer within {within:g} s"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
