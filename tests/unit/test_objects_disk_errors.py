"""Disks that are full, read-only, gone, failing, or not ours: what LocalObjects makes of them."""

import errno
import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from kit.disks import (
    Disk,
    file_size_limit,
    no_more_files,
    open_folder,
    small_disk,
    unprivileged,
)
from kit.syscalls import Call, failing_at, recorded
from posecas.errors import (
    CredentialsRefused,
    ListingIncomplete,
    LocationUnavailable,
    ObjectMissing,
    ShortRead,
    StorageFull,
    WriteRefused,
)
from posecas.objects.local import LocalObjects

KEY = "objects/ab/one.png"
OTHER = "objects/ab/two.png"
MEGABYTE = 1 << 20


@pytest.fixture
def disk() -> Iterator[Disk]:
    with small_disk(MEGABYTE) as disk:
        yield disk


@pytest.fixture
def shared() -> Iterator[Path]:
    with open_folder() as folder:
        yield folder


def put(objects: LocalObjects, key: str, data: bytes = b"bytes") -> None:
    objects.write(key, data, media_type="image/png", metadata={})


def temporaries(root: Path) -> list[str]:
    return os.listdir(root / ".tmp")  # noqa: PTH208 - names are what is compared


def is_one_line_with_a_way_out(error: BaseException | None, where: str) -> bool:
    text = str(error)
    return text.startswith(where) and "\n" not in text and ";" in text


def test_a_disk_that_fills_midway_keeps_nothing_of_the_object(disk: Disk) -> None:
    objects = LocalObjects(disk.path)
    put(objects, KEY, bytes(300_000))
    with pytest.raises(StorageFull, match="No space left") as raised:
        put(objects, OTHER, bytes(2 * MEGABYTE))
    assert is_one_line_with_a_way_out(raised.value, f"{disk.path}/{OTHER}: ")
    assert [found.key for found in objects.list("")] == [KEY]
    assert temporaries(disk.path) == []
    put(objects, OTHER, bytes(300_000))
    assert objects.read(OTHER) == bytes(300_000)


def test_a_disk_without_a_free_byte_still_reads_and_deletes(disk: Disk) -> None:
    objects = LocalObjects(disk.path)
    put(objects, KEY, bytes(100_000))
    disk.fill()
    with pytest.raises(StorageFull):
        put(objects, OTHER, bytes(50_000))
    assert temporaries(disk.path) == []
    assert objects.read(KEY) == bytes(100_000)
    assert objects.delete([KEY]) == {}
    put(objects, OTHER, bytes(50_000))


def test_a_read_only_disk_refuses_writes_and_still_reads(disk: Disk) -> None:
    objects = LocalObjects(disk.path)
    put(objects, KEY)
    disk.make_read_only()
    with pytest.raises(WriteRefused, match="read-only") as raised:
        put(objects, OTHER)
    assert is_one_line_with_a_way_out(raised.value, f"{disk.path}/{OTHER}: ")
    failed = objects.delete([KEY])
    assert {key: type(error) for key, error in failed.items()} == {KEY: WriteRefused}
    assert objects.read(KEY) == b"bytes"
    assert [found.key for found in objects.list("")] == [KEY]


def test_a_file_size_limit_refuses_the_write(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    with file_size_limit(MEGABYTE), pytest.raises(WriteRefused, match="ulimit -f"):
        put(objects, OTHER, bytes(2 * MEGABYTE))
    assert [found.key for found in objects.list("")] == [KEY]
    assert temporaries(tmp_path) == []


def test_too_many_open_files_is_a_passing_trouble(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    with no_more_files():
        with pytest.raises(LocationUnavailable, match="ulimit -n"):
            objects.read(KEY)
        with pytest.raises(LocationUnavailable, match="ulimit -n"):
            put(objects, OTHER)
    assert objects.read(KEY) == b"bytes"


def test_a_folder_of_another_owner_refuses_writes(shared: Path) -> None:
    objects = LocalObjects(shared)
    put(objects, KEY)
    for folder in (".tmp", "objects", "objects/ab"):
        (shared / folder).chmod(0o555)
    (shared / KEY).chmod(0o444)
    with unprivileged():
        with pytest.raises(WriteRefused, match="owner"):
            put(objects, OTHER)
        assert type(objects.delete([KEY])[KEY]) is WriteRefused
        assert objects.read(KEY) == b"bytes"


def test_what_may_not_be_read_is_not_called_missing(shared: Path) -> None:
    objects = LocalObjects(shared)
    put(objects, KEY)
    (shared / "objects").chmod(0o755)
    (shared / KEY).chmod(0)
    (shared / "objects/ab").chmod(0)
    with unprivileged():
        with pytest.raises(CredentialsRefused, match="owner"):
            objects.read(KEY)
        with pytest.raises(CredentialsRefused):
            objects.stat(KEY)
        with pytest.raises(CredentialsRefused):
            list(objects.list("objects/ab/"))
        with pytest.raises(ListingIncomplete):
            list(objects.list("objects/"))


def test_a_root_that_is_away_is_unavailable_and_never_made(tmp_path: Path) -> None:
    root = tmp_path / "unmounted"
    objects = LocalObjects(root)
    for kind in ("missing", "a file"):
        if kind == "a file":
            root.write_bytes(b"")
        with pytest.raises(LocationUnavailable, match="mounted"):
            put(objects, KEY)
        with pytest.raises(LocationUnavailable, match="mounted"):
            objects.read(KEY)
        with pytest.raises(LocationUnavailable, match="mounted"):
            objects.stat(KEY)
        with pytest.raises(LocationUnavailable, match="mounted"):
            objects.delete([KEY, "posecas.json"])
        with pytest.raises(LocationUnavailable, match="mounted"):
            list(objects.list("objects/"))
        with pytest.raises(LocationUnavailable, match="mounted"):
            objects.sweep_temporaries(0)
    assert not root.is_dir()


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.ENOTCONN, errno.ETIMEDOUT])
def test_an_error_on_reading_is_no_proof_of_damage(tmp_path: Path, code: int) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    for number in range(4):
        with recorded(tmp_path, failing_at(number, code, ["open"])):
            with pytest.raises(LocationUnavailable) as raised:
                objects.read(KEY)
            assert is_one_line_with_a_way_out(raised.value, f"{tmp_path}/{KEY}: ")
    assert objects.read(KEY) == b"bytes"


