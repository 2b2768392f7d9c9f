"""How many requests each method sends, and what is in them: promises, since each is paid for."""

import hashlib
from base64 import b64encode

import pytest

from kit.network_faults import Refuses
from network.conftest import Line
from posecas.errors import KeyTaken, ObjectMissing

KEY = "objects/ab/one.png"


def test_a_new_object_is_one_put_that_cannot_replace(line: Line) -> None:
    line.put(KEY, b"bytes")
    [request] = line.proxy.requests
    assert request.operation == "PutObject"
    assert request.headers["if-none-match"] == "*"
    assert request.headers["content-type"] == "image/png"
    assert request.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert request.headers["x-amz-meta-format"] == "1"
    digest = hashlib.md5(b"bytes", usedforsecurity=False).digest()
    assert request.headers["content-md5"] == b64encode(digest).decode()
    assert f"/{line.bucket.name}/" in request.path


def test_ten_megabytes_are_one_put(line: Line) -> None:
    line.put(KEY, bytes(10_000_000))
    assert line.proxy.operations == ["PutObject"]


def test_what_is_there_already_costs_one_look(line: Line) -> None:
    line.put(KEY, b"bytes")
    line.put(KEY, b"again")
    assert line.proxy.operations == ["PutObject", "PutObject", "HeadObject"]
    with pytest.raises(KeyTaken):
        line.put(KEY, b"longer")


def test_a_read_is_one_get(line: Line) -> None:
    line.put(KEY)
    line.proxy.calm()
    assert line.objects.read(KEY) == b"bytes"
    assert line.proxy.operations == ["GetObject"]
    assert "range" not in line.proxy.requests[0].headers


def test_a_read_of_what_is_missing_is_one_get(line: Line) -> None:
    with pytest.raises(ObjectMissing):
        line.objects.read(KEY)
    assert line.proxy.operations == ["GetObject"]


def test_stat_is_one_head_and_asks_why_only_when_refused(line: Line) -> None:
    line.put(KEY)
    line.proxy.calm()
    assert line.objects.stat(KEY).metadata == {"format": "1"}
    assert line.proxy.operations == ["HeadObject"]
    line.proxy.calm()
    with pytest.raises(ObjectMissing):
        line.objects.stat("objects/ab/other.png")
    assert line.proxy.operations == ["HeadObject", "GetObject"]


def test_a_thousand_keys_are_deleted_by_one_request(line: Line) -> None:
    line.put(KEY)
    line.proxy.calm()
    assert line.objects.delete([KEY, *(f"objects/{number}" for number in range(2000))]) == {}
    assert line.proxy.operations == ["DeleteObjects"] * 3
    assert list(line.objects.list("")) == []


def test_a_listing_is_one_request_for_each_thousand_objects(line: Line) -> None:
    line.put(KEY)
    line.proxy.calm()
    assert [found.key for found in line.objects.list("objects/")] == [KEY]
    assert line.proxy.operations == ["ListObjectsV2"]


def test_a_listing_asks_for_nothing_before_it_is_used(line: Line) -> None:
    line.objects.list("objects/")
    assert line.proxy.operations == []


def test_making_and_closing_objects_asks_for_nothing(line: Line) -> None:
    line.objects.close()
    assert line.proxy.operations == []


def test_addresses_are_made_without_a_request(line: Line) -> None:
    line.objects.url(KEY, seconds=60)
    line.objects.upload_url(KEY, size=5, media_type="image/png", seconds=60)
    assert line.proxy.operations == []


def test_others_see_what_was_written_at_once(line: Line) -> None:
    with pytest.raises(ObjectMissing):
        line.objects.read(KEY)
    assert list(line.objects.list("")) == []
    direct = line.bucket.objects()
    try:
        direct.write(KEY, b"bytes", media_type="image/png", metadata={})
    finally:
        direct.close()
    assert [found.key for found in line.objects.list("")] == [KEY]
    assert line.objects.read(KEY) == b"bytes"


@pytest.mark.parametrize("code", ["MissingContentMD5", "NotImplemented"])
def test_a_service_without_batches_is_asked_key_by_key(line: Line, code: str) -> None:
    keys = [f"objects/{number}" for number in range(20)]
    line.put(keys[0])
    line.proxy.calm()
    line.proxy.inject(Refuses(400, code), "DeleteObjects", times=99)
    assert line.objects.delete(keys) == {}
    assert line.objects.delete(keys[:1]) == {}
    assert line.proxy.counts == {"DeleteObjects": 1, "DeleteObject": 21}
    assert list(line.objects.list("")) == []
