"""What a store whose location is a bucket asks for: each request is paid for."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.commands import Posecas
from kit.fault_proxy import FaultProxy, before
from kit.remote import r2_variables
from kit.servers import Bucket
from kit.tiles import tile
from posecas.backup import Kept
from posecas.expire import ExpiryPlan
from posecas.recovering import rebuild_index, restore_index

LONG_AGO = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True)
class Counted:
    """A store at a bucket that it has joined already, and the proxy that counts."""

    store: posecas.Store
    proxy: FaultProxy

    def objects(self) -> list[str]:
        """What was asked since the last time, of everything but the journal."""
        asked = [one.operation for one in self.proxy.requests if "/backups/" not in one.path]
        self.proxy.calm()
        return asked


@pytest.fixture
def counted(
    folder: Path, whole_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Counted]:
    """A store that writes to a bucket of its own."""
    with before(whole_s3_bucket) as (proxy, reached):
        for name, value in r2_variables(reached).items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("STORAGE_MODE", "r2")
        with posecas.create_store(folder) as store:
            store.put(tile(0), generation="g", pose="first", user="ada")
            proxy.calm()
            yield Counted(store, proxy)


def test_a_new_image_is_one_put_and_one_for_its_thumbnail(counted: Counted) -> None:
    counted.store.put(tile(1), generation="g", pose="p")
    assert counted.objects() == ["PutObject"] * 2


def test_many_new_images_are_two_puts_each(counted: Counted) -> None:
    items = [posecas.PutItem(tile(number), "g", f"p{number}") for number in range(1, 6)]
    assert [result.error for result in counted.store.put_many(items)] == [None] * 5
    assert counted.objects() == ["PutObject"] * 10


def test_an_image_that_is_held_already_asks_for_nothing(counted: Counted) -> None:
    counted.store.put(tile(0), generation="g", pose="second")
    assert counted.objects() == []


def test_a_read_is_one_get_and_none_from_the_cache(counted: Counted, folder: Path) -> None:
    for cached in (folder / "cache").rglob("*"):
        if cached.is_file() and len(cached.name) >= 64:
            cached.unlink()
    assert counted.store.get("g/first") == tile(0)
    assert counted.objects() == ["GetObject"]
    assert counted.store.get("g/first") == tile(0)
    assert counted.objects() == []


def test_names_are_listed_and_removed_without_a_request(counted: Counted) -> None:
    assert [pose.name for pose in counted.store.poses()] == ["first"]
    counted.store.remove(["g/first"])
    assert counted.objects() == []


def test_garbage_goes_by_one_request_after_a_look_at_the_marker(counted: Counted) -> None:
    items = [posecas.PutItem(tile(number), "g", f"p{number}") for number in range(1, 6)]
    list(counted.store.put_many(items))
    counted.store.remove([f"g/p{number}" for number in range(1, 6)])
    counted.proxy.calm()
    done = list(counted.store.collect(grace=0, delay=0))[-1]
    assert done.deleted == 10
    asked = counted.objects()
    assert asked.count("DeleteObjects") == 1
    assert set(asked) == {"DeleteObjects", "GetObject"}
    assert "ListObjectsV2" not in asked


def assert_a_day_lists_nothing(counted: Counted, folder: Path, patch: pytest.MonkeyPatch) -> None:
    """All that a store in a bucket does, until it leaves it."""
    settings = {"expire.truth": "store"}
    with posecas.open_store(folder, settings=settings) as store:
        store.put(tile(1), generation="g", pose="p")
        store.put(tile(2), generation="g", pose="old", created_at=LONG_AGO)
        assert store.get("g/p") == tile(1)
        check(store, data=True)
        assert len(list(store.expire(ExpiryPlan(LONG_AGO + timedelta(days=1))))) == 1
        store.remove(["g/first"])
        store.back_up()
        store.back_up(Kept(1, 0))
        assert len(list(store.snapshots())) == 1
        list(store.collect(grace=0, delay=0))
    patch.setenv("STORAGE_MODE", "local")
    with posecas.open_store(folder, settings=settings) as store:
        list(store.replicate("local"))
        store.back_up()
        list(store.drop_location("r2", delay=0))
        assert {use.location.name: use.location.state for use in store.locations()} == {
            "local": "active",
            "r2": "detached",
        }
    assert counted.proxy.counts["DeleteObjects"] >= 3
    assert "ListObjectsV2" not in counted.proxy.counts


def test_nothing_but_check_orphans_lists(
    counted: Counted, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted.store.close()
    assert_a_day_lists_nothing(counted, folder, monkeypatch)


@pytest.mark.parametrize("recover", [restore_index, rebuild_index])
def test_not_even_after_the_index_was_recovered(
    counted: Counted,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    recover: Callable[..., object],
) -> None:
    counted.store.back_up()
    counted.store.close()
    recover(folder, take_over=True)
    with posecas.open_store(folder) as store:
        list(store.reconcile())
        counted.proxy.calm()
        assert store.back_up(Kept(1, 0)).snapshots_removed == 2
    assert_a_day_lists_nothing(counted, folder, monkeypatch)


def test_backups_that_another_index_left_are_looked_for_once(counted: Counted) -> None:
    counted.store.back_up()
    counted.store.add_location("r2", take_over=True)
    counted.proxy.calm()
    assert counted.store.back_up(Kept(1, 0)).snapshots_removed == 1
    assert counted.proxy.counts["ListObjectsV2"] == 2
    counted.proxy.calm()
    assert counted.store.back_up(Kept(1, 0)).snapshots_removed == 1
    assert "ListObjectsV2" not in counted.proxy.counts


def test_backups_that_another_index_left_do_not_stop_a_drop(
    counted: Counted, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted.store.back_up()
    counted.store.add_location("r2", take_over=True)
    counted.store.close()
    monkeypatch.setenv("STORAGE_MODE", "local")
    with posecas.open_store(folder) as store:
        list(store.replicate("local"))
        store.back_up()
        counted.proxy.calm()
        assert list(store.drop_location("r2", delay=0))[-1].state == "detached"
    assert "ListObjectsV2" not in counted.proxy.counts


def test_doctor_tries_a_bucket_and_lists_nothing(counted: Counted, folder: Path) -> None:
    counted.store.close()
    found = {one["check"]: one["state"] for one in Posecas(folder)("doctor", "--json").objects}
    assert found["r2 deleting"] == "ok"
    assert counted.proxy.counts["DeleteObjects"] == 1
    assert "ListObjectsV2" not in counted.proxy.counts


def test_check_orphans_lists(counted: Counted) -> None:
    assert check(counted.store, orphans=True).findings == []
    assert counted.proxy.counts["ListObjectsV2"] == 1


def test_whether_a_place_is_empty_is_one_list_and_whether_it_is_ours_is_none(
    folder: Path, whole_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with before(whole_s3_bucket) as (proxy, reached):
        for name, value in r2_variables(reached).items():
            monkeypatch.setenv(name, value)
        with posecas.create_store(folder) as store:
            store.add_location("r2")
            assert proxy.counts == {"GetObject": 3, "ListObjectsV2": 1, "PutObject": 1}
            proxy.calm()
            store.add_location("r2")
            assert "ListObjectsV2" not in proxy.counts


def test_opening_a_store_asks_for_nothing(counted: Counted, folder: Path) -> None:
    with posecas.open_store(folder) as store:
        assert store.stats().poses == 1
        assert counted.proxy.operations == []


def test_a_copy_is_one_put_and_is_read_back_by_one_get(
    folder: Path, whole_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with posecas.create_store(folder) as store:
        for number in range(3):
            store.put(tile(number), generation="g", pose=f"p{number}")
    with before(whole_s3_bucket) as (proxy, reached):
        for name, value in r2_variables(reached).items():
            monkeypatch.setenv(name, value)
        with posecas.open_store(folder) as store:
            store.add_location("r2")
            counted = Counted(store, proxy)
            counted.objects()
            list(store.replicate("r2"))
            asked = counted.objects()
            assert (asked.count("PutObject"), asked.count("GetObject")) == (6, 7)
            assert len(asked) == 13
            list(store.replicate("r2"))
            assert counted.objects() == ["GetObject"]


def test_replicating_is_a_put_and_a_get_that_reads_it_back(
    counted: Counted, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted.store.close()
    monkeypatch.setenv("STORAGE_MODE", "local")
    with posecas.open_store(folder) as store:
        store.put(tile(1), generation="g", pose="p")
        counted.proxy.calm()
        list(store.replicate("r2"))
        moved = [one for one in counted.proxy.requests if "/objects/" in one.path]
    assert sorted(one.operation for one in moved) == ["GetObject"] * 2 + ["PutObject"] * 2
    assert "ListObjectsV2" not in counted.proxy.counts
