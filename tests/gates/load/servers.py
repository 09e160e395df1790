"""Small servers to press: `python servers.py KIND PORT`."""

import asyncio
import sys
import time

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BROKEN = b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"


async def handle(kind: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    asked = 0
    while header := await reader.readuntil(b"\r\n\r\n"):
        length = [line for line in header.lower().split(b"\r\n") if line.startswith(b"content-length:")]
        body = await reader.readexactly(int(length[0].split(b":")[1])) if length else b""
        asked += 1
        if kind == "slow":
            await asyncio.sleep(0.08)
        if (kind == "picky" and (b"id" in body or b"NaN" in body)) or kind == "broken":
            writer.write(BROKEN)
        else:
            writer.write(ANSWER)
        await writer.drain()


async def freeze() -> None:
    """Stand still, the whole process, for 0.2 s of every second."""
    while True:
        await asyncio.sleep(0.8)
        time.sleep(0.2)


async def main(kind: str, port: int) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await handle(kind, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", port)
    if kind == "freezing":
        asyncio.get_running_loop().create_task(freeze())
    async with server:
        await server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1] == "dying":
        sys.exit("the model file is missing")
    if sys.argv[1] == "mute":
        print("still loading", flush=True)  # noqa: T201
        time.sleep(60)
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
