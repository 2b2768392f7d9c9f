"""The gateway may send who asks to the bucket or its CDN; its own addresses stay the same."""

from collections.abc import Mapping
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


@pytest.mark.parametrize("cached", ["1GB", "0"])
def test_without_it_the_bytes_come_through_the_gateway(
    folder: Path, cloud: posecas.Store, settings: Mapping[str, str], cached: str
) -> None:
    path = cloud.pose("g/p").path
    with (
        posecas.open_store(folder, settings={**settings, "cache.max_bytes": cached}) as store,
        served(gateway(store)) as client,
    ):
        assert client.get(path).content == tile(1)
        answer = client.get(path, headers={"range": "bytes=4-7"})
    assert (answer.status_code, answer.content) == (206, tile(1)[4:8])


def test_with_the_bucket_away_what_is_cached_is_shown_and_the_rest_asks_to_come_again(
    folder: Path, cloud: posecas.Store, settings: Mapping[str, str]
) -> None:
    path = cloud.pose("g/p").path
    cloud.get("g/p")
    away = {**settings, "location.cloud.endpoint": "http://127.0.0.1:9"}
    with posecas.open_store(folder, settings=away) as store, served(gateway(store)) as client:
        assert client.get(path).content == tile(1)
    bare = {**away, "cache.folder": str(folder.with_name("empty"))}
    with posecas.open_store(folder, settings=bare) as store, served(gateway(store)) as client:
        answer = client.get(path)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
        assert client.head(path).status_code == 200