@pytest.mark.parametrize("number", range(2))
def test_a_listing_that_breaks_off_says_so(tmp_path: Path, number: int) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    put(objects, "objects/cd/three.png")
    seen: list[str] = []
    folders = count()

    def before(call: Call) -> None:
        if call.name == "open" and call.path.count("/") == 1 and next(folders) == number:
            raise OSError(errno.EIO, os.strerror(errno.EIO))

    with recorded(tmp_path, before), pytest.raises(ListingIncomplete, match="ended early"):
        seen.extend(found.key for found in objects.list("objects/"))
    assert len(seen) == number


def test_a_file_that_shrinks_while_it_is_read_is_short(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY, bytes(1000))
    real = os.read

    def read(descriptor: int, size: int) -> bytes:
        os.truncate(tmp_path / KEY, 400)
        return real(descriptor, size)

    monkeypatch.setattr(os, "read", read)
    with pytest.raises(ShortRead, match="400 of 1000"):
        objects.read(KEY)


def test_links_inside_the_tree_lead_nowhere(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    objects = LocalObjects(root)
    root.mkdir()
    (outside / "ab").mkdir(parents=True)
    (outside / "ab/one.png").write_bytes(b"not ours")
    put(objects, "objects/cd/three.png")
    (root / "objects/ab").symlink_to(outside / "ab")
    (root / "objects/cd/link.png").symlink_to(outside / "ab/one.png")
    os.close(objects.open("objects/cd/three.png"))
    with pytest.raises(LocationUnavailable, match="links"):
        objects.read(KEY)
    with pytest.raises(LocationUnavailable, match="links"):
        objects.open(KEY)
    with pytest.raises(LocationUnavailable, match="links"):
        put(objects, OTHER)
    with pytest.raises(LocationUnavailable, match="links"):
        objects.delete([KEY])
    for use in (objects.read, objects.open):
        with pytest.raises(ObjectMissing):
            use("objects/cd/link.png")
    assert [found.key for found in objects.list("")] == ["objects/cd/three.png"]
    assert [path.name for path in outside.rglob("*.png")] == ["one.png"]


def test_an_opened_object_stays_readable_and_what_is_away_is_told_from_what_is_missing(
    tmp_path: Path,
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    objects = LocalObjects(root)
    put(objects, KEY)
    descriptors = [objects.open(KEY) for _ in range(2)]
    objects.delete([KEY])
    for descriptor in descriptors:
        assert os.read(descriptor, 10) == b"bytes"
        os.close(descriptor)
    with pytest.raises(ObjectMissing):
        objects.open(KEY)
    put(objects, OTHER)
    os.close(objects.open(OTHER))
    root.rename(tmp_path / "elsewhere")
    with pytest.raises(LocationUnavailable):
        objects.open(OTHER)


def test_files_that_are_no_objects_are_not_listed(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    (tmp_path / "objects/ab/a name.png").write_bytes(b"x")
    (tmp_path / "objects/ab/.one.png.swp").write_bytes(b"x")
    (tmp_path / "objects/.cache").mkdir()
    (tmp_path / "objects/.cache/x.png").write_bytes(b"x")
    os.mkfifo(tmp_path / "objects/ab/pipe")
    assert [found.key for found in objects.list("")] == [KEY]


def test_a_folder_in_place_of_an_object_is_not_deleted(tmp_path: Path) -> None:
    objects = LocalObjects(tmp_path)
    put(objects, KEY)
    failed = objects.delete(["objects/ab"])
    assert type(failed["objects/ab"]) is WriteRefused
    assert objects.read(KEY) == b"bytes"
