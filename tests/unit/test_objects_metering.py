import threading
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from posecas.errors import ObjectMissing
from posecas.objects.generic import FilesystemObjects
from posecas.objects.local import LocalObjects
from posecas.objects.metering import Metered, Tally, metered
from posecas.objects.protocol import HasPaths


@pytest.fixture
def objects(tmp_path: Path) -> Metered:
    return metered(LocalObjects(tmp_path))


def put(objects: Metered, key: str, data: bytes) -> None:
    objects.write(key, data, media_type="image/png", metadata={})


def test_calls_objects_and_bytes_are_counted_by_method(objects: Metered) -> None:
    put(objects, "a/1", b"12345")
    put(objects, "a/2", b"123")
    objects.read("a/1")
    objects.stat("a/1")
    list(objects.list("a/"))
    objects.delete(["a/1", "a/2"])
    objects.close()
    assert objects.tallies() == {
        "write": Tally(calls=2, objects=2, bytes=8),
        "read": Tally(calls=1, objects=1, bytes=5),
        "stat": Tally(calls=1, objects=1),
        "list": Tally(calls=1, objects=2),
        "delete": Tally(calls=1, objects=2),
        "close": Tally(calls=1),
    }


def test_what_was_never_called_counts_zero(objects: Metered) -> None:
    assert objects.tally("read") == Tally()
    assert objects.tallies() == {}


def test_a_failure_is_a_call_without_bytes(objects: Metered) -> None:
    with pytest.raises(ObjectMissing):
        objects.read("a/1")
    assert objects.tally("read") == Tally(calls=1, failures=1)


def test_objects_that_were_not_deleted_do_not_count(objects: Metered) -> None:
    put(objects, "a/b/1", b"1")
    assert set(objects.delete(["a/b/1", "a/b"])) == {"a/b"}
    assert objects.tally("delete") == Tally(calls=1, objects=1)


def test_eight_threads_lose_no_count(objects: Metered) -> None:
    put(objects, "a/1", b"12345")

    def read_often() -> None:
        for _ in range(200):
            objects.read("a/1")

    threads = [threading.Thread(target=read_often) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert objects.tally("read") == Tally(calls=1600, objects=1600, bytes=8000)


def test_paths_are_there_where_the_inner_location_has_them(tmp_path: Path) -> None:
    local = metered(LocalObjects(tmp_path))
    assert isinstance(local, HasPaths)
    assert local.path("a/1") == tmp_path / "a/1"
    assert not isinstance(metered(FilesystemObjects(MemoryFileSystem(), "/x")), HasPaths)
