"""Addresses that work without credentials, as a browser or curl uses them."""

import time
from collections.abc import Iterator

import pytest

from kit import web
from kit.servers import Bucket
from posecas.errors import InvalidName, UsageError
from posecas.objects.s3 import S3Objects

KEY = "objects/ab/one.png"
UPLOAD = "incoming/one.png"
HEADERS = {"Content-Type": "image/png", "If-None-Match": "*"}


@pytest.fixture
def objects(each_s3_bucket: Bucket) -> Iterator[S3Objects]:
    opened = each_s3_bucket.objects()
    opened.write(KEY, b"bytes", media_type="image/png", metadata={})
    yield opened
    opened.close()


def upload(objects: S3Objects) -> str:
    return objects.upload_url(UPLOAD, size=4, media_type="image/png", seconds=60)


def test_an_address_gives_the_bytes_and_how_to_cache_them(objects: S3Objects) -> None:
    answer = web.get(objects.url(KEY, seconds=60))
    assert (answer.status_code, answer.content) == (200, b"bytes")
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_a_name_for_downloads_is_part_of_the_address(objects: S3Objects) -> None:
    url = objects.url(KEY, seconds=60, download_name="pose-1.png")
    assert "pose-1.png" in url
    assert web.get(url).content == b"bytes"
    with pytest.raises(InvalidName):
        objects.url(KEY, seconds=60, download_name='a"; b')


def test_an_address_is_for_one_key_and_one_method(objects: S3Objects) -> None:
    url = objects.url(KEY, seconds=60)
    assert web.get(url.replace("one.png", "two.png")).status_code == 403
    assert web.put(url, b"other").status_code == 403
    assert objects.read(KEY) == b"bytes"


def test_an_address_ends(objects: S3Objects) -> None:
    url = objects.url(KEY, seconds=1)
    time.sleep(2.1)
    assert web.get(url).status_code == 403


@pytest.mark.parametrize("seconds", [0, -1, 7 * 24 * 60 * 60 + 1])
def test_an_address_is_for_a_second_to_seven_days(objects: S3Objects, seconds: int) -> None:
    with pytest.raises(UsageError, match="7 days"):
        objects.url(KEY, seconds=seconds)
    with pytest.raises(UsageError, match="7 days"):
        objects.upload_url(KEY, size=4, media_type="image/png", seconds=seconds)


def test_an_upload_goes_once(objects: S3Objects) -> None:
    url = upload(objects)
    assert web.put(url, b"four", HEADERS).status_code == 200
    assert web.put(url, b"five", HEADERS).status_code == 412
    assert objects.read(UPLOAD) == b"four"


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (b"longer", HEADERS),
        (b"s", HEADERS),
        (b"four", {**HEADERS, "Content-Type": "text/html"}),
        (b"four", {"Content-Type": "image/png"}),
    ],
    ids=["longer", "shorter", "other-type", "may-replace"],
)
def test_an_upload_is_bound_to_size_type_and_being_new(
    objects: S3Objects, body: bytes, headers: dict[str, str]
) -> None:
    assert web.put(upload(objects), body, headers).status_code == 403
    assert [found.key for found in objects.list("incoming/")] == []
