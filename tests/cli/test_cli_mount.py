"""`mount` and `unmount` are thin: the mount's own tests tell what it shows."""

from pathlib import Path

import pytest

from kit.commands import Posecas
from kit.tiles import tile


@pytest.mark.fuse
def test_what_was_put_can_be_read_until_unmounted(posecas: Posecas, tmp_path: Path) -> None:
    (tmp_path / "heron.png").write_bytes(tile(1))
    posecas("put", tmp_path / "heron.png", "--user", "ada", "--generation", "g1")
    folder = tmp_path / "mnt"
    folder.mkdir()
    mounted = posecas.process("mount", folder)
    try:
        assert (mounted.code, mounted.err) == (0, "")
        assert f"posecas unmount {folder}" in mounted.out
        assert (folder / "users/ada/g1/heron.png").read_bytes() == tile(1)
        assert posecas("mount", folder).code == 1
    finally:
        done = posecas.process("unmount", folder, "--json")
    assert (done.code, done.objects[0]["status"]) == (0, "unmounted")
    assert list(folder.iterdir()) == []


def test_what_cannot_be_mounted_is_named(posecas: Posecas, tmp_path: Path) -> None:
    done = posecas("mount", tmp_path / "absent")
    assert done.code == 1
    assert str(tmp_path / "absent") in done.err
    assert done.err.count("\n") == 1
    assert posecas("unmount", tmp_path).code == 1
