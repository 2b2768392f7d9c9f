"""What the kernel engine does beyond what every engine does."""

import json
import mmap
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

import posecas
from kit.mounts import Mount, alive, mounted, names, until
from kit.pictures import photo, png
from kit.tiles import tile
from kit.victims import start
from posecas.digest import digest_of
from posecas_fuse.kernel.attach import Options, attach, detach
from posecas_fuse.table import mounted_at
from posecas_fuse.unmount import unmount

pytestmark = pytest.mark.fuse

_WITHOUT = "POSECAS_MOUNT_WITHOUT"


@pytest.fixture(scope="module")
def images() -> tuple[bytes, bytes]:
    """Two images of several pages each, of different sizes."""
    return png(photo(300, 200)), png(photo(310, 200))


@pytest.fixture
def kernel(store: posecas.Store, mountpoint: Path) -> Iterator[Mount]:
    """The view of `store`, by the kernel engine."""
    with mounted(store.path, mountpoint, engine="kernel") as found:
        yield found


@contextmanager
def stopped(mount: Mount) -> Iterator[None]:
    """Nobody answers meanwhile."""
    pids = mount.processes
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def _status(mount: Mount) -> dict[str, object]:
    found: dict[str, object] = json.loads((mount / ".posecas/status.json").read_text())
    return found


def _needs_passthrough(mount: Mount) -> None:
    if _status(mount)["read_mode"] != "passthrough":
        pytest.skip("this kernel, or user, cannot pass reads through")


def test_the_kernel_reads_the_store_s_file_itself(
    store: posecas.Store, kernel: Mount, images: tuple[bytes, bytes]
) -> None:
    _needs_passthrough(kernel)
    store.put(images[0], generation="g1", pose="p1")
    with (kernel / "generations/g1/p1.png").open("rb", buffering=0) as file, stopped(kernel):
        assert file.read() == images[0]


