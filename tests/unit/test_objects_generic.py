"""What FilesystemObjects promises beyond the contract, on filesystems that misbehave."""

import errno
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fsspec.implementations.local import LocalFileSystem

from posecas.errors import (
    KeyTaken,
    ListingIncomplete,
    LocationUnavailable,
    ObjectMissing,
    StorageFull,
    WriteRefused,
)
from posecas.objects.generic import FilesystemObjects

KEY = "objects/ab/one.png"


class Faulty(LocalFileSystem):  # type: ignore[misc] # fsspec has no types
    """The local filesystem, where calls on chosen paths fail."""

    cachable = False
    fails: dict[tuple[str, str], OSError]
    truncates = False

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.fails = {}

    def _meet(self, method: str, path: Any) -> None:
        for (name, part), error in self.fails.items():
            if name == method and part in str(path):
                raise error

    def ls(self, path: Any, detail: bool = False, **options: Any) -> Any:
        self._meet("ls", path)
        return super().ls(path, detail=detail, **options)

    def cat_file(self, path: Any, *arguments: Any, **options: Any) -> Any:
        self._meet("cat_file", path)
        return super().cat_file(path, *arguments, **options)

    def pipe_file(self, path: Any, value: bytes, **options: Any) -> Any:
        super().pipe_file(path, value[:3] if self.truncates else value, **options)
        self._meet("pipe_file", path)

    def mv(self, old: Any, new: Any, **options: Any) -> None:
        self._meet("mv", new)
        super().mv(old, new, **options)

    def rm_file(self, path: Any) -> None:
        self._meet("rm_file", path)
        super().rm_file(path)


@pytest.fixture
def faulty() -> Faulty:
    return Faulty(use_listings_cache=False)


@pytest.fixture
def objects(faulty: Faulty, tmp_path: Path) -> FilesystemObjects:
    return FilesystemObjects(faulty, str(tmp_path))


def put(objects: FilesystemObjects, key: str, data: bytes = b"bytes") -> None:
    objects.write(key, data, media_type="image/png", metadata={})


def files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.parametrize(
    ("method", "failure"),
    [
        ("pipe_file", (OSError(errno.ENOSPC, "full"), StorageFull)),
        ("pipe_file", (OSError(errno.EROFS, "read-only"), WriteRefused)),
        ("mv", (OSError(errno.EDQUOT, "quota"), StorageFull)),
        ("mv", (PermissionError("no number"), WriteRefused)),
        ("mv", (TimeoutError("no number"), LocationUnavailable)),
    ],
)
def test_a_write_that_fails_leaves_nothing(
    faulty: Faulty, tmp_path: Path, method: str, failure: tuple[OSError, type[Exception]]
) -> None:
    objects = FilesystemObjects(faulty, str(tmp_path))
    faulty.fails[method, ""], kind = failure
    with pytest.raises(kind, match=str(tmp_path)):
        put(objects, KEY)
    assert files(tmp_path) == []
    faulty.fails.clear()
    put(objects, KEY)
    assert files(tmp_path) == [KEY]


def test_an_upload_that_arrives_short_is_refused(
    objects: FilesystemObjects, faulty: Faulty, tmp_path: Path
) -> None:
    faulty.truncates = True
    with pytest.raises(WriteRefused, match="3 of 5 bytes"):
        put(objects, KEY)
    assert files(tmp_path) == []


def test_a_subfolder_that_cannot_be_listed_is_told(
    objects: FilesystemObjects, faulty: Faulty
) -> None:
    put(objects, KEY)
    put(objects, "objects/cd/two.png")
    faulty.fails["ls", "objects/cd"] = PermissionError("may not be listed")
    with pytest.raises(ListingIncomplete, match="may not be listed"):
        list(objects.list("objects/"))
    assert [found.key for found in objects.list("objects/ab")] == [KEY]


