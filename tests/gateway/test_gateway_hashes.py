"""`/hashes/…`: the bytes, whole or in parts, or why not."""

import logging

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import posecas
from kit import damage
from kit.pictures import jpeg, large, photo, png, webp
from kit.tiles import tile
from posecas.digest import digest_of

IMAGES = {
    "png": png(photo(40, 30)),
    "jpg": jpeg(photo(40, 30)),
    "webp": webp(photo(40, 30)),
}
ABSENT = f"/hashes/{digest_of(b'absent')[:2]}/{digest_of(b'absent')}.png"


@pytest.mark.parametrize("extension", IMAGES)
def test_an_image_is_given_with_its_type_and_may_be_kept(
    store: posecas.Store, client: httpx.Client, extension: str
) -> None:
    pose = store.put(IMAGES[extension], generation="g1", pose="p1")
    assert pose.path.endswith(f".{extension}")
    answer = client.get(pose.path)
    assert (answer.status_code, answer.content) == (200, IMAGES[extension])
    assert answer.headers["content-type"] == pose.media_type
    assert answer.headers["content-length"] == str(pose.size)
    assert answer.headers["etag"] == f'"{pose.digest}"'
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_thumbnail_has_an_address_too(store: posecas.Store, client: httpx.Client) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1")
    assert pose.thumbnail
    answer = client.get(pose.thumbnail.path)
    assert answer.content == store.rendition(pose, "thumb-400")
    assert answer.headers["content-type"] == "image/jpeg"


def test_head_says_the_same_and_sends_nothing(store: posecas.Store, client: httpx.Client) -> None:
    path = store.put(tile(1), generation="g1", pose="p1").path
    told, given = client.head(path), client.get(path)
    assert told.content == b""
    for answer in (told, given):
        answer.headers.pop("date")
    assert told.headers == given.headers


@pytest.mark.parametrize("known", ['"{}"', 'W/"{}"', '"else", "{}"', "*"])
def test_who_has_the_bytes_is_told_so(
    store: posecas.Store, client: httpx.Client, known: str
) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1")
    answer = client.get(pose.path, headers={"if-none-match": known.format(pose.digest)})
    assert (answer.status_code, answer.content) == (304, b"")
    assert answer.headers["etag"] == f'"{pose.digest}"'
    assert client.get(pose.path, headers={"if-none-match": '"else"'}).status_code == 200


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(first=st.none() | st.integers(0, 2000), last=st.none() | st.integers(0, 2000))
def test_any_part_is_given(
    store: posecas.Store, client: httpx.Client, first: int | None, last: int | None
) -> None:
    data = tile(1)
    path = store.put(data, generation="g1", pose="p1").path
    asked = f"bytes={'' if first is None else first}-{'' if last is None else last}"
    answer = client.get(path, headers={"range": asked})
    if (first is None and last is None) or (None not in (first, last) and first > last):  # type: ignore[operator]
        assert (answer.status_code, answer.content) == (200, data)
        return
    begin = max(0, len(data) - (last or 0)) if first is None else first
    end = len(data) if first is None or last is None else min(last + 1, len(data))
    if begin >= len(data):
        assert answer.status_code == 416
        assert answer.headers["content-range"] == f"bytes */{len(data)}"
        return
    assert (answer.status_code, answer.content) == (206, data[begin:end])
    assert answer.headers["content-range"] == f"bytes {begin}-{end - 1}/{len(data)}"


def test_several_parts_come_together(store: posecas.Store, client: httpx.Client) -> None:
    data = tile(1)
    path = store.put(data, generation="g1", pose="p1").path
    answer = client.get(path, headers={"range": "bytes=0-3, 10-12, 99999-, -2"})
    assert answer.status_code == 206
    kind, _, boundary = answer.headers["content-type"].partition("; boundary=")
    assert kind == "multipart/byteranges"
    parts = answer.content.split(f"--{boundary}".encode())[1:-1]
    assert [part.partition(b"\r\n\r\n")[2][:-2] for part in parts] == [
        data[:4],
        data[10:13],
        data[-2:],
    ]


