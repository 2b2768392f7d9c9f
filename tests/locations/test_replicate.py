"""Replicate: everything that is referred to gets a copy elsewhere, verified at both ends."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.damage import flip
from kit.moves import objects_at, replicated, writing_to
from kit.soundness import unsound
from kit.tiles import tile
from posecas.errors import (
    ConfigError,
    DamagedObject,
    ForeignStore,
    LocationNotFound,
    LocationUnavailable,
    WriteRefused,
)
from posecas.objects.fault_schedules import Fault, Listed
from posecas.objects.faulty import faulty
from posecas.places import Place
from posecas.put import PutItem

COUNT = 20


@pytest.fixture
def filled(on_disk: Path) -> Path:
    with posecas.open_store(on_disk) as store:
        list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(COUNT)))
    return on_disk


def test_everything_gets_a_copy_and_both_are_intact(filled: Path, disk: Path) -> None:
    with posecas.open_store(filled) as store:
        plan = store.rehearse_replicate("disk")
        done, failed = replicated(store, "disk")
        assert (plan.expected, plan.skipped) == (2 * COUNT, 0)
        assert (done.copied, done.bytes) == (2 * COUNT, plan.expected_bytes)
        assert (done.skipped, done.failed, failed) == (0, 0, [])
        assert objects_at(store, "local") == objects_at(store, "disk") == 2 * COUNT
        assert check(store, data=True, orphans=True).findings == []
    assert sum(path.stat().st_size for path in disk.rglob("objects/*/*")) == done.bytes


def test_again_there_is_nothing_to_do(filled: Path) -> None:
    with posecas.open_store(filled) as store:
        replicated(store, "disk")
        done, _ = replicated(store, "disk")
        assert (done.copied, done.bytes, done.skipped) == (0, 0, 2 * COUNT)


def test_a_dry_run_changes_nothing(filled: Path, disk: Path) -> None:
    with posecas.open_store(filled) as store:
        store.rehearse_replicate("disk")
        assert objects_at(store, "disk") == 0
    assert not (disk / "objects").exists()


def test_what_nothing_refers_to_is_not_copied(filled: Path) -> None:
    with posecas.open_store(filled) as store:
        store.remove([f"g/p{n}" for n in range(COUNT - 1)])
        done, _ = replicated(store, "disk")
        # Thumbnails are renditions, and referred to, for as long as gc leaves them.
        assert done.copied == COUNT + 1
        list(store.collect(grace=0, delay=0))
        assert objects_at(store, "disk") == objects_at(store, "local") == 2


def test_a_damaged_image_is_told_and_the_others_are_copied(filled: Path) -> None:
    with posecas.open_store(filled) as store:
        pose = store.pose("g/p3")
        (path,) = (filled / "objects").rglob(f"{pose.digest}-*")
        flip(path)
        done, failed = replicated(store, "disk")
        assert (done.copied, done.failed) == (2 * COUNT - 1, 1)
        assert [(one.named, type(one.error)) for one in failed] == [("g/p3", DamagedObject)]
        with pytest.raises(DamagedObject):
            store.get("g/p3")


def test_a_copy_heals_what_is_damaged_where_it_goes(filled: Path, disk: Path) -> None:
    with posecas.open_store(filled) as store:
        replicated(store, "disk")
        pose = store.pose("g/p3")
        (path,) = (disk / "objects").rglob(f"{pose.digest}-*")
        flip(path)
        assert check(store, data=True).kinds == ["wrong_bytes"]
        store.index.checked(
            next(one.id for one in store.index.replicas(pose.digest) if one.location == "disk"),
            intact=False,
        )
        replicated(store, "disk")
        assert objects_at(store, "disk") == 2 * COUNT
        assert check(store, data=True).findings == []


def test_a_repair_brings_a_copy_back_where_it_was(filled: Path, disk: Path) -> None:
    with posecas.open_store(filled) as store:
        replicated(store, "disk")
        pose = store.pose("g/p3")
        (path,) = (disk / "objects").rglob(f"{pose.digest}-*")
        flip(path)
        (found,) = check(store, data=True, repair=True).findings
        assert "written again at disk" in found.detail
        assert objects_at(store, "disk") == 2 * COUNT


def test_wrong_bytes_that_were_written_never_count(filled: Path, disk: Path) -> None:
    class Rotting(type(store_place(filled).objects)):  # type: ignore[misc]
        def read(self, key: str) -> bytes:
            data: bytes = super().read(key)
            return data[:-1] + b"?" if key.startswith("objects/") else data

    with posecas.open_store(filled) as store:
        rotting = {**store._backends.places, "disk": Place("disk", Rotting(disk))}
        with (
            posecas.Store(filled, replace(store._backends, places=rotting)) as other,
            pytest.raises(WriteRefused, match="other bytes than those that were written"),
        ):
            list(other.replicate("disk"))
    with posecas.open_store(filled) as store:
        assert objects_at(store, "disk") == 0
        list(store.collect(grace=0, delay=0))
        assert replicated(store, "disk")[0].copied == 2 * COUNT


def store_place(folder: Path) -> Place:
    with posecas.open_store(folder) as store:
        return store.location


def test_a_location_that_fails_on_the_way_is_gone_on_with(filled: Path, disk: Path) -> None:
    with posecas.open_store(filled) as store:
        failing = faulty(
            store._backends.places["disk"].objects,
            Listed({"write": [None] * 10 + [Fault.BEFORE]}),
            prefix="objects/",
        )
        places = {**store._backends.places, "disk": Place("disk", failing)}
        other = posecas.Store(filled, replace(store._backends, places=places))
        with pytest.raises(LocationUnavailable):
            list(other.replicate("disk"))
    with posecas.open_store(filled) as store:
        assert replicated(store, "disk")[0].copied == 2 * COUNT
        assert unsound(store) == []
    assert disk.exists()


def test_two_at_once_share_the_work_and_spoil_nothing(filled: Path) -> None:
    def run() -> int:
        with posecas.open_store(filled) as store:
            return replicated(store, "disk")[0].copied

    with ThreadPoolExecutor(2) as pool:
        copied = [future.result() for future in [pool.submit(run), pool.submit(run)]]
    with posecas.open_store(filled) as store:
        assert sum(copied) == objects_at(store, "disk") == 2 * COUNT
        list(store.collect(grace=0, delay=0))
        assert unsound(store) == []


def test_the_rate_is_kept(filled: Path) -> None:
    with posecas.open_store(filled) as store:
        size = store.rehearse_replicate("disk").expected_bytes
        began = time.monotonic()
        replicated(store, "disk", rate=2 * size)
        assert time.monotonic() - began >= 0.4


def test_there_and_back_with_what_came_meanwhile(filled: Path) -> None:
    with posecas.open_store(filled) as store:
        replicated(store, "disk")
    with writing_to(filled, "disk") as store:
        store.put(tile(COUNT), generation="g", pose="new")
        assert replicated(store, "local")[0].copied == 2
        assert objects_at(store, "local") == objects_at(store, "disk") == 2 * COUNT + 2
        assert unsound(store) == []


def test_a_place_that_is_another_stores_by_now_is_refused(
    filled: Path, disk: Path, tmp_path: Path
) -> None:
    disk.rename(disk.with_name("unplugged"))
    disk.mkdir()
    with posecas.create_store(tmp_path / "other") as other:
        other.add_location("disk", disk.as_uri())
    with (
        posecas.open_store(filled) as store,
        pytest.raises(ForeignStore, match="belongs to the store"),
    ):
        list(store.replicate("disk"))
    assert not (disk / "objects").exists()


def test_what_is_no_location_is_named(filled: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with posecas.open_store(filled) as store:
        with pytest.raises(LocationNotFound, match=r"archive.*only disk, local"):
            list(store.replicate("archive"))
        with pytest.raises(LocationNotFound):
            store.rehearse_replicate("archive")
    monkeypatch.setenv("R2_ACCOUNT_ID", "abc123")
    with (
        posecas.open_store(filled) as store,
        pytest.raises(ConfigError, match="R2_BUCKET_NAME"),
    ):
        list(store.replicate("r2"))
