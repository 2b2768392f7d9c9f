"""A store whose disk has no room left, under a mount."""

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import posecas
from kit.disks import Disk, small_disk
from kit.mounts import Mount, mounted, until
from kit.pictures import photo, png
from kit.tiles import tile
from posecas_fuse.request import Engine

pytestmark = pytest.mark.fuse

_SIZE = 24 << 20
_KEPT = _SIZE // 20
"""What `min_free` keeps of it."""
_LARGE, _OTHER = (png(photo(300, 250, seed=seed)) for seed in (1, 2))


def test_on_a_full_disk_writing_is_told_so_and_the_rest_goes_on(
    mountpoint: Path, engine: Engine
) -> None:
    with (
        small_disk(_SIZE) as disk,
        posecas.create_store(disk.path / "store") as store,
        mounted(store.path, mountpoint, engine=engine) as mount,
    ):
        for pose in ("p1", "p2", "p3"):
            store.put(_LARGE, generation="g1", pose=pose)
        folder, note = mount / "generations/g1", mount / ".scratch/note"
        note.write_bytes(bytes(100_000))
        _meet_the_limit(disk, store, mount)
        disk.fill()
        for full in (folder / "p5.png", folder / "p1.png", mount / ".scratch/other"):
            assert _errno(lambda full=full: full.write_bytes(tile(1))) == errno.ENOSPC  # type: ignore[misc]
        assert _errno(lambda: (folder / "p1.json").write_text('{"seed": 3}')) == errno.ENOSPC
        assert all((folder / f"{name}.png").read_bytes() == _LARGE for name in ("p1", "p2"))
        (folder / "p3.png").unlink()
        note.unlink()
        assert not note.exists()
        (disk.path / ".filler").unlink()
        until(lambda: _status(mount)["dirty"] == 0)
        assert (folder / "p4.png").read_bytes() == store.get("g1/p4") == _OTHER
        (folder / "p5.png").write_bytes(tile(1))
        assert store.get("g1/p5") == tile(1)
        assert _status(mount)["last_error"] is None
        assert "Traceback" not in (store.path / "mount.log").read_text()


def _meet_the_limit(disk: Disk, store: posecas.Store, mount: Mount) -> None:
    """Room for what is written is left, and not for what is stored: it is kept and tried again."""
    disk.fill_but(_KEPT + len(_OTHER) * 3 // 2)
    descriptor = os.open(mount / "generations/g1/p4.png", os.O_CREAT | os.O_WRONLY)
    try:
        os.write(descriptor, _OTHER)
        assert _errno(lambda: os.fsync(descriptor)) == errno.ENOSPC
    finally:
        assert _errno(lambda: os.close(descriptor)) == errno.ENOSPC
    told = _status(mount)
    assert (told["dirty"], told["last_error"]["error"]) == (1, "StorageFull")
    assert "g1/p4" not in {str(pose) for pose in store.poses(generation="g1")}


def _status(mount: Mount) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((mount / ".posecas/status.json").read_text())
    return found


def _errno(act: Callable[[], object]) -> int:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - which one is what is asked
        act()
    return caught.value.errno or 0
