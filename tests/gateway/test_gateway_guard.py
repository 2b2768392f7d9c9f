"""Who may ask: everybody who knows an address, or who has the token."""

from collections.abc import Callable

import httpx
import pytest
from starlette.types import ASGIApp

import posecas
from kit.tiles import tile
from posecas.gateway import gateway

TOKEN = "correct horse"  # noqa: S105 - a test's


Serve = Callable[[ASGIApp], httpx.Client]


@pytest.fixture
def path(store: posecas.Store) -> str:
    return store.put(tile(1), generation="g1", pose="p1").path


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", f"Basic {TOKEN}", "Bearer wrong", f"Bearer {TOKEN}x", "Bearer ü"]
)
def test_without_the_token_nothing_is_told(
    store: posecas.Store, serve: Serve, path: str, given: str | None
) -> None:
    headers = httpx.Headers({} if given is None else {"authorization": given}, "latin-1")
    client = serve(gateway(store, token=TOKEN))
    known, unknown = (client.get(one, headers=headers) for one in (path, "/hashes/absent"))
    assert known.status_code == unknown.status_code == 401
    assert known.content == unknown.content
    assert known.headers["www-authenticate"] == 'Bearer realm="posecas"'


@pytest.mark.parametrize("scheme", ["Bearer", "bearer"])
def test_with_it_images_are_given_for_that_reader_alone(
    store: posecas.Store, serve: Serve, path: str, scheme: str
) -> None:
    client = serve(gateway(store, token=TOKEN))
    answer = client.get(path, headers={"authorization": f"{scheme} {TOKEN}"})
    assert answer.content == tile(1)
    assert answer.headers["cache-control"] == "private, max-age=31536000, immutable"


def test_health_needs_no_token(store: posecas.Store, serve: Serve) -> None:
    assert serve(gateway(store, token=TOKEN)).get("/health").text == "ok\n"


def test_pages_of_a_named_origin_may_read_the_bytes(
    store: posecas.Store, serve: Serve, path: str
) -> None:
    origin = "https://app.example.com"
    client = serve(gateway(store, token=TOKEN, origins=[origin]))
    asked = {"origin": origin, "access-control-request-method": "GET"}
    may = client.options(path, headers={**asked, "access-control-request-headers": "range"})
    assert (may.status_code, may.headers["access-control-allow-origin"]) == (200, origin)
    bearer = {"authorization": f"Bearer {TOKEN}"}
    answer = client.get(path, headers={**bearer, "origin": origin})
    assert answer.headers["access-control-allow-origin"] == origin
    other = client.get(path, headers={**bearer, "origin": "https://else.example.com"})
    assert "access-control-allow-origin" not in other.headers


def test_without_a_named_origin_none_may(store: posecas.Store, client: httpx.Client) -> None:
    path = store.put(tile(1), generation="g1", pose="p1").path
    answer = client.get(path, headers={"origin": "https://app.example.com"})
    assert "access-control-allow-origin" not in answer.headers
