"""Trying a location: what holds, what does not, and nothing left behind."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import posecas
from addresses.conftest import cloudy
from kit.fault_proxy import before
from kit.network_faults import Refuses
from kit.servers import Bucket
from kit.serving import served
from kit.tiles import tile
from posecas.check.trial import Trial
from posecas.errors import ConfigError, CredentialsRefused, ForeignStore
from posecas.gateway import gateway
from posecas.objects.local import LocalObjects


def trials(store: posecas.Store, name: str = "cloud") -> dict[str, Trial]:
    return {one.name: one for one in store.try_location(name)}


def lying(bucket: Bucket) -> list[str]:
    objects = bucket.objects()
    found = sorted(info.key for info in objects.list("") if not info.key.startswith("objects/"))
    objects.close()
    return found


def test_a_bucket_that_can_be_relied_on(each_cloud: posecas.Store, each_s3_bucket: Bucket) -> None:
    found = trials(each_cloud)
    expected = "clock marker writing once reading signed deleting public"
    assert list(found) == expected.split()
    assert {one.name for one in found.values() if one.state != "ok"} == {"public"}
    assert sum(one.writes for one in found.values()) == 2
    assert sum(one.reads for one in found.values()) == 6
    assert lying(each_s3_bucket) == ["posecas.json"]


def test_a_bucket_that_is_nobodys_yet_can_be_tried(
    folder: Path, settings: Mapping[str, str], s3_bucket: Bucket
) -> None:
    with posecas.create_store(folder, settings={**settings, "write_location": "cloud"}) as store:
        found = trials(store)
        assert (found["marker"].state, found["deleting"].state) == ("warn", "ok")
        assert [use.location.name for use in store.locations()] == ["local"]
    assert lying(s3_bucket) == []


def test_in_anothers_bucket_nothing_is_written(
    tmp_path: Path, cloud: posecas.Store, settings: Mapping[str, str], s3_bucket: Bucket
) -> None:
    before = lying(s3_bucket)
    with posecas.create_store(tmp_path / "other", settings=settings) as other:
        found = trials(other)
    assert list(found) == ["clock", "marker"]
    assert isinstance(found["marker"].failure, ForeignStore)
    assert lying(s3_bucket) == before
    assert cloud.get("g/p") == tile(1)


def test_wrong_keys_end_it_at_once(
    folder: Path, s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = cloudy(s3_bucket, monkeypatch)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "not-the-secret")
    with posecas.create_store(folder, settings=settings) as store:
        found = trials(store)
    assert isinstance(found["marker"].failure, CredentialsRefused)
    assert "writing" not in found
    assert "not-the-secret" not in str(found)


def test_a_key_that_may_not_list_is_found_out_without_listing(
    folder: Path, s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """AWS tells such a key of nothing that it is missing."""
    with before(s3_bucket) as (proxy, reached):
        settings = cloudy(reached, monkeypatch)
        with posecas.create_store(folder, settings=settings) as store:
            store.add_location("cloud")
            proxy.calm()
            for found in store.try_location("cloud"):
                if found.name == "signed":
                    proxy.inject(Refuses(403, "AccessDenied"), "HeadObject")
                    proxy.inject(Refuses(403, "AccessDenied"), "GetObject")
                if found.name == "deleting":
                    break
        assert isinstance(found.failure, CredentialsRefused)
        assert "s3:ListBucket" in found.detail
        assert "ListObjectsV2" not in proxy.counts


def test_settings_that_name_another_place_than_the_store_has_are_told(
    folder: Path, cloud: posecas.Store, settings: Mapping[str, str]
) -> None:
    cloud.close()
    moved = {**settings, "location.cloud.url": "s3://elsewhere"}
    with (
        posecas.open_store(folder, settings=moved) as store,
        pytest.raises(ConfigError, match="s3://elsewhere"),
    ):
        trials(store)


def test_a_location_that_overwrites_is_not_relied_on(
    store: posecas.Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = LocalObjects.write

    def overwrite(objects: LocalObjects, key: str, data: bytes, **more: Any) -> None:
        objects.path(key).unlink(missing_ok=True)
        keep(objects, key, data, **more)

    monkeypatch.setattr(LocalObjects, "write", overwrite)
    found = trials(store, "local")
    assert found["once"].state == "fail"
    assert "If-None-Match" in str(found["once"].failure)


def test_a_public_address_of_something_else_is_told(
    folder: Path, cloud: posecas.Store, settings: Mapping[str, str]
) -> None:
    cloud.close()
    with posecas.create_store(folder.with_name("other")) as other, served(gateway(other)) as client:
        public = {**settings, "location.cloud.public_url": str(client.base_url).rstrip("/")}
        with posecas.open_store(folder, settings=public) as store:
            found = trials(store)["public"]
    assert (found.state, "404" in found.detail) == ("fail", True)
