"""Python's own ways to write a file, and Pillow's."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from kit.pictures import opened, photo
from kit.tiles import tile
from kit.workplaces import Workplace

pytestmark = pytest.mark.fuse


@pytest.mark.parametrize("extension", ["png", "jpg", "webp"])
def test_pillow_writes_and_reads(work: Workplace, extension: str) -> None:
    path = work.folder / f"p1.{extension}"
    photo(300, 200).save(path)
    assert work.stored("p1") == path.read_bytes()
    with Image.open(path) as image:
        image.load()
        assert image.size == (300, 200)
    photo(300, 200, seed=2).save(path)
    assert opened(work.stored("p1")).tobytes() == opened(path.read_bytes()).tobytes()


def by_descriptor(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o644)
    os.writev(descriptor, [data[:10], data[10:]])
    os.fdatasync(descriptor)
    os.close(descriptor)


def by_copy(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        shutil.copy2(file.name, path)


def by_rename(path: Path, data: bytes) -> None:
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
    Path(file.name).replace(path)


def by_updating(path: Path, data: bytes) -> None:
    path.write_bytes(tile(9))
    with path.open("r+b") as file:
        file.write(data)
        file.truncate()


WAYS = (Path.write_bytes, by_descriptor, by_copy, by_rename, by_updating)


@pytest.mark.parametrize("write", WAYS)
def test_python_writes(work: Workplace, write: Callable[[Path, bytes], object]) -> None:
    write(work.folder / "p1.png", tile(1))
    assert work.stored("p1") == tile(1)
    assert work.poses() == ["p1"]


def test_a_file_that_is_written_can_be_read_meanwhile(work: Workplace) -> None:
    with (work.folder / "p1.png").open("w+b", buffering=0) as file:
        file.write(tile(1))
        file.seek(0)
        assert file.read() == tile(1)
        assert os.fstat(file.fileno()).st_size == len(tile(1))
    assert work.stored("p1") == tile(1)


def test_python_sees_what_is_refused(work: Workplace) -> None:
    with pytest.raises(OSError, match="Invalid argument") as refused:
        (work.folder / "p1.png").write_bytes(b"no image")
    assert refused.value.errno == errno.EINVAL
    with pytest.raises(OSError, match="Invalid argument"):
        (work.folder / "p1.png").write_bytes(tile(1)[:-10])
    assert work.poses() == []


def test_the_thumbnail_is_there_when_close_returns(work: Workplace) -> None:
    photo(800, 600).save(work.folder / "p1.jpg")
    (thumbnail,) = (work.mount / "thumbnails/generations" / work.generation).iterdir()
    with Image.open(thumbnail) as image:
        assert image.size == (400, 400)


def test_what_is_opened_to_be_updated_is_as_long_as_it_is(work: Workplace) -> None:
    path = work.folder / "p1.png"
    path.write_bytes(tile(1))
    with path.open("r+b", buffering=0) as file:
        found, named = os.fstat(file.fileno()), path.stat()
        assert (found.st_size, file.seek(0, os.SEEK_END)) == (len(tile(1)),) * 2
        assert (found.st_dev, found.st_ino) == (named.st_dev, named.st_ino)
    with pytest.raises(OSError, match="Invalid argument"):
        (work.folder / "p2.png").write_bytes(tile(1)[:-12])
    with (work.folder / "p2.png").open("ab") as file:
        file.write(tile(1)[-12:])
    assert (work.stored("p1"), work.stored("p2")) == (tile(1), tile(1))
