"""Addresses: they give the image, to whoever has them, for as long as they say."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import posecas
from addresses.conftest import CDN
from kit import web
from kit.tiles import tile
from posecas.errors import LocationNotFound, NoAddress, PoseNotFound, RecipeNotFound, UsageError


def test_a_signed_address_gives_the_image_to_anybody(each_cloud: posecas.Store) -> None:
    address = each_cloud.url("g/p", seconds=60)
    answer = web.get(address.url)
    assert (answer.status_code, answer.content) == (200, tile(1))
    assert answer.headers["content-type"] == "image/png"
    assert "immutable" in answer.headers["cache-control"]
    assert address.location == "cloud"
    assert address.expires_at
    left = address.expires_at - datetime.now(UTC)
    assert timedelta(seconds=50) < left <= timedelta(seconds=60)


def test_it_ends_when_it_says(each_cloud: posecas.Store) -> None:
    address = each_cloud.url("g/p", seconds=1)
    time.sleep(2.1)
    assert web.get(address.url).status_code == 403


def test_it_is_for_this_object_and_for_reading_alone(each_cloud: posecas.Store) -> None:
    url = each_cloud.url("g/p").url
    assert web.get(url.replace(".png", ".jpg")).status_code == 403
    assert web.put(url, b"other").status_code == 403
    assert web.ask("DELETE", url).status_code == 403
    assert each_cloud.get("g/p") == tile(1)


def test_a_rendition_is_made_before_its_address_is_given(cloud: posecas.Store) -> None:
    for recipe in ("thumb-400", "instagram-square"):
        answer = web.get(cloud.url("g/p", recipe=recipe).url)
        assert answer.content == cloud.rendition("g/p", recipe)
    cloud.add_alias("g/p", "old/thumb.png", recipe="thumb-300")
    answer = web.get(cloud.url("old/thumb.png").url)
    assert answer.content == cloud.rendition("g/p", "thumb-300")


def test_the_cdns_address_is_that_of_the_object(cloud: posecas.Store) -> None:
    (replica,) = cloud.describe("g/p").replicas
    address = cloud.public_url("g/p")
    assert address.url == f"{CDN}/{replica.key}"
    assert (address.expires_at, address.location) == (None, "cloud")
    thumbnail = cloud.public_url("g/p", recipe="thumb-400")
    assert thumbnail.url.endswith(".jpg")


def test_every_address_is_an_id_itself(cloud: posecas.Store) -> None:
    for url in (
        cloud.url("g/p").url,
        cloud.public_url("g/p").url,
        f"https://gateway.example.com{cloud.pose('g/p').path}",
        cloud.pose("g/p").path,
        cloud.describe("g/p").replicas[0].key,
    ):
        assert cloud.get(url) == tile(1)
    thumbnail = cloud.public_url("g/p", recipe="thumb-400").url
    assert cloud.get(thumbnail) == cloud.rendition("g/p", "thumb-400")


@pytest.mark.parametrize("seconds", [-1, 0, 604_801])
def test_no_address_lives_shorter_than_a_second_or_longer_than_a_week(
    store: posecas.Store, seconds: int
) -> None:
    store.put(tile(1), generation="g", pose="p")
    with pytest.raises(UsageError, match="1 second to 7 days"):
        store.url("g/p", seconds=seconds, recipe="thumb-300")
    assert {one.recipe for one in store.describe("g/p").renditions} == {"thumb-400"}


def test_what_is_not_in_a_bucket_has_no_signed_address(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p")
    with pytest.raises(NoAddress, match=r"g/p: it is at local.*posecas replicate"):
        store.url("g/p")
    with pytest.raises(NoAddress, match="R2_PUBLIC_URL"):
        store.public_url("g/p")


def test_without_a_cdn_the_public_address_is_the_gateways(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        path = store.put(tile(1), generation="g", pose="p").path
    settings = {"serve.public_url": "https://images.example.com/"}
    with posecas.open_store(folder, settings=settings) as store:
        address = store.public_url("g/p")
    assert address.url == f"https://images.example.com{path}"
    assert (address.expires_at, address.location) == (None, None)


def test_what_is_not_there_has_none(store: posecas.Store) -> None:
    store.put(tile(1), generation="g", pose="p")
    with pytest.raises(PoseNotFound):
        store.url("g/absent")
    with pytest.raises(RecipeNotFound):
        store.url("g/p", recipe="absent")
    with pytest.raises(LocationNotFound):
        store.url("g/p", location="absent")
    removed = store.pose("g/p")
    store.remove([removed])
    list(store.collect(grace=0))
    with pytest.raises(NoAddress, match="no copy of it is kept"):
        store.url(removed.digest)


def test_a_local_copy_beside_is_no_hindrance(folder: Path, settings: Mapping[str, str]) -> None:
    with posecas.create_store(folder) as store:
        store.put(tile(2), generation="g", pose="local")
    with posecas.open_store(folder, settings=settings) as store:
        store.put(tile(2), generation="g", pose="both")
        assert web.get(store.url("g/local").url).content == tile(2)