def test_without_it_the_kernel_keeps_what_it_read(
    store: posecas.Store,
    mountpoint: Path,
    images: tuple[bytes, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(_WITHOUT, "passthrough")
    store.put(images[0], generation="g1", pose="p1")
    with mounted(store.path, mountpoint, engine="kernel") as mount:
        assert _status(mount)["read_mode"] == "cached"
        path = mount / "generations/g1/p1.png"
        with path.open("rb", buffering=0) as first:
            assert first.read() == images[0]
        with path.open("rb", buffering=0) as again, stopped(mount):
            assert again.read() == images[0]


@pytest.mark.parametrize("without", ["", "passthrough"])
def test_readers_of_both_images_at_once_see_each_their_own_mapped_too(
    store: posecas.Store,
    mountpoint: Path,
    images: tuple[bytes, bytes],
    monkeypatch: pytest.MonkeyPatch,
    without: str,
) -> None:
    monkeypatch.setenv(_WITHOUT, without)
    old, new = images
    store.put(old, generation="g1", pose="p1")
    with mounted(store.path, mountpoint, engine="kernel") as mount:
        path = mount / "generations/g1/p1.png"
        before = [path.open("rb", buffering=0) for _ in range(3)]
        store.put(new, generation="g1", pose="p1", replace=True)
        after = [path.open("rb", buffering=0) for _ in range(3)]
        for files, image in ((before, old), (after, new)):
            for file in files:
                with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                    assert mapped[:] == image
                assert os.fstat(file.fileno()).st_size == len(image)
                assert file.read() == image
                file.close()
        assert path.read_bytes() == new


def test_a_reader_keeps_the_image_that_somebody_writes_anew_through_the_mount(
    kernel: Mount, images: tuple[bytes, bytes]
) -> None:
    old, new = images
    (kernel / "generations/g1").mkdir()
    path = kernel / "generations/g1/p1.png"
    path.write_bytes(old)
    with path.open("rb", buffering=0) as reader, path.open("wb", buffering=0) as writer:
        writer.write(new[:100])
        with mmap.mmap(reader.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert mapped[:] == old
        assert path.read_bytes() == old
        writer.write(new[100:])
        os.fsync(writer.fileno())
        assert path.read_bytes() == new
        assert reader.read() == old
    assert (path.read_bytes(), path.stat().st_size) == (new, len(new))


def test_another_process_s_changes_are_seen_in_every_tree_though_the_kernel_was_told_otherwise(
    store: posecas.Store, kernel: Mount
) -> None:
    store.put(tile(0), user="ada", generation="g1", pose="p0", aliases=["old/x0.png"])
    digest = digest_of(tile(1))
    paths = [
        kernel / "users/ada/g1/p1.png",
        kernel / "generations/g1/p1.png",
        kernel / "generations/g1/p1.json",
        kernel / "thumbnails/users/ada/g1/p1.jpg",
        kernel / "thumbnails/generations/g1/p1.jpg",
        kernel / f"hashes/{digest[:2]}/{digest}.png",
        kernel / "aliases/old/x1.png",
        kernel / "aliases/older/x1.png",
    ]
    folders = [kernel / "users/ada/g1", kernel / "generations/g1", kernel / "aliases/old"]
    assert not [path for path in paths if path.exists()]
    assert not [folder for folder in folders if any("1" in name for name in names(folder))]
    aliases = ["old/x1.png", "older/x1.png"]
    store.put(tile(1), user="ada", generation="g1", pose="p1", aliases=aliases)
    until(lambda: all(path.exists() for path in paths))
    until(lambda: all(any("1" in name for name in names(folder)) for folder in folders))
    store.remove(["g1/p1"])
    gone = [path for path in paths if "hashes" not in path.parts]
    until(lambda: not any(path.exists() for path in gone))
    until(lambda: not any("1" in name for folder in folders for name in names(folder)))


def test_changes_that_were_missed_are_seen_all_the_same(
    store: posecas.Store, kernel: Mount
) -> None:
    store.put(tile(0), generation="g1", pose="p0")
    path = kernel / "generations/g1/p1.png"
    until((kernel / "generations/g1/p0.png").exists)
    assert not path.exists()
    with stopped(kernel):
        store.put(tile(1), generation="g1", pose="p1")
        with store.index._engine.writing() as cursor:  # type: ignore[attr-defined]
            cursor.run("DELETE FROM changes")
        store.put(tile(2), generation="g1", pose="p2")
    until(path.exists)


def test_a_new_owner_s_generation_leaves_the_old_one_s_folder(
    store: posecas.Store, kernel: Mount
) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1")
    store.put(tile(1), user="bob", generation="g2", pose="p1")
    assert (kernel / "users/ada/g1/p1.png").exists()
    store.move_generation("g1", "bob")
    until((kernel / "users/bob/g1/p1.png").exists)
    until(lambda: not (kernel / "users/ada/g1").exists())


def test_on_a_kernel_that_sends_nothing_again_a_dead_worker_is_mounted_anew(
    store: posecas.Store, mountpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(_WITHOUT, "resend")
    store.put(tile(1), generation="g1", pose="p1")
    with mounted(store.path, mountpoint, engine="kernel") as mount:
        pid = int(str(_status(mount)["worker_pid"]))
        os.kill(pid, signal.SIGKILL)
        until(lambda: _answers(mountpoint))
        assert (mount / "generations/g1/p1.png").read_bytes() == tile(1)
        assert _status(mount)["restarts"] == 1


def _answers(mountpoint: Path) -> bool:
    try:
        return "users" in names(mountpoint)
    except OSError:
        return False


def test_workers_that_die_as_they_begin_are_not_replaced_for_ever(
    store: posecas.Store, kernel: Mount
) -> None:
    pid = int(str(_status(kernel)["worker_pid"]))
    (store.path / "posecas.toml").write_text("format = 99\n")
    os.kill(pid, signal.SIGKILL)
    until(lambda: mounted_at(kernel.path) is None)
    until(lambda: not alive(kernel.pid))
    log = (store.path / "mount.log").read_text()
    assert "in a row died as they began" in log
    assert "99" in log


def test_sigterm_takes_the_mount_away_at_once_and_lets_a_reader_finish(
    store: posecas.Store,
    mountpoint: Path,
    images: tuple[bytes, bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(_WITHOUT, "passthrough")
    store.put(images[0], generation="g1", pose="p1")
    with mounted(store.path, mountpoint, engine="kernel") as mount:
        with (mount / "generations/g1/p1.png").open("rb", buffering=0) as file:
            os.kill(mount.pid, signal.SIGTERM)
            until(lambda: mounted_at(mountpoint) is None)
            assert file.read() == images[0]
        until(lambda: not alive(mount.pid))


def test_what_is_open_after_sigterm_s_bound_is_cut_off_and_told_and_keeps_its_bytes(
    store: posecas.Store, mountpoint: Path, images: tuple[bytes, bytes]
) -> None:
    store.put(images[0], generation="g1", pose="p1")
    with mounted(store.path, mountpoint, engine="kernel", drain=0.5) as mount:
        written = (mount / "generations/g1/p2.png").open("wb", buffering=0)
        written.write(images[1])
        os.kill(mount.pid, signal.SIGTERM)
        until(lambda: mounted_at(mountpoint) is None)
        until(lambda: not alive(mount.pid))
        with pytest.raises(OSError, match=r"not connected|aborted"):
            written.write(b"more")
        with suppress(OSError):
            written.close()
    assert "files are still open after 0.5 s" in (store.path / "mount.log").read_text()
    with mounted(store.path, mountpoint, engine="kernel") as mount:
        until((mount / "generations/g1/p2.png").exists)
        assert (mount / "generations/g1/p2.png").read_bytes() == images[1]


def test_a_service_manager_hears_when_it_is_ready_and_when_it_ends(
    store: posecas.Store, mountpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        script = """
import sys
from posecas_fuse.mount import mount_here
from posecas_fuse.request import Request
mount_here(Request(sys.argv[1], sys.argv[2], "kernel"))
"""
        process = start(script, store.path, mountpoint)
        try:
            told = manager.recv(4096).decode().split("\n")
            assert {"READY=1", f"MAINPID={process.pid}"} <= set(told)
            assert "users" in names(mountpoint)
        finally:
            process.send_signal(signal.SIGTERM)
        assert manager.recv(4096) == b"STOPPING=1"
        process.communicate(timeout=60)
        assert process.returncode == 0


def test_another_user_mounts_by_fusermount3(mountpoint: Path) -> None:
    if os.geteuid():
        pytest.skip("only root can become another user")
    os.chown(mountpoint, 65534, 65534)
    os.seteuid(65534)
    try:
        device = attach(mountpoint, Options("a source, spaced", True, False, largest_read=1 << 20))
        try:
            found = mounted_at(mountpoint)
            assert found is not None
            assert found.kind == "fuse.posecas"
            # INIT is the first question.
            assert os.read(device, 1 << 20)[4:8] == (26).to_bytes(4, "little")
        finally:
            detach(mountpoint)
            os.close(device)
    finally:
        os.seteuid(0)
    assert mounted_at(mountpoint) is None


def test_a_folder_of_the_mount_may_be_somebody_s_place_while_names_change(
    store: posecas.Store, kernel: Mount
) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1")
    here = subprocess.Popen(
        ["sh", "-c", "read line; pwd; ls"],  # noqa: S607
        cwd=kernel / "users/ada/g1",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    store.put(tile(2), user="ada", generation="g1", pose="p2")
    until((kernel / "users/ada/g1/p2.png").exists)
    told = here.communicate("\n", timeout=60)[0].split()
    assert told[0] == str(kernel / "users/ada/g1")
    assert "p2.png" in told
    unmount(kernel.path)
