"""The store's folder loses its rights under a mount, and gets them back."""

import errno
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import posecas
from kit.mounts import until
from kit.tiles import tile
from posecas_fuse.request import Engine
from posecas_fuse.table import mounted_at

pytestmark = [
    pytest.mark.fuse,
    pytest.mark.skipif(
        os.geteuid() != 0 or shutil.which("setpriv") is None,
        reason="only root can mount and then give up its power over the rights of files",
    ),
]

_ABOVE_RIGHTS = "-dac_override,-dac_read_search"
_NAMED = {errno.EACCES, errno.EROFS, errno.EIO}


def test_a_store_s_folder_without_rights_is_named_and_works_again_with_them(
    store: posecas.Store, mountpoint: Path, tmp_path: Path, engine: Engine
) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    log = tmp_path / "log"
    with _mounted_by_rights(store.path, mountpoint, engine, log):
        images = mountpoint / "generations/g1"
        assert (images / "p1.png").read_bytes() == tile(1)
        store.path.chmod(0)
        assert _errno(lambda: (images / "p2.png").write_bytes(tile(2))) in _NAMED
        assert _errno(lambda: (images / "p1.png").write_bytes(tile(2))) in _NAMED
        assert _errno(lambda: (images / "p1.png").rename(images / "p3.png")) in _NAMED
        store.path.chmod(0o700)
        assert (images / "p1.png").read_bytes() == tile(1)
        (images / "p2.png").write_bytes(tile(2))
        assert store.get("g1/p2") == tile(2)
    said = log.read_text()
    assert f"mounted; engine {engine}" in said
    assert "Permission denied" in said
    assert "Traceback" not in said


@contextmanager
def _mounted_by_rights(store: Path, mountpoint: Path, engine: Engine, log: Path) -> Iterator[None]:
    """Mount as a root whom the rights of files bind."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                *("setpriv", f"--bounding-set={_ABOVE_RIGHTS}", f"--inh-caps={_ABOVE_RIGHTS}"),
                *(sys.executable, "-m", "posecas_cli", "--store", store),
                *("mount", "--foreground", "--engine", engine, mountpoint),
            ],
            stdout=output,
            stderr=output,
        )
    try:
        until(lambda: mounted_at(mountpoint) is not None)
        yield
    finally:
        store.chmod(0o700)
        process.terminate()
        process.wait(60)


def _errno(act: Callable[[], object]) -> int:
    with pytest.raises(OSError) as caught:  # noqa: PT011 - which one is what is asked
        act()
    return caught.value.errno or 0
