"""A bucket as a location, at a real server: added by the first put, and whose it is."""

import json
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.remote import bucket_settings, r2_variables
from kit.servers import Bucket
from kit.tiles import tile
from posecas.errors import CredentialsRefused, ForeignStore


@pytest.fixture
def r2(whole_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """A whole bucket that the product's variables name, and that new objects go to."""
    for name, value in r2_variables(whole_s3_bucket).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STORAGE_MODE", "r2")
    return whole_s3_bucket


def test_the_products_variables_alone_make_r2_the_write_location(folder: Path, r2: Bucket) -> None:
    with posecas.create_store(folder) as store:
        assert [use.location.name for use in store.locations()] == ["local"]
        pose = store.put(tile(1), generation="g", pose="p", user="ada")
        uses = {use.location.name: use for use in store.locations()}
        assert (uses["r2"].location.url, uses["r2"].live.count) == (r2.url, 2)
        assert uses["local"].live.count == 0
        assert store.get("g/p") == tile(1)
        assert check(store, data=True, orphans=True).findings == []
    objects = r2.objects()
    marker = json.loads(objects.read("posecas.json"))
    assert (marker["store"], marker["location"]) == (marker["store"], "r2")
    (key,) = [info.key for info in objects.list("objects/") if pose.digest in info.key]
    assert objects.read(key) == tile(1)
    objects.close()


def test_a_bucket_that_holds_something_else_is_refused_untouched(folder: Path, r2: Bucket) -> None:
    objects = r2.objects()
    objects.write("health-check.txt", b"ok", media_type="text/plain", metadata={})
    with posecas.create_store(folder) as store:
        with pytest.raises(ForeignStore, match=r"health-check\.txt.*prefix of its own"):
            store.put(tile(1), generation="g", pose="p")
        assert store.stats().poses == 0
    assert [info.key for info in objects.list("")] == ["health-check.txt"]
    objects.close()


@pytest.mark.usefixtures("r2")
def test_a_bucket_of_another_store_is_refused(tmp_path: Path) -> None:
    with posecas.create_store(tmp_path / "first") as store:
        store.put(tile(1), generation="g", pose="p")
    with posecas.create_store(tmp_path / "second") as store:
        with pytest.raises(ForeignStore, match="belongs to the store"):
            store.put(tile(1), generation="g", pose="p")
        with pytest.raises(ForeignStore, match="belongs to the store"):
            store.add_location("r2")


def test_wrong_keys_are_refused_and_nothing_is_changed(
    folder: Path, r2: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("R2_SECRET_ACCESS_KEY", "not-the-secret")
    with posecas.create_store(folder) as store:
        with pytest.raises(CredentialsRefused) as refused:
            store.put(tile(1), generation="g", pose="p")
        assert "not-the-secret" not in str(refused.value)
        assert [use.location.name for use in store.locations()] == ["local"]
    objects = r2.objects()
    assert list(objects.list("")) == []
    objects.close()


def test_a_prefix_is_a_location_of_its_own(
    tmp_path: Path, s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = bucket_settings(s3_bucket, "archive", monkeypatch)
    with posecas.create_store(tmp_path / "store", settings=settings) as store:
        assert store.add_location("archive").url == s3_bucket.url
    settings = {**settings, "write_location": "archive"}
    with posecas.open_store(tmp_path / "store", settings=settings) as store:
        store.put(tile(1), generation="g", pose="p")
        assert store.get("g/p") == tile(1)
    with (
        posecas.create_store(tmp_path / "other", settings=settings) as other,
        pytest.raises(ForeignStore),
    ):
        other.add_location("archive")
