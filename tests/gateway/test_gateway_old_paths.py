"""`/aliases/…`: what an application stored keeps leading to its image."""

from collections.abc import Callable

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.types import ASGIApp

import posecas
from kit.tiles import tile
from posecas.gateway import gateway

OLD = "pose-generator/generated/g1 ü.png"


@pytest.fixture
def pose(store: posecas.Store) -> posecas.Pose:
    """An image with an old path, and one of its thumbnail."""
    made = store.put(tile(1), generation="g1", pose="p1", aliases=[OLD])
    store.add_alias(made, "thumb_g1.png", recipe="thumb-300")
    return made


def test_an_old_path_shows_what_it_leads_to_now(
    store: posecas.Store, client: httpx.Client, pose: posecas.Pose
) -> None:
    first = client.get(f"/aliases/{OLD}")
    assert (first.status_code, first.content) == (200, tile(1))
    assert first.headers["cache-control"] == "public, no-cache"
    store.put(tile(2), generation="g1", pose="p1", replace=True)
    again = client.get(f"/aliases/{OLD}", headers={"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (200, tile(2))
    third = client.get(f"/aliases/{OLD}", headers={"if-none-match": again.headers["etag"]})
    assert third.status_code == 304
    assert pose.digest != store.pose("g1/p1").digest


def test_an_old_thumbnail_is_made_when_it_is_asked_for(
    store: posecas.Store, client: httpx.Client, pose: posecas.Pose
) -> None:
    answer = client.get("/aliases/thumb_g1.png")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.content == store.rendition(pose, "thumb-300")


def test_an_old_path_of_what_was_removed_is_gone(
    store: posecas.Store, client: httpx.Client, pose: posecas.Pose
) -> None:
    store.remove([pose])
    answer = client.get(f"/aliases/{OLD}")
    assert (answer.status_code, answer.headers["cache-control"]) == (410, "no-store")
    assert "g1" not in answer.text


@pytest.mark.usefixtures("pose")
def test_names_and_folders_are_no_old_paths(client: httpx.Client) -> None:
    for path in ("g1/p1", "pose-generator", "pose-generator/generated/", OLD.upper(), ""):
        assert client.get(f"/aliases/{path}").status_code == 404, path


def test_a_path_that_is_not_utf_8_is_found_as_it_was_imported(
    store: posecas.Store, client: httpx.Client
) -> None:
    store.put(tile(1), generation="g1", pose="p1", aliases=["old/caf\\xe9.png"])
    assert client.get("/aliases/old/caf%e9.png").content == tile(1)


@pytest.mark.usefixtures("pose")
def test_an_application_may_hold_the_gateway_in_its_own(
    store: posecas.Store, serve: Callable[[ASGIApp], httpx.Client]
) -> None:
    client = serve(Starlette(routes=[Mount("/images", gateway(store, old_paths_at=["/uploads"]))]))
    assert client.get(f"/images/uploads/{OLD}").content == tile(1)
    assert client.get(f"/images{store.pose('g1/p1').path}").content == tile(1)
    assert client.get("/images/health").text == "ok\n"
    assert client.get(f"/images/aliases/{OLD}").status_code == 404
