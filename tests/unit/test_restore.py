"""Restoring the index: what comes back, to which moment, and what is refused."""

import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.losses import (
    assert_whole,
    counted,
    fill,
    keep_backups_at,
    lasting,
    lose_index,
    reconciled,
)
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
from posecas.errors import Failed, ForeignStore
from posecas.recovering import restore_index


@pytest.fixture
def filled(folder: Path) -> Path:
    """A store with a snapshot and more changes after it, of every kind."""
    with posecas.create_store(folder) as store:
        fill(store, 60)
        store.back_up()
        store.set_quota("u0", 5_000_000)
        store.remove(["g0/p1", "g0/p2"])
        store.annotate("g0/p3", prompt="another prompt", favourite=True)
        store.put(tile(900), generation="g0", pose="p5", replace=True)
        store.move_generation("g1", "ada")
        store.add_alias("g0/p6", "old/7.png")
        fill(store, 20, first=100)
        list(store.collect(grace=0, delay=0))
    return folder


def test_a_lost_index_comes_back_with_every_row(filled: Path) -> None:
    with posecas.open_store(filled) as store:
        rows, counts = lasting(store), counted(store)
        found = [pose.name for pose in store.poses(prompt="another")]
    lose_index(filled)
    done = restore_index(filled)
    assert done.replayed.changes > 50
    assert done.aside is None
    with posecas.open_store(filled) as store:
        assert lasting(store) == rows
        assert counted(store) == counts
        assert [pose.name for pose in store.poses(prompt="another")] == found == ["p3"]
        assert reconciled(store).compared == store.stats().blobs
        assert_whole(store)


def test_nothing_is_collected_before_the_index_is_reconciled(filled: Path) -> None:
    lose_index(filled)
    restore_index(filled)
    with posecas.open_store(filled) as store:
        store.remove(["g0/p0"])
        with pytest.raises(Failed, match="posecas index reconcile"):
            store.rehearse_collect(grace=0, delay=0)
        with pytest.raises(Failed, match="posecas index reconcile"):
            list(store.collect(grace=0, delay=0))
        reconciled(store)
        assert list(store.collect(grace=0, delay=0))[-1].deleted > 0


def test_a_restored_index_can_be_lost_again(filled: Path) -> None:
    for number in range(3):
        lose_index(filled)
        restore_index(filled)
        with posecas.open_store(filled) as store:
            fill(store, 5, first=200 + 5 * number)
            reconciled(store)
            rows = lasting(store)
    lose_index(filled)
    restore_index(filled)
    with posecas.open_store(filled) as store:
        assert lasting(store) == rows
        reconciled(store)
        assert_whole(store)


def test_an_earlier_moment_comes_back_though_gc_has_condemned_since(filled: Path) -> None:
    with posecas.open_store(filled) as store:
        fill(store, 10, first=300)
        rows = lasting(store)
        kept = {pose.digest for pose in store.poses()}
    until = time.time_ns() // 1_000_000
    time.sleep(0.01)
    with posecas.open_store(filled) as store:
        store.remove([f"g7/p{n}" for n in range(300, 310)])
        condemned = list(store.collect(grace=0, delay=3600))[-1].condemned
        fill(store, 4, first=400)
    assert condemned > 0
    restore_index(filled, until=until, take_over=True)
    with posecas.open_store(filled) as store:
        assert {pose.digest for pose in store.poses()} == kept
        assert lasting(store)["poses"] == rows["poses"]
        done = reconciled(store)
        assert done.copied == condemned
        assert done.lost == ()
        assert done.orphans > 0
        assert_whole(store)
        assert {pose.digest for pose in store.poses()} == kept


def test_a_pose_that_is_removed_while_its_image_comes_back_stays_removed(filled: Path) -> None:
    until = time.time_ns() // 1_000_000
    time.sleep(0.01)
    with posecas.open_store(filled) as store:
        store.remove(list(store.poses(generation="g1")))
        list(store.collect(grace=0, delay=3600))
    restore_index(filled, until=until, take_over=True)
    with posecas.open_store(filled) as store:
        for done in store.reconcile():
            if done.copied == 1:
                store.remove(list(store.poses()))
        assert done.lost == ()
        assert list(store.poses()) == []
        assert check(store, data=True).findings == []
        list(store.collect(grace=0, delay=0))
        assert store.stats().blobs == 0


def test_condemned_is_for_ever_whichever_snapshot_is_restored(filled: Path) -> None:
    """Back to before a restore: what its index condemned in between is condemned all the same."""
    with posecas.open_store(filled) as store:
        snapshot = store.back_up().snapshot
    lose_index(filled)
    restore_index(filled)
    with posecas.open_store(filled) as store:
        reconciled(store)
        until = time.time_ns() // 1_000_000
        time.sleep(0.01)
        store.remove(["g0/p0", "g0/p3"])
        gone = list(store.collect(grace=0, delay=3600))[-1].condemned
        dead = {one.key for one in store.index.condemned(condemned_before=1 << 60)}
    assert gone > 0
    restore_index(filled, snapshot=snapshot.name, until=until, take_over=True)
    with posecas.open_store(filled) as store:
        named = {one.key for one in store.index.condemned(condemned_before=1 << 60)}
        assert dead <= named
        assert reconciled(store).copied == gone
        assert_whole(store)
        assert store.get("g0/p0") == tile(0)


