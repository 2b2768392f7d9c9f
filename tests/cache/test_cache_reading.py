"""The store reads through its cache."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.disks import small_disk
from kit.far import Far, open_far
from kit.tiles import tile
from posecas.digest import digest_of
from posecas.errors import DamagedObject, ForeignStore, LocationUnavailable


@pytest.fixture
def far(folder: Path) -> Iterator[Far]:
    """A store with the poses g/p1 and g/p2, elsewhere; nothing is cached yet."""
    with posecas.create_store(folder) as store:
        store.put(tile(1), generation="g", pose="p1")
        store.put(tile(2), generation="g", pose="p2")
    opened = open_far(folder)
    with closing(opened.store):
        yield opened


def test_a_miss_is_one_request_and_a_hit_is_none(far: Far) -> None:
    assert far.store.get("g/p1") == tile(1)
    assert far.reads == 1
    assert far.store.get("g/p1") == tile(1)
    with far.store.open("g/p1") as file:
        assert file.read() == tile(1)
    assert far.reads == 1
    with far.store.open("g/p2") as file:
        assert file.read() == tile(2)
    assert far.store.get("g/p2") == tile(2)
    assert far.reads == 2
    assert far.objects.tally("stat").calls == 0


def test_what_was_put_is_read_without_a_request(far: Far) -> None:
    pose = far.store.put(tile(3), generation="g", pose="p3")
    before = far.reads
    assert far.store.get(pose) == tile(3)
    assert far.store.rendition(pose, "thumb-400")
    assert far.reads == before


def test_a_location_that_is_away_is_not_missed_where_there_is_a_copy(far: Far) -> None:
    far.store.get("g/p1")
    far.store.rendition("g/p1", "thumb-400")
    far.objects.away = True
    assert far.store.get("g/p1") == tile(1)
    assert far.store.rendition("g/p1", "thumb-400")
    with far.store.open("g/p1") as file:
        assert file.read() == tile(1)
    with pytest.raises(LocationUnavailable):
        far.store.get("g/p2")
    with pytest.raises(LocationUnavailable):
        far.store.open("g/p2")
    far.objects.away = False
    assert far.store.get("g/p2") == tile(2)


def test_wrong_bytes_that_come_once_are_asked_for_again_and_not_kept(far: Far) -> None:
    far.objects.spoilt = [tile(1)[:-1] + b"x"]
    assert far.store.get("g/p1") == tile(1)
    assert far.reads == 2
    assert far.store.get("g/p1") == tile(1)
    assert states(far, "g/p1") == ["live"]


def test_wrong_bytes_that_differ_each_time_are_no_damage_of_the_object(far: Far) -> None:
    far.objects.spoilt = [b"one", b"another"]
    with pytest.raises(LocationUnavailable, match="other bytes came each time"):
        far.store.get("g/p1")
    assert states(far, "g/p1") == ["live"]
    assert not far.store.cache.has(far.store.pose("g/p1").digest)
    assert far.store.get("g/p1") == tile(1)


def test_the_same_wrong_bytes_twice_are_damage_and_not_served(far: Far) -> None:
    far.objects.spoilt = [b"wrong"] * 2
    with pytest.raises(DamagedObject):
        far.store.open("g/p1")
    assert states(far, "g/p1") == ["damaged"]
    assert not far.store.cache.has(far.store.pose("g/p1").digest)


def test_what_is_damaged_elsewhere_is_brought_back_from_the_copy_here(far: Far) -> None:
    far.store.get("g/p1")
    digest = far.store.pose("g/p1").digest
    (replica,) = far.store.index.replicas(digest)
    (far.store.path / replica.key).write_bytes(b"wrong")
    assert check(far.store, data=True, repair=True).summary.repaired == 1
    far.store.cache.drop(digest)
    assert far.store.get("g/p1") == tile(1)
    assert states(far, "g/p1") == ["condemned", "live"]


def test_a_copy_is_no_reason_to_store_nothing(far: Far) -> None:
    far.store.cache.keep(digest_of(tile(7)), tile(7))
    pose = far.store.put(tile(7), generation="g", pose="p7")
    far.store.cache.drop(pose.digest)
    assert far.store.get(pose) == tile(7)


def test_gc_forgets_the_copy_of_what_it_deletes_and_no_other(far: Far) -> None:
    digests = [far.store.pose(f"g/p{number}").digest for number in (1, 2)]
    for number in (1, 2):
        far.store.get(f"g/p{number}")
    far.store.remove(["g/p1"])
    list(far.store.collect(grace=0, delay=0))
    assert [far.store.cache.has(digest) for digest in digests] == [False, True]


def test_a_cache_in_another_store_s_folder_is_refused(far: Far, tmp_path: Path) -> None:
    far.store.get("g/p1")
    posecas.create_store(tmp_path / "other").close()
    with posecas.create_store(tmp_path / "other") as other:
        other.put(tile(1), generation="g", pose="p1")
    foreign = open_far(tmp_path / "other", cache__folder=str(far.store.cache.folder))
    with closing(foreign.store) as store, pytest.raises(ForeignStore, match=r"cache\.folder"):
        store.get("g/p1")


def test_a_cache_gives_way_to_what_is_put() -> None:
    with small_disk(20 << 20) as disk:
        settings = {"min_free": "4MiB"}
        with posecas.create_store(disk.path / "store", settings=settings) as store:
            copies = [bytes([number]) * (1 << 20) for number in range(12)]
            for copy in copies:
                store.cache.keep(digest_of(copy), copy)
            kept = [store.cache.has(digest_of(copy)) for copy in copies]
            disk.fill_but(4 << 20)
            store.put(tile(1), generation="g", pose="p1")
            left = [store.cache.has(digest_of(copy)) for copy in copies]
    assert 0 < sum(left) < sum(kept)


def test_the_folder_of_the_cache_is_a_setting(folder: Path, tmp_path: Path) -> None:
    with posecas.create_store(folder) as store:
        store.put(tile(1), generation="g", pose="p1")
    far = open_far(folder, cache__folder=str(tmp_path / "fast"), cache__max_bytes="1MB")
    with closing(far.store) as store, store.open("g/p1") as file:
        assert Path(file.name).is_relative_to(tmp_path / "fast")
    assert not (folder / "cache").exists()


def states(far: Far, pose: str) -> list[str]:
    digest = far.store.pose(pose).digest
    return [replica.state for replica in far.store.index.all_replicas(digest)]
