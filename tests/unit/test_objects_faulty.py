"""Faults happen where the schedule says, and nowhere else."""

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from posecas.errors import (
    ListingIncomplete,
    LocationUnavailable,
    ObjectMissing,
    ShortRead,
    UsageError,
)
from posecas.objects.fault_schedules import FAULTS, Fault, Listed, Seeded
from posecas.objects.faulty import FaultyObjects, Injected, faulty
from posecas.objects.generic import FilesystemObjects
from posecas.objects.local import LocalObjects
from posecas.objects.protocol import HasPaths


def failing(root: Path, **faults: Sequence[Fault | None]) -> FaultyObjects:
    return faulty(LocalObjects(root), Listed(faults))


def put(objects: FaultyObjects, key: str, data: bytes = b"123456") -> None:
    objects.write(key, data, media_type="image/png", metadata={})


def keys(root: Path) -> set[str]:
    return {info.key for info in LocalObjects(root).list("")}


def test_only_the_call_that_the_schedule_names_fails(tmp_path: Path) -> None:
    objects = failing(tmp_path, write=[None, Fault.BEFORE])
    put(objects, "a/1")
    with pytest.raises(LocationUnavailable, match="a/2"):
        put(objects, "a/2")
    put(objects, "a/3")
    assert keys(tmp_path) == {"a/1", "a/3"}
    assert objects.injected == (Injected("write", 1, Fault.BEFORE),)


def test_a_lost_answer_leaves_the_change_done(tmp_path: Path) -> None:
    objects = failing(tmp_path, write=[Fault.AFTER], delete=[Fault.AFTER])
    with pytest.raises(LocationUnavailable):
        put(objects, "a/1")
    assert objects.read("a/1") == b"123456"
    with pytest.raises(LocationUnavailable):
        objects.delete(["a/1"])
    assert keys(tmp_path) == set()


def test_a_late_change_is_made_by_a_later_call(tmp_path: Path) -> None:
    objects = faulty(LocalObjects(tmp_path), Listed({"write": [Fault.LATE]}), late=2)
    with pytest.raises(LocationUnavailable):
        put(objects, "a/1")
    with pytest.raises(ObjectMissing):
        objects.stat("a/1")
    assert objects.stat("a/1").size == 6


def test_calm_makes_what_is_late_and_ends_the_faults(tmp_path: Path) -> None:
    objects = failing(tmp_path, write=[Fault.LATE, Fault.BEFORE])
    with pytest.raises(LocationUnavailable):
        put(objects, "a/1")
    assert keys(tmp_path) == set()
    objects.calm()
    assert keys(tmp_path) == {"a/1"}
    put(objects, "a/2")
    assert objects.read("a/2") == b"123456"


def test_half_is_told_or_not(tmp_path: Path) -> None:
    objects = failing(
        tmp_path,
        read=[Fault.SHORT, Fault.TRUNCATED],
        list=[Fault.SHORT, Fault.TRUNCATED, Fault.EMPTY, Fault.AFTER],
        delete=[Fault.SHORT],
    )
    for number in range(4):
        put(objects, f"a/{number}")
    with pytest.raises(ShortRead, match="3 of 6 bytes"):
        objects.read("a/0")
    assert objects.read("a/0") == b"123"
    with pytest.raises(ListingIncomplete):
        list(objects.list("a/"))
    assert len(list(objects.list("a/"))) == 2
    assert list(objects.list("a/")) == []
    listing = objects.list("a/")
    assert len({next(listing).key for _ in range(4)}) == 4
    with pytest.raises(ListingIncomplete):
        next(listing)
    assert set(objects.delete(["a/0", "a/1", "a/2", "a/3"])) == {"a/2", "a/3"}
    assert keys(tmp_path) == {"a/2", "a/3"}


def test_other_prefixes_never_fail_and_are_not_counted(tmp_path: Path) -> None:
    objects = faulty(LocalObjects(tmp_path), Listed({"write": [Fault.BEFORE]}), prefix="a/")
    put(objects, "b/1")
    with pytest.raises(LocationUnavailable):
        put(objects, "a/1")


def test_a_seed_always_gives_the_same_faults() -> None:
    def drawn(seed: int) -> Mapping[str, Sequence[Fault | None]]:
        one = Seeded(seed, 0.5)
        return {method: [one.fault(method, n) for n in range(200)] for method in FAULTS}

    assert drawn(1) == drawn(1) != drawn(2)
    for method, faults in drawn(1).items():
        assert {fault for fault in faults if fault} == set(FAULTS[method])
        assert 60 < sum(fault is not None for fault in faults) < 140


def test_a_share_of_none_and_of_all_is_exact() -> None:
    assert {Seeded(1, 0).fault("read", n) for n in range(100)} == {None}
    assert {Seeded(1, 1, {Fault.SLOW}).fault("read", n) for n in range(100)} == {Fault.SLOW}
    assert Seeded(1, 1, {Fault.EMPTY}).fault("read", 0) is None


def test_a_fault_that_a_method_cannot_have_is_refused() -> None:
    with pytest.raises(UsageError, match="read: it has no fault empty"):
        Listed({"read": [Fault.EMPTY]})


def test_threads_share_the_calls(tmp_path: Path) -> None:
    objects = failing(tmp_path, write=[Fault.BEFORE, None] * 40)
    failed: list[str] = []

    def write_some(thread: int) -> None:
        for number in range(10):
            try:
                put(objects, f"a/{thread}-{number}")
            except LocationUnavailable:
                failed.append(f"a/{thread}-{number}")

    threads = [threading.Thread(target=write_some, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failed) == 40
    assert len(keys(tmp_path)) == 40
    assert keys(tmp_path).isdisjoint(failed)


def test_paths_are_there_where_the_inner_location_has_them(tmp_path: Path) -> None:
    local = failing(tmp_path)
    assert isinstance(local, HasPaths)
    assert local.path("a/1") == tmp_path / "a/1"
    memory = faulty(FilesystemObjects(MemoryFileSystem(), "/x"), Listed({}))
    assert not isinstance(memory, HasPaths)