def test_without_the_last_of_the_journal_the_images_are_recovered(filled: Path) -> None:
    with posecas.open_store(filled) as store:
        fill(store, 6, first=500)
        newest = max((filled / "backups" / "journal").rglob("*.zst"))
    last = max((filled / "backups" / "journal").rglob("*.zst"))
    assert last > newest
    last.unlink()
    lose_index(filled)
    restore_index(filled)
    with posecas.open_store(filled) as store:
        assert "p500" not in {pose.name for pose in store.poses()}
        done = reconciled(store, recover=True)
        put = {tile(n) for n in (500, 501, 502, 503, 505)}
        assert {store.get(pose) for pose in store.poses(generation="recovered")} == put
        assert (done.recovered, done.lost) == (5, ())
        assert_whole(store)


def test_an_image_whose_put_the_journal_holds_only_half_is_recovered(folder: Path) -> None:
    script = """
import posecas
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until
with posecas.open_store(sys.argv[1]) as store:
    store.put(tile(1), generation="g", pose="p")
"""
    with posecas.create_store(folder) as store:
        store.back_up()
    assert run_until("put.written", script, folder).returncode == SIGKILLED
    with posecas.open_store(folder) as store:
        store.set_quota("ada", 1)
    lose_index(folder)
    restore_index(folder)
    with posecas.open_store(folder) as store:
        assert reconciled(store, recover=True).recovered == 1
        assert [store.get(pose) for pose in store.poses()] == [tile(1)]
        assert_whole(store)


def test_it_goes_into_a_new_folder_with_the_objects_elsewhere(filled: Path, tmp_path: Path) -> None:
    new = tmp_path / "elsewhere"
    with pytest.raises(ForeignStore, match="--take-over"):
        restore_index(new, backups=filled)
    restore_index(new, backups=filled, take_over=True)
    with posecas.open_store(new) as store:
        poses = list(store.poses())
        done = reconciled(store)
        assert done.missing == done.compared > 0
        assert len([name for name in done.lost if name.startswith("g")]) > 40
        store.put(tile(0), generation="g0", pose="p0")
        assert store.get("g0/p0") == tile(0)
        assert len(list(store.poses())) == len(poses)


def test_a_living_index_is_not_replaced_unasked(filled: Path) -> None:
    with pytest.raises(ForeignStore, match="--take-over"):
        restore_index(filled)
    with posecas.open_store(filled) as old:
        old.put(tile(600), generation="g", pose="before")
        done = restore_index(filled, take_over=True)
        assert done.aside is not None
        assert (done.aside / "index.sqlite").exists()
        with pytest.raises(ForeignStore):
            old.put(tile(601), generation="g", pose="after")
        with pytest.raises(ForeignStore):
            list(old.collect(grace=0, delay=0))
        with pytest.raises(ForeignStore):
            old.close()
    with posecas.open_store(filled) as store:
        reconciled(store)
        assert_whole(store)


def test_a_process_whose_index_was_replaced_changes_neither(filled: Path) -> None:
    """Its row ids may mean something else by now, so it is told, whatever it does."""
    with posecas.open_store(filled) as old:
        old.put(tile(600), generation="g", pose="before")
        pose = old.pose("g/before")
        max((filled / "backups" / "journal").rglob("*.zst")).unlink()
        restore_index(filled, take_over=True)
        with posecas.open_store(filled) as store:
            fill(store, 3, first=700)
            rows = lasting(store)
        for change in (
            lambda: old.remove([pose]),
            lambda: old.annotate(pose, favourite=True),
            lambda: old.move_generation("g", "bob"),
        ):
            with pytest.raises(ForeignStore, match="open the store again"):
                change()
        with ThreadPoolExecutor(8) as pool:
            for read in [pool.submit(old.pose, "g/before") for _ in range(8)]:
                with suppress(ForeignStore):
                    assert read.result() == pose
        with pytest.raises(ForeignStore):
            old.close()
    with posecas.open_store(filled) as store:
        assert lasting(store) == rows


def test_a_process_whose_index_was_removed_reports_nothing_as_stored(filled: Path) -> None:
    with posecas.open_store(filled) as store:
        lose_index(filled)
        with pytest.raises(ForeignStore, match="removed"):
            store.put(tile(600), generation="g", pose="p")
        with pytest.raises(ForeignStore, match="removed"):
            store.remove(["g0/p0"])
    restore_index(filled)
    with posecas.open_store(filled) as store:
        assert store.get("g0/p0") == tile(0)


def test_of_two_copies_that_share_a_backup_location_the_second_stops(
    filled: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    settings = {"backup_location": "vault"}
    keep_backups_at(tmp_path / "vault", filled)
    shutil.copytree(filled, copy)
    with posecas.open_store(filled, settings=settings) as store:
        store.put(tile(700), generation="g", pose="one")
    second = posecas.open_store(copy, settings=settings)
    second.put(tile(701), generation="g", pose="two")
    before = sorted(copy.rglob("objects/*/*"))
    with pytest.raises(ForeignStore, match="taken over"):
        list(second.collect(grace=0, delay=0))
    with pytest.raises(ForeignStore, match="taken over"):
        second.close()
    assert sorted(copy.rglob("objects/*/*")) == before
    with posecas.open_store(filled, settings=settings) as store:
        list(store.collect(grace=0, delay=0))
        assert_whole(store)
