"""The gateway may send who asks to the bucket or its CDN; its own addresses stay the same."""

from pathlib import Path

import pytest

import posecas
from addresses.conftest import CDN
from kit import web
from kit.serving import served
from kit.tiles import tile
from posecas.gateway import gateway
from posecas.gateway.redirects import Redirect


def test_a_signed_address_gives_the_bytes(cloud: posecas.Store) -> None:
    pose = cloud.pose("g/p")
    with served(gateway(cloud, redirect="presigned")) as client:
        answer = client.get(pose.path)
        assert answer.status_code == 302
        assert answer.headers["cache-control"] == "private, max-age=1800"
        assert web.get(answer.headers["location"]).content == tile(1)
        assert client.head(pose.path).headers["etag"] == f'"{pose.digest}"'
        known = client.get(pose.path, headers={"if-none-match": f'"{pose.digest}"'})
        assert known.status_code == 304


def test_the_cdns_address_may_be_remembered(cloud: posecas.Store) -> None:
    cloud.add_alias("g/p", "thumb.png", recipe="thumb-300")
    with served(gateway(cloud, redirect="public")) as client:
        for path in (cloud.pose("g/p").path, "/aliases/thumb.png"):
            answer = client.get(path)
            assert answer.status_code == 302
            assert answer.headers["location"].startswith(f"{CDN}/objects/")
            assert answer.headers["cache-control"] == "public, max-age=300"


@pytest.mark.parametrize("to", ["presigned", "public"])
def test_what_is_only_here_is_answered_here(folder: Path, to: Redirect) -> None:
    settings = {"serve.public_url": "https://gateway.example.com"}
    with posecas.create_store(folder, settings=settings) as store:
        path = store.put(tile(1), generation="g", pose="p").path
        with served(gateway(store, redirect=to)) as client:
            answer = client.get(path)
    assert (answer.status_code, answer.content) == (200, tile(1))


def test_without_it_the_bytes_come_through_the_gateway(cloud: posecas.Store) -> None:
    pose = cloud.pose("g/p")
    with served(gateway(cloud)) as client:
        answer = client.get(pose.path, headers={"range": "bytes=4-7"})
    assert (answer.status_code, answer.content) == (206, tile(1)[4:8])