@pytest.mark.parametrize("asked", ["lines=1-2", "bytes", "bytes=", "bytes=a-b", "bytes=1-2;3"])
def test_what_is_no_range_is_ignored(
    store: posecas.Store, client: httpx.Client, asked: str
) -> None:
    path = store.put(tile(1), generation="g1", pose="p1").path
    answer = client.get(path, headers={"range": asked})
    assert (answer.status_code, answer.content) == (200, tile(1))


def test_a_part_of_other_bytes_is_not_given(store: posecas.Store, client: httpx.Client) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1")
    asked = {"range": "bytes=0-3"}
    stale = client.get(pose.path, headers={**asked, "if-range": '"else"'})
    assert (stale.status_code, stale.content) == (200, tile(1))
    fresh = client.get(pose.path, headers={**asked, "if-range": f'"{pose.digest}"'})
    assert (fresh.status_code, fresh.content) == (206, tile(1)[:4])


def test_no_other_spelling_is_an_address(store: posecas.Store, client: httpx.Client) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1")
    digest = pose.digest
    for path in (
        ABSENT,
        f"/hashes/{digest[:2]}/{digest}.jpg",
        f"/hashes/{digest[:2]}/{digest}",
        f"/hashes/{digest[:2]}/{digest.upper()}.png",
        f"/hashes/{digest[:2]}/{digest[:12]}.png",
        f"/hashes/zz/{digest}.png",
        f"/hashes/{digest}.png",
        f"{pose.path}/",
        "/hashes/",
        "/",
        "/users/default/g1/p1.png",
        "/posecas.toml",
        "/hashes/..%2f..%2fposecas.toml",
        "/hashes/%2e%2e/posecas.toml",
    ):
        answer = client.get(path)
        assert (answer.status_code, answer.headers["cache-control"]) == (404, "no-store"), path


def test_nothing_can_be_written(store: posecas.Store, client: httpx.Client) -> None:
    path = store.put(tile(1), generation="g1", pose="p1").path
    for method in ("POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
        answer = client.request(method, path)
        assert (answer.status_code, set(answer.headers["allow"].split(", "))) == (
            405,
            {"GET", "HEAD"},
        )


def test_what_was_collected_is_gone(store: posecas.Store, client: httpx.Client) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1")
    store.remove([pose])
    assert client.get(pose.path).status_code == 200
    list(store.collect(grace=0))
    for answer in (client.get(pose.path), client.head(pose.path)):
        assert (answer.status_code, answer.headers["cache-control"]) == (410, "no-store")


def test_what_is_being_sent_is_sent_to_its_end(store: posecas.Store, client: httpx.Client) -> None:
    data = large()
    pose = store.put(data, generation="g1", pose="p1")
    file = damage.file_of(store, "g1/p1")
    with client.stream("GET", pose.path) as answer:
        store.remove([pose])
        file.unlink()
        assert answer.read() == data


def test_damage_is_not_given_out_and_the_log_says_why(
    store: posecas.Store, client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1")
    file = damage.file_of(store, "g1/p1")
    damage.flip(file)
    with caplog.at_level(logging.ERROR, "posecas.gateway"):
        answer = client.get(pose.path)
    assert (answer.status_code, answer.headers["cache-control"]) == (500, "no-store")
    assert file.name not in answer.text
    assert file.name in caplog.text
    store.put(tile(1), generation="g1", pose="p1")
    assert client.get(pose.path).content == tile(1)


def test_a_location_that_is_away_asks_to_try_again(
    store: posecas.Store, client: httpx.Client
) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1")
    objects = store.path / "objects"
    marker = store.path / "posecas.json"
    for path in (objects, marker):
        path.rename(path.with_suffix(".away"))
    answer = client.get(pose.path)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "10")
    for path in (objects, marker):
        path.with_suffix(".away").rename(path)
    assert client.get(pose.path).content == tile(1)


@settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(path=st.binary(max_size=40))
def test_no_path_upsets_it(client: httpx.Client, path: bytes) -> None:
    quoted = "".join(f"%{byte:02x}" for byte in path)
    for prefix in ("/hashes/", "/aliases/", "/"):
        assert client.get(prefix + quoted).status_code == 404
