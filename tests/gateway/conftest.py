"""What the tests of the gateway share."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

import posecas
from kit.serving import served
from posecas.gateway import gateway


class Switch:
    """One server for all tests of a module, with each test's own application behind it."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[Switch, httpx.Client]]:
    """The server, and a client of it."""
    switch = Switch()
    with served(switch) as client:
        yield switch, client


@pytest.fixture
def serve(server: tuple[Switch, httpx.Client]) -> Callable[[ASGIApp], httpx.Client]:
    """Put an application behind the server, and give a client of it."""

    def put(app: ASGIApp) -> httpx.Client:
        switch, client = server
        switch.app = app
        return client

    return put


@pytest.fixture
def client(store: posecas.Store, serve: Callable[[ASGIApp], httpx.Client]) -> httpx.Client:
    """A client of the gateway over `store`, which is empty."""
    return serve(gateway(store))
