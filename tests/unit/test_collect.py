"""Garbage collection: what goes, what stays, and in which order."""

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.disks import small_disk
from kit.intakes import put as put_facts
from kit.soundness import unsound
from kit.tiles import tile
from posecas.digest import digest_of
from posecas.errors import ForeignStore, LocationNotFound, LocationUnavailable, StorageFull
from posecas.index.intake import Intake, NewPose, NewRendition
from posecas.journal import Segment, read_history
from posecas.put import PutItem
from posecas.records import BlobFacts, Change, Collected, RecipeKey


def objects(store: posecas.Store) -> list[str]:
    return sorted(info.key for info in store.location.objects.list("objects/"))


def collect(store: posecas.Store, *, grace: int = 0, delay: int = 0) -> Collected:
    return list(store.collect(grace=grace, delay=delay))[-1]


def fill(store: posecas.Store, count: int = 10) -> None:
    results = store.put_many(PutItem(tile(n), "g", f"p{n}", user="ada") for n in range(count))
    assert {result.error for result in results} == {None}


def test_what_nothing_names_goes_with_its_thumbnail(store: posecas.Store) -> None:
    fill(store)
    store.remove([f"g/p{n}" for n in range(4)])
    done = collect(store)
    assert (done.condemned, done.deleted, done.failed) == (8, 8, 0)
    assert done.bytes_freed == done.bytes_condemned > 0
    assert len(objects(store)) == 12
    assert store.stats().garbage_bytes == 0
    assert unsound(store) == []
    assert collect(store) == Collected()


def test_what_another_pose_names_stays(store: posecas.Store) -> None:
    fill(store)
    store.put(tile(0), generation="h", pose="same", user="bob")
    store.remove(["g/p0"])
    assert collect(store) == Collected()
    assert store.get("h/same") == tile(0)


def test_a_thumbnail_of_equal_pixels_stays_while_one_source_is_named(store: posecas.Store) -> None:
    store.put(tile(1, "a"), generation="g", pose="a")
    store.put(tile(1, "b"), generation="g", pose="b")
    store.remove(["g/a"])
    assert collect(store).deleted == 1
    assert unsound(store) == []
    store.remove(["g/b"])
    assert collect(store).deleted == 2
    assert objects(store) == []


def test_within_the_grace_nothing_is_condemned(store: posecas.Store) -> None:
    fill(store, 2)
    store.remove(["g/p0"])
    assert collect(store, grace=3600).condemned == 0
    again = store.put(tile(0), generation="g", pose="p0")
    assert store.get(again) == tile(0)
    assert len(objects(store)) == 4


def test_within_the_delay_nothing_is_deleted(store: posecas.Store) -> None:
    fill(store, 2)
    store.remove(["g/p0"])
    before = objects(store)
    done = collect(store, delay=3600)
    assert (done.condemned, done.deleted) == (2, 0)
    assert objects(store) == before
    assert collect(store).deleted == 2


def test_what_is_condemned_is_not_used_again(store: posecas.Store) -> None:
    fill(store, 2)
    store.remove(["g/p0"])
    collect(store, delay=3600)
    store.put(tile(0), generation="g", pose="p0")
    assert len(objects(store)) == 6
    assert collect(store).deleted == 2
    assert store.get("g/p0") == tile(0)
    assert unsound(store) == []


def test_a_dry_run_says_what_the_run_then_does(store: posecas.Store) -> None:
    fill(store)
    store.remove([f"g/p{n}" for n in range(5)])
    before, change = objects(store), store.index.last_change()
    plan = store.rehearse_collect(grace=0, delay=0)
    assert (objects(store), store.index.last_change()) == (before, change)
    assert collect(store) == plan
    assert plan.deleted == 10
    fill(store)
    store.remove(["g/p0"])
    assert store.rehearse_collect(grace=0, delay=60) == collect(store, delay=60)
    assert store.rehearse_collect(grace=0, delay=0) == collect(store)


def test_objects_go_only_after_the_journal_holds_their_condemnation(store: posecas.Store) -> None:
    fill(store, 3)
    store.remove(["g/p0"])
    for _ in store.collect(grace=0, delay=3600):
        pass
    journalled = store.index.journalled()
    assert journalled == store.index.last_change()
    identity = store.index.identity()
    assert identity is not None
    changes: list[Change] = []
    for segment in read_history(store.location.objects, identity.history, after=0):
        assert isinstance(segment, Segment)
        changes += segment.changes
    assert [change.sequence for change in changes] == list(range(1, journalled + 1))
    condemned = [change for change in changes if change.body.get("state") == "condemned"]
    assert len(condemned) == 2


def test_an_index_whose_journal_another_goes_on_with_deletes_nothing(
    store: posecas.Store, folder: Path
) -> None:
    fill(store, 3)
    history = store.index.identity()
    assert history is not None
    taken = folder / "backups" / "journal" / history.history
    taken.mkdir(parents=True)
    (taken / f"{1:016d}.zst").write_bytes(b"somebody else's")
    store.remove(["g/p0"])
    before = objects(store)
    with pytest.raises(Exception, match=r"no segment|taken over"):
        collect(store)
    assert objects(store) == before


def test_the_same_segment_written_by_another_process_is_as_good(
    store: posecas.Store, folder: Path
) -> None:
    fill(store, 3)
    store.remove(["g/p0"])
    copies = {}
    collect(store, delay=3600)
    for path in (folder / "backups").rglob("*.zst"):
        copies[path] = path.read_bytes()
    with posecas.open_store(folder) as other:
        assert collect(other).deleted == 2
    for path, data in copies.items():
        assert path.read_bytes() == data


