"""`mount` and `unmount` are thin: the mount's own tests tell what it shows."""

import os
import signal
from pathlib import Path

import pytest

from kit.commands import Posecas
from kit.mounts import mounted
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


@pytest.mark.fuse
def test_status_tells_how_a_mount_fares(posecas: Posecas, tmp_path: Path) -> None:
    with mounted(posecas.store, tmp_path / "mnt") as mount:
        told = posecas("status", mount.path)
        assert (told.code, told.err) == (0, "")
        assert f"{mount.path}: it answers; engine " in told.out
        (found,) = posecas("status", mount.path, "--json").objects
        assert found["answers"]
        assert found["worker_pid"] in mount.processes
        assert posecas("status", mount.path, "--quiet").out == ""


@pytest.mark.fuse
def test_status_names_a_mount_that_is_not_there_or_dead(posecas: Posecas, tmp_path: Path) -> None:
    absent = posecas("status", tmp_path)
    assert (absent.code, absent.err.count("\n")) == (1, 1)
    assert "nothing is mounted here" in absent.err
    with mounted(posecas.store, tmp_path / "mnt", user=None) as mount:
        mount.kill()
        dead = posecas("status", mount.path)
    assert (dead.code, dead.err.count("\n")) == (1, 1)
    assert f"posecas unmount {mount.path}" in dead.err
    assert f"posecas mount {mount.path}" in dead.err


@pytest.mark.fuse
def test_status_does_not_wait_for_a_mount_that_hangs(posecas: Posecas, tmp_path: Path) -> None:
    with mounted(posecas.store, tmp_path / "mnt") as mount:
        stopped = mount.processes
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        try:
            hangs = posecas.process("status", mount.path, "--timeout", "1s")
        finally:
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
    assert (hangs.code, hangs.err.count("\n")) == (5, 1)
    assert "does not answer within 1 s" in hangs.err
