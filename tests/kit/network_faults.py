"""What a network, or a service behind it, does to a request: for `kit.fault_proxy`.

A fault is called with an exchange, may let the server answer it, and decides what the client sees.
"""

import asyncio
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back to the client. ``announced`` is its Content-Length, if that is a lie."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    announced: int | None = None


class Exchange(Protocol):
    """One request on its way through the proxy."""

    async def forward(self, *, spoil: bool = False) -> Answer:
        """Let the server answer. ``spoil``: a bit of the request's body is flipped on the way."""
        ...

    async def receive(self) -> None:
        """Read the whole request, and keep it from the server."""
        ...

    async def reply(self, answer: Answer, *, chunk: int = 0, pause: float = 0) -> None:
        """Send an answer, at once or in chunks with pauses between."""
        ...

    def cut(self) -> None:
        """Reset the connection."""
        ...


class Fault(Protocol):
    """One thing that goes wrong."""

    async def __call__(self, exchange: Exchange) -> None:
        """Go wrong in this exchange."""
        ...


@dataclass(frozen=True, slots=True)
class Refuses:
    """The server is not asked; the client sees an S3 error with this status and code."""

    status: int
    code: str = "InternalError"
    message: str = "injected"
    headers: Mapping[str, str] = field(default_factory=dict)

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.receive()
        text = f"<Error><Code>{self.code}</Code><Message>{self.message}</Message></Error>"
        headers = {"Content-Type": "application/xml", **self.headers}
        await exchange.reply(Answer(self.status, headers, text.encode()))


@dataclass(frozen=True, slots=True)
class Says:
    """The server is not asked; the client sees this body: a portal's page, a listing of our own."""

    body: bytes
    status: int = 200
    media_type: str = "application/xml"

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.receive()
        await exchange.reply(Answer(self.status, {"Content-Type": self.media_type}, self.body))


@dataclass(frozen=True, slots=True)
class Resets:
    """The connection is reset: before the request was read, or after, and the server not asked."""

    after_reading: bool = False

    async def __call__(self, exchange: Exchange) -> None:
        if self.after_reading:
            await exchange.receive()
        exchange.cut()


@dataclass(frozen=True, slots=True)
class LosesAnswer:
    """The server does it, and the client never hears."""

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.forward()
        exchange.cut()


@dataclass(frozen=True, slots=True)
class Truncates:
    """The body ends early, and the connection with it; ``quietly``: as if that were all of it."""

    share: float = 0.5
    quietly: bool = False

    async def __call__(self, exchange: Exchange) -> None:
        answer = await exchange.forward()
        body = answer.body[: int(len(answer.body) * self.share)]
        announced = len(body) if self.quietly else len(answer.body)
        await exchange.reply(replace(answer, body=body, announced=announced))


@dataclass(frozen=True, slots=True)
class CorruptsAnswer:
    """A bit of the body is flipped on the way to the client."""

    async def __call__(self, exchange: Exchange) -> None:
        answer = await exchange.forward()
        await exchange.reply(replace(answer, body=flipped(answer.body)))


@dataclass(frozen=True, slots=True)
class CorruptsRequest:
    """A bit of the body is flipped on the way to the server."""

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.reply(await exchange.forward(spoil=True))


@dataclass(frozen=True, slots=True)
class Hangs:
    """Nothing comes, for this long; then the connection is reset. ``done``: the server did it."""

    seconds: float = 3600
    done: bool = False

    async def __call__(self, exchange: Exchange) -> None:
        if self.done:
            await exchange.forward()
        await asyncio.sleep(self.seconds)
        exchange.cut()


@dataclass(frozen=True, slots=True)
class Holds:
    """Nothing comes until it is let go; then it all happens."""

    let_go: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, exchange: Exchange) -> None:
        while not self.let_go.is_set():  # noqa: ASYNC110 - it is set by another thread
            await asyncio.sleep(0.01)
        await exchange.reply(await exchange.forward())


@dataclass(frozen=True, slots=True)
class Delays:
    """It all happens, later."""

    seconds: float

    async def __call__(self, exchange: Exchange) -> None:
        await asyncio.sleep(self.seconds)
        await exchange.reply(await exchange.forward())


@dataclass(frozen=True, slots=True)
class Dribbles:
    """The body comes in small pieces with pauses between."""

    chunk: int = 4096
    pause: float = 0.05

    async def __call__(self, exchange: Exchange) -> None:
        await exchange.reply(await exchange.forward(), chunk=self.chunk, pause=self.pause)


def flipped(data: bytes) -> bytes:
    """The same with one bit changed in the middle."""
    spoilt = bytearray(data)
    if spoilt:
        spoilt[len(spoilt) // 2] ^= 1
    return bytes(spoilt)