def test_what_is_not_deleted_is_told_by_key(objects: FilesystemObjects, faulty: Faulty) -> None:
    keys = [KEY, "objects/cd/two.png", "objects/cd/missing.png"]
    put(objects, keys[0])
    put(objects, keys[1])
    faulty.fails["rm_file", "two.png"] = OSError(errno.EROFS, "read-only")
    failed = objects.delete(keys)
    assert {key: type(error) for key, error in failed.items()} == {keys[1]: WriteRefused}
    assert [found.key for found in objects.list("")] == [keys[1]]


def test_an_unreadable_object_is_not_called_missing(
    objects: FilesystemObjects, faulty: Faulty
) -> None:
    put(objects, KEY)
    faulty.fails["cat_file", KEY] = OSError(errno.EIO, "bad cable")
    with pytest.raises(LocationUnavailable):
        objects.read(KEY)


def test_a_location_that_is_away_is_unavailable(tmp_path: Path) -> None:
    objects = FilesystemObjects.at(f"file://{tmp_path}/unmounted")
    with pytest.raises(LocationUnavailable, match="mounted"):
        objects.read(KEY)
    with pytest.raises(LocationUnavailable, match="mounted"):
        objects.stat(KEY)
    with pytest.raises(LocationUnavailable, match="mounted"):
        objects.delete([KEY])
    with pytest.raises(LocationUnavailable, match="mounted"):
        list(objects.list(""))


def test_the_first_write_makes_the_location(tmp_path: Path) -> None:
    objects = FilesystemObjects.at(f"file://{tmp_path}/new")
    put(objects, KEY)
    assert files(tmp_path) == [f"new/{KEY}"]
    with pytest.raises(ObjectMissing):
        objects.read("objects/ab/two.png")


def test_folders_taken_away_meanwhile_are_made_again(tmp_path: Path) -> None:
    objects = FilesystemObjects.at(f"file://{tmp_path}/root")
    put(objects, KEY)
    shutil.rmtree(tmp_path / "root")
    with pytest.raises(LocationUnavailable, match="try again"):
        put(objects, KEY)
    put(objects, KEY)
    assert objects.read(KEY) == b"bytes"


def test_listings_are_never_remembered() -> None:
    objects = FilesystemObjects.at("memory://never-remembered")
    assert not objects._filesystem.dircache.use_listings_cache


def test_what_another_instance_wrote_is_seen_at_once() -> None:
    mine, other = (FilesystemObjects.at("memory://seen-at-once") for _ in range(2))
    put(mine, KEY)
    assert [found.key for found in mine.list("")] == [KEY]
    put(other, "objects/ab/two.png", b"two")
    assert mine.read("objects/ab/two.png") == b"two"
    assert len(list(mine.list(""))) == 2
    with pytest.raises(KeyTaken):
        put(mine, "objects/ab/two.png", b"three")
    assert mine.delete([KEY, "objects/ab/two.png"]) == {}


class Odd(LocalFileSystem):  # type: ignore[misc] # fsspec has no types
    """Tells times as some remote filesystems do."""

    cachable = False
    time: Any = None

    def info(self, path: Any, **options: Any) -> dict[str, Any]:
        found: dict[str, Any] = super().info(path, **options)
        for name in ("mtime", "created"):
            del found[name]
        return found | ({} if self.time is None else {"LastModified": self.time})


@pytest.mark.parametrize(
    "told",
    [
        datetime(2025, 1, 2, tzinfo=UTC),
        datetime(2025, 1, 2),  # noqa: DTZ001 - some filesystems leave the zone out
        "2025-01-02T00:00:00Z",
        1735776000,
    ],
)
def test_times_are_read_as_they_are_told(tmp_path: Path, told: object) -> None:
    filesystem = Odd()
    filesystem.time = told
    objects = FilesystemObjects(filesystem, str(tmp_path))
    put(objects, KEY)
    assert objects.stat(KEY).modified == 1735776000.0


@pytest.mark.parametrize("told", [None, "some day"])
def test_an_unknown_time_is_never_old(tmp_path: Path, told: object) -> None:
    filesystem = Odd()
    filesystem.time = told
    objects = FilesystemObjects(filesystem, str(tmp_path))
    put(objects, KEY)
    os.utime(tmp_path / KEY, (0, 0))
    assert objects.stat(KEY).modified > 1735776000.0
