"""A relay before a server on loopback, which makes it as far away as a bucket is."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.synchronize import Event
from typing import Final

from kit.pages import free_port

_CHUNK: Final = 1 << 16
_START_SECONDS: Final = 20


@contextmanager
def far_away(port: int, round_trip: float) -> Iterator[int]:
    """Give a port that leads to ``port``, with so many seconds there and back on the way.

    The relay is a process of its own, so that no contestant pays for its processor time.
    """
    # Not forked: this process has threads, and sockets that the relay must not hold.
    fresh = multiprocessing.get_context("spawn")
    nearer, ready = free_port(), fresh.Event()
    relay = fresh.Process(target=_run, args=(nearer, port, round_trip / 2, ready), daemon=True)
    relay.start()
    try:
        if not ready.wait(_START_SECONDS):
            raise TimeoutError("the relay did not start")
        yield nearer
    finally:
        relay.kill()
        relay.join()


def _run(nearer: int, port: int, one_way: float, ready: Event) -> None:
    async def serve() -> None:
        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # A handshake is a trip there and back as well.
            await asyncio.sleep(one_way * 2)
            there, here = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(
                _pump(reader, here, one_way), _pump(there, writer, one_way), return_exceptions=True
            )

        server = await asyncio.start_server(connected, "127.0.0.1", nearer, backlog=1000)
        ready.set()
        await server.serve_forever()

    asyncio.run(serve())


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, late: float) -> None:
    loop = asyncio.get_running_loop()
    while data := await reader.read(_CHUNK):
        loop.call_later(late, writer.write, data)
    await asyncio.sleep(late)
    with suppress(OSError):
        writer.close()
