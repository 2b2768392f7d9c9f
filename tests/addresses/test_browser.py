"""A page in a real browser uploads to the bucket itself, if the bucket's rules let it."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import posecas
from addresses.conftest import cloudy, filled
from kit.browser import PROGRAM, Pages, pages
from kit.servers import Bucket
from kit.tiles import tile
from posecas.buckets import BucketWish

HOST = "127.0.0.1"
UPLOAD = """
const bytes = Uint8Array.from(atob(%s), one => one.charCodeAt(0));
const put = async () => (await fetch(%s, {method: "PUT", headers: %s, body: bytes})).status;
const first = await put();
const got = await fetch(%s);
const head = new Uint8Array(await got.arrayBuffer()).slice(1, 4);
return [first, await put(), got.status, String.fromCharCode(...head)];
"""

pytestmark = pytest.mark.skipif(
    not PROGRAM, reason="POSECAS_BROWSER names no browser: it is too large a package for each run"
)


@pytest.fixture
def site() -> Iterator[Pages]:
    """The application's own site."""
    with pages() as running:
        yield running


@pytest.fixture
def cloud(
    folder: Path, whole_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> Iterator[posecas.Store]:
    """A store at a bucket without any rules."""
    yield from filled(folder, cloudy(whole_s3_bucket, monkeypatch))


def uploaded(store: posecas.Store, site: Pages, folder: Path, *, host: str) -> tuple[str, Any]:
    data = tile(2)
    upload = store.upload_url(size=len(data), media_type="image/png")
    said = base64.b64encode(data).decode(), upload.url, dict(upload.headers)
    script = UPLOAD % (*map(json.dumps, said), json.dumps(store.url("g/p").url))
    return upload.key, site.run(script, host=host, folder=folder / "profile")


def test_a_page_uploads_once_reads_and_what_it_uploaded_becomes_a_pose(
    cloud: posecas.Store, site: Pages, tmp_path: Path
) -> None:
    wish = BucketWish(origins=[site.origin(HOST)], keep_days=1)
    assert {one.state for one in cloud.set_bucket_rules("cloud", wish)} == {"set"}
    key, said = uploaded(cloud, site, tmp_path, host=HOST)
    assert said == [200, 412, 200, "PNG"]
    assert cloud.adopt(key, generation="g", pose="up").status == "stored"
    assert cloud.get("g/up") == tile(2)


def test_a_page_of_another_origin_is_refused(
    cloud: posecas.Store, site: Pages, tmp_path: Path
) -> None:
    wish = BucketWish(origins=[site.origin(HOST)], keep_days=1)
    list(cloud.set_bucket_rules("cloud", wish))
    key, said = uploaded(cloud, site, tmp_path, host="localhost")
    assert said == "TypeError: Failed to fetch"
    with pytest.raises(posecas.PosecasError):
        cloud.adopt(key, generation="g", pose="up")