def test_a_pending_replica_whose_lease_ended_goes_and_frees_its_quota(
    store: posecas.Store,
) -> None:
    store.set_quota("ada", 10_000)
    facts = BlobFacts(digest_of(b"never written"), 5000, "image/png", 5, 5)
    intake = Intake(facts, NewPose("g", "p", "ada", ""))
    store.index.begin([intake], "local", lease_seconds=-1)
    live = Intake(
        BlobFacts(digest_of(b"being written"), 400, "image/png", 5, 5), NewPose("g", "q", "ada", "")
    )
    store.index.begin([live], "local", lease_seconds=60)
    done = collect(store)
    assert (done.condemned, done.deleted) == (1, 1)
    user = store.user("ada")
    assert user is not None
    assert user.reserved == 400


def test_renditions_of_each_other_end_with_the_last_pose(store: posecas.Store) -> None:
    """What is made from a thumbnail, from the thumbnail's own rendition, and from itself."""
    recipe = RecipeKey("thumb-loop", 1, "{}")
    one, two = (BlobFacts(digest_of(name), 100, "image/png", 5, 5) for name in (b"one", b"two"))
    for source, target in ((one, two), (two, one)):
        put_facts(
            store.index,
            Intake(
                source,
                NewPose("g", source.digest[:8], "ada", ""),
                (NewRendition(recipe, target),),
            ),
        )
    assert store.index.blob(one.digest).references == 2
    store.index.remove([pose.id for pose in store.poses()])
    assert store.index.blob(one.digest).references == 1
    assert collect(store).condemned == 2
    assert store.stats().blobs == 0


def test_damage_that_nothing_names_goes_too(store: posecas.Store) -> None:
    pose = store.put(tile(1), generation="g", pose="p")
    store.index.checked(store.index.replicas(pose.digest)[0].id, intact=False)
    assert collect(store) == Collected()
    store.remove([pose])
    assert collect(store).deleted == 2
    assert objects(store) == []


def test_what_writers_that_died_left_behind_goes_after_a_day(
    store: posecas.Store, folder: Path
) -> None:
    fill(store, 1)
    old, young = (folder / ".tmp" / name for name in ("a" * 32, "b" * 32))
    for path, hours in ((old, 25), (young, 23)):
        path.write_bytes(b"half an image")
        os.utime(path, (time.time() - hours * 3600,) * 2)
    store.rehearse_collect(grace=0, delay=0)
    assert old.exists()
    assert collect(store) == Collected()
    assert list((folder / ".tmp").iterdir()) == [young]


def test_an_unknown_location_and_one_that_is_away_delete_nothing(
    store: posecas.Store, folder: Path
) -> None:
    fill(store, 2)
    store.remove(["g/p0"])
    before = objects(store)
    with pytest.raises(LocationNotFound, match="moon"):
        list(store.collect(location="moon"))
    marker = folder / "posecas.json"
    kept = marker.read_bytes()
    marker.unlink()
    with pytest.raises(LocationUnavailable):
        collect(store)
    marker.write_bytes(kept.replace(b'"index": "', b'"index": "0'))
    with pytest.raises(ForeignStore):
        collect(store)
    marker.write_bytes(kept)
    assert objects(store) == before
    assert collect(store).deleted == 2


def test_on_a_disk_without_a_byte_left_it_gives_room_back() -> None:
    """Other programs leave none; the store opens all the same, removes and collects."""
    with small_disk(48 << 20) as disk:
        folder = disk.path / "store"
        with posecas.create_store(folder, settings={"min_free": "0"}) as store:
            list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(60)))
        assert (folder / "locks" / "reserve").stat().st_blocks > 0
        disk.fill()
        assert shutil.disk_usage(disk.path).free == 0
        with posecas.open_store(folder) as store:
            with pytest.raises(StorageFull):
                store.put(tile(99), generation="g", pose="new")
            store.remove([f"g/p{n}" for n in range(40)])
            assert collect(store).failed == 0
            assert store.stats().garbage_bytes == 0
            assert [store.get(f"g/p{n}") for n in range(40, 60)] == [tile(n) for n in range(40, 60)]
            assert check(store, data=True, orphans=True).findings == []
        (disk.path / ".filler").unlink()
        with posecas.open_store(folder):
            assert (folder / "locks" / "reserve").exists()


def test_collectors_share_the_work_and_delete_nothing_twice(
    store: posecas.Store, folder: Path
) -> None:
    fill(store, 40)
    store.remove([f"g/p{n}" for n in range(40)])
    done: list[Collected] = []

    def work() -> None:
        with posecas.open_store(folder) as mine:
            done.append(collect(mine))

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(one.condemned for one in done) == 80
    assert sum(one.deleted for one in done) == 80
    assert objects(store) == []


def test_writers_lose_nothing_to_collectors_without_grace_or_delay(
    store: posecas.Store, folder: Path
) -> None:
    """Two writers put and remove the same few images under a collector; every put is readable."""
    failures: list[object] = []
    stop = threading.Event()

    def write(name: str) -> None:
        try:
            with posecas.open_store(folder) as mine:
                for n in range(60):
                    pose = f"p{n % 4}"
                    mine.put(tile(n % 3), generation=name, pose=pose, replace=True)
                    assert mine.get(f"{name}/{pose}") == tile(n % 3)
                    if n % 5 == 0:
                        mine.remove([f"{name}/{pose}"])
        except Exception as error:  # noqa: BLE001 - the test asserts that there is none
            failures.append(error)

    def sweep() -> None:
        with posecas.open_store(folder) as mine:
            while not stop.is_set():
                collect(mine)

    collector = threading.Thread(target=sweep)
    writers = [threading.Thread(target=write, args=(f"g{n}",)) for n in range(2)]
    for thread in (collector, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    collector.join()
    assert failures == []
    assert unsound(store) == []
    collect(store)
    assert len(objects(store)) == store.stats().blobs
