"""A store's index is lost and restored under a mount."""

import errno
from pathlib import Path

import pytest

import posecas
from kit.commands import Posecas
from kit.losses import lose_index
from kit.mounts import mounted, names, until
from kit.tiles import tile

pytestmark = pytest.mark.fuse


def test_a_mount_goes_on_with_the_index_that_was_restored(
    folder: Path, mountpoint: Path, tmp_path: Path
) -> None:
    program = _prepared(folder, tmp_path)
    with mounted(folder, mountpoint, engine="kernel") as mount:
        images = mount / "generations/g"
        assert names(images) == ["p1.json", "p1.png"]
        assert not (images / "p2.png").exists()
        _restore(program)
        assert program("put", tmp_path / "p2.png", "--generation", "g").code == 0
        until((images / "p2.png").exists)
        assert (images / "p2.png").read_bytes() == tile(2)
        (images / "p3.png").write_bytes(tile(3))
        assert "p3" in program("ls").out
        assert "the index was replaced" in (folder / "mount.log").read_text()


def test_the_portable_engine_says_that_the_index_was_replaced(
    folder: Path, mountpoint: Path, tmp_path: Path
) -> None:
    program = _prepared(folder, tmp_path)
    with mounted(folder, mountpoint, engine="portable") as mount:
        assert (mount / "generations/g/p1.png").read_bytes() == tile(1)
        _restore(program)
        until(lambda: _fails(mount / "generations/g/p1.png"))
        assert "the index was replaced" in (folder / "mount.log").read_text()
    with mounted(folder, mountpoint, engine="portable") as mount:
        assert (mount / "generations/g/p1.png").read_bytes() == tile(1)


def _prepared(folder: Path, tmp_path: Path) -> Posecas:
    posecas.create_store(folder).close()
    program = Posecas(folder)
    for number in (1, 2):
        (tmp_path / f"p{number}.png").write_bytes(tile(number))
    assert program("put", tmp_path / "p1.png", "--generation", "g").code == 0
    assert program("index", "backup").code == 0
    return program


def _restore(program: Posecas) -> None:
    lose_index(program.store)
    done = program("index", "restore", "--take-over")
    assert done.code == 0, done.err


def _fails(path: Path) -> bool:
    try:
        path.read_bytes()
    except OSError as error:
        return error.errno == errno.EIO
    return False
