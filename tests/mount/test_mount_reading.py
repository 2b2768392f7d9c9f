import errno
import hashlib
import mmap
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import posecas
from kit.mounts import Mount, mounted
from kit.pictures import photo, png
from kit.tiles import tile
from posecas_fuse.request import Engine

pytestmark = pytest.mark.fuse


@pytest.fixture(scope="module")
def large() -> bytes:
    """About a megabyte, several requests long."""
    return png(photo(800, 700))


def test_any_part_of_an_image_can_be_read(store: posecas.Store, mount: Mount, large: bytes) -> None:
    store.put(large, generation="g1", pose="p1")
    with (mount / "generations/g1/p1.png").open("rb", buffering=0) as file:
        for offset, size in (
            (0, 1),
            (1, 4096),
            (len(large) - 3, 10),
            (131_071, 2),
            (len(large), 5),
        ):
            file.seek(offset)
            assert file.read(size) == large[offset : offset + size]


def test_many_readers_at_once_get_the_right_bytes(
    store: posecas.Store, mount: Mount, large: bytes
) -> None:
    expected = {f"p{number}": large if number == 0 else tile(number) for number in range(8)}
    for name, data in expected.items():
        store.put(data, generation="g1", pose=name)

    def read(name: str) -> bool:
        path = mount / f"generations/g1/{name}.png"
        return all(path.read_bytes() == expected[name] for _ in range(20))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, expected))


def test_readers_in_other_processes_get_the_right_bytes(
    store: posecas.Store, mount: Mount, large: bytes
) -> None:
    store.put(large, generation="g1", pose="p1")
    script = """
import sys, hashlib
for _ in range(10):
    with open(sys.argv[1], "rb") as file:
        print(hashlib.sha256(file.read()).hexdigest())
"""
    readers = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(mount / "generations/g1/p1.png")],
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    printed = {line for reader in readers for line in reader.communicate()[0].split()}
    assert printed == {hashlib.sha256(large).hexdigest()}


def test_what_never_changes_can_be_mapped(store: posecas.Store, mount: Mount, large: bytes) -> None:
    pose = store.put(large, generation="g1", pose="p1")
    with (
        (mount / pose.path[1:]).open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as shared,
    ):
        assert shared[:] == large
    with (
        (mount / "generations/g1/p1.png").open("rb") as file,
        mmap.mmap(file.fileno(), 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ) as private,
    ):
        assert private[:] == large


_WRITES: dict[str, Callable[[Path], object]] = {
    "create": lambda folder: (folder / "new.png").touch(),
    "overwrite": lambda folder: (folder / "p1.png").write_bytes(b""),
    "append": lambda folder: (folder / "p1.png").open("ab"),
    "update": lambda folder: (folder / "p1.png").open("r+b"),
    "truncate": lambda folder: os.truncate(folder / "p1.png", 0),
    "unlink": lambda folder: (folder / "p1.png").unlink(),
    "rename": lambda folder: (folder / "p1.png").rename(folder / "p2.png"),
    "mkdir": lambda folder: (folder / "new").mkdir(),
    "rmdir": lambda folder: folder.rmdir(),
    "chmod": lambda folder: (folder / "p1.png").chmod(0o600),
    "chown": lambda folder: os.chown(folder / "p1.png", 1, 1),
    "utime": lambda folder: os.utime(folder / "p1.png"),
    "link": lambda folder: (folder / "p2.png").hardlink_to(folder / "p1.png"),
    "symlink": lambda folder: (folder / "p2.png").symlink_to("p1.png"),
    "setxattr": lambda folder: os.setxattr(folder / "p1.png", "user.posecas.prompt", b"x"),
    "removexattr": lambda folder: os.removexattr(folder / "p1.png", "user.posecas.prompt"),
    "mkfifo": lambda folder: os.mkfifo(folder / "pipe"),
}


def test_every_attempt_to_write_to_a_read_only_mount_meets_a_read_only_file_system(
    store: posecas.Store, mountpoint: Path, engine: Engine
) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1", prompt="a heron")
    with mounted(store.path, mountpoint, engine=engine, read_only=True) as mount:
        for kind, attempt in _WRITES.items():
            with pytest.raises(OSError, match="Read-only") as caught:
                attempt(mount / "generations/g1")
            assert caught.value.errno == errno.EROFS, kind
    assert store.pose("g1/p1") == pose


def test_nothing_is_written_even_when_root_remounts_it_for_writing(
    store: posecas.Store, mountpoint: Path, engine: Engine
) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1", prompt="a heron")
    with mounted(store.path, mountpoint, engine=engine, read_only=True) as mount:
        remount = ["mount", "-i", "-o", "remount,rw", str(mount.path)]
        if os.getuid() or subprocess.run(remount, check=False, capture_output=True).returncode:
            pytest.skip("this kernel, or user, cannot remount")
        for kind, attempt in _WRITES.items():
            with pytest.raises(OSError, match=r".") as caught:
                attempt(mount / "generations/g1")
            assert caught.value.errno == errno.EROFS, kind
    assert store.pose("g1/p1") == pose


def test_ordinary_programs_read_it(
    store: posecas.Store, mount: Mount, tmp_path: Path, large: bytes
) -> None:
    store.put(large, user="ada", generation="g1", pose="p1")
    store.put(tile(1), user="ada", generation="g1", pose="p2")
    folder = mount / "users/ada/g1"
    assert _run("cat", folder / "p1.png") == large
    assert (
        _run("sha256sum", folder / "p1.png").split()[0].decode()
        == hashlib.sha256(large).hexdigest()
    )
    assert sorted(
        _run("find", folder, "-name", "*.png", "-printf", "%f %s\n").decode().split("\n")
    ) == [
        "",
        f"p1.png {len(large)}",
        f"p2.png {len(tile(1))}",
    ]
    assert int(_run("du", "-sb", folder).split()[0]) >= len(large) + len(tile(1))
    _run("cp", "-a", folder, tmp_path / "copied")
    assert (tmp_path / "copied/p1.png").read_bytes() == large
    _run("tar", "cf", tmp_path / "all.tar", "-C", folder, ".")
    shutil.unpack_archive(tmp_path / "all.tar", tmp_path / "unpacked", filter="data")
    assert (tmp_path / "unpacked/p1.png").read_bytes() == large


def test_a_damaged_object_is_an_input_error_and_marked(store: posecas.Store, mount: Mount) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1")
    _object(store, pose).write_bytes(b"short")
    with pytest.raises(OSError, match="Input/output") as caught:
        (mount / "generations/g1/p1.png").open("rb")
    assert caught.value.errno == errno.EIO
    assert [one.state for one in store.index.all_replicas(pose.digest)] == ["damaged"]
    assert "DamagedObject" in (store.path / "mount.log").read_text()


def test_a_missing_object_is_an_input_error_and_never_a_missing_name(
    store: posecas.Store, mount: Mount
) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1")
    _object(store, pose).unlink()
    path = mount / "generations/g1/p1.png"
    for _ in range(2):
        assert path.stat().st_size == pose.size
        with pytest.raises(OSError, match="Input/output") as caught:
            path.open("rb")
        assert caught.value.errno == errno.EIO
    assert store.put(tile(1), generation="g1", pose="p2").digest == pose.digest
    assert path.read_bytes() == tile(1)


def _object(store: posecas.Store, pose: posecas.Pose) -> Path:
    (replica,) = store.index.all_replicas(pose.digest)
    return store.path / replica.key


def _run(*command: str | Path) -> bytes:
    done = subprocess.run([str(word) for word in command], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout
