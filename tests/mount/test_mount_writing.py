"""What programs meet that write to a mount: the numbers of errors, and what is there afterwards."""

import errno
import json
import os
import stat
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

import posecas
from kit.mounts import Mount, mounted, names, until
from kit.tiles import tile
from posecas_fuse.spool.survey import survey
from posecas_fuse.unmount import unmount

pytestmark = pytest.mark.fuse


@pytest.fixture
def folder_of_g1(mount: Mount) -> Path:
    """A generation of ada's, in the mount."""
    made = mount / "users/ada/g1"
    made.mkdir(parents=True)
    return made


def test_a_program_that_knows_only_files_stores_a_pose(store: posecas.Store, mount: Mount) -> None:
    folder = mount / "generations/g1"
    folder.mkdir()
    (folder / "p1.png").write_bytes(tile(1))
    (folder / "p1.json").write_text('{"prompt": "a heron", "seed": 7}')
    told = json.loads((folder / "p1.json").read_text())
    assert (told["user"], told["prompt"], told["seed"]) == ("default", "a heron", 7)
    assert (mount / told["path"][1:]).read_bytes() == tile(1)
    thumbnail = store.rendition("g1/p1", "thumb-400")
    assert (mount / told["thumbnail"]["path"][1:]).read_bytes() == thumbnail


def test_every_descriptor_s_close_waits_for_what_was_written(
    store: posecas.Store, folder_of_g1: Path
) -> None:
    first = os.open(folder_of_g1 / "p1.png", os.O_WRONLY | os.O_CREAT, 0o644)
    second = os.dup(first)
    os.close(second)
    os.write(first, tile(1))
    os.close(first)
    assert store.get("g1/p1") == tile(1)


def test_a_name_is_made_anew_while_what_it_led_to_is_still_being_stored(
    store: posecas.Store, folder_of_g1: Path
) -> None:
    target = folder_of_g1 / "p1.png"
    with ThreadPoolExecutor() as pool:
        closed = []
        for turn in range(60):
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT, 0o644)
            os.write(descriptor, tile(turn % 3))
            closed.append(pool.submit(os.close, descriptor))
            if turn % 3 == 0:
                wait(closed[-1:])
            target.unlink()
            assert not target.exists()
    assert [one.exception() for one in closed] == [None] * 60
    assert (names(folder_of_g1), list(store.poses())) == ([], [])


def test_a_name_is_there_while_the_spool_hands_it_to_the_index(folder_of_g1: Path) -> None:
    with ThreadPoolExecutor() as pool:
        for turn in range(30):
            target = folder_of_g1 / f"p{turn}.png"
            descriptor = os.open(target, os.O_WRONLY | os.O_CREAT, 0o644)
            os.write(descriptor, tile(turn))
            closed = pool.submit(os.close, descriptor)
            while not closed.done():
                assert target.stat().st_size == len(tile(turn))


def test_the_shell_writes_by_redirection(store: posecas.Store, folder_of_g1: Path) -> None:
    source = folder_of_g1.parents[2] / ".scratch/source"
    source.write_bytes(tile(1))
    for command in (
        "cat {source} > p1.png",
        "(head -c 100 {source}; tail -c +101 {source}) > p2.png",
        "head -c 100 {source} > p3.tmp && tail -c +101 {source} >> p3.tmp && mv p3.tmp p3.png",
        "dd if={source} of=p4.png bs=7 status=none",
    ):
        subprocess.run(
            ["sh", "-c", command.format(source=source)],  # noqa: S607
            cwd=folder_of_g1,
            check=True,
            stderr=subprocess.DEVNULL,
        )
    assert [store.get(f"g1/p{number}") for number in range(1, 5)] == [tile(1)] * 4


def test_the_status_tells_what_could_not_be_stored_until_that_is_made_up_for(
    mount: Mount, folder_of_g1: Path
) -> None:
    def told() -> dict[str, object] | None:
        found: dict[str, object] | None = json.loads((mount / ".posecas/status.json").read_text())[
            "last_error"
        ]
        return found

    assert told() is None
    with pytest.raises(OSError, match="Invalid argument"):
        _write(folder_of_g1, "p1.png", tile(1)[:-30])
    error = told()
    assert error is not None
    assert (error["file"], error["error"], error["retried"]) == ("g1/p1.png", "BrokenImage", False)
    assert str(error["message"]) in (folder_of_g1 / "p1.json").read_text()
    _write(folder_of_g1, "p1.png", tile(1))
    assert told() is None


def _write(folder: Path, name: str, data: bytes) -> None:
    descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_REFUSED: dict[str, tuple[int, Callable[[Path], object]]] = {
    "no image": (errno.EINVAL, lambda folder: _write(folder, "x.png", b"GIF89a")),
    "broken image": (errno.EINVAL, lambda folder: _write(folder, "x.png", tile(1)[:-30])),
    "too large": (errno.EFBIG, lambda folder: os.truncate(folder / "p1.png", 32_000_001)),
    "over quota": (errno.ENOSPC, lambda folder: _write(folder, "y.png", tile(1) + bytes(9000))),
    "no JSON": (errno.EINVAL, lambda folder: _write(folder, "p1.json", b'{"prompt": ')),
    "no id": (errno.EINVAL, lambda folder: _write(folder, "a b.png", tile(1))),
    "no user": (errno.EINVAL, lambda folder: (folder.parent.parent / "a b").mkdir()),
    "long name": (errno.ENAMETOOLONG, lambda folder: _write(folder, "x" * 256, b"")),
    "file among users": (errno.EPERM, lambda folder: _write(folder.parent, "x.png", tile(1))),
    "folder in a generation": (errno.EPERM, lambda folder: (folder / "deeper").mkdir()),
    "not empty": (errno.ENOTEMPTY, lambda folder: folder.rmdir()),
    "hard link": (errno.EPERM, lambda folder: (folder / "l.png").hardlink_to(folder / "p1.png")),
    "symbolic link": (errno.EPERM, lambda folder: (folder / "l.png").symlink_to("p1.png")),
    "pipe": (errno.EPERM, lambda folder: os.mkfifo(folder / "pipe")),
    "attribute": (errno.ENOTSUP, lambda folder: os.setxattr(folder / "p1.png", "user.x", b"")),
    "hashes": (errno.EROFS, lambda folder: _write(folder.parents[2] / "hashes/00", "x", b"")),
    "moved to another": (
        errno.EXDEV,
        lambda folder: (folder / "p1.png").rename(folder.parents[1] / "bob/g2/p1.png"),
    ),
    "another's generation": (errno.EACCES, lambda folder: (folder.parent / "g2").mkdir()),
}


def test_each_refusal_has_its_number_and_changes_nothing(
    store: posecas.Store, mount: Mount
) -> None:
    before = store.put(tile(1), user="ada", generation="g1", pose="p1", prompt="a heron")
    store.add_generation("g2", "bob")
    store.set_quota("ada", 2 * len(tile(1)))
    for what, (number, attempt) in _REFUSED.items():
        with pytest.raises(OSError, match=r".") as caught:
            attempt(mount / "users/ada/g1")
        assert errno.errorcode[caught.value.errno or 0] == errno.errorcode[number], what
    assert list(store.poses()) == [before]
    log = (store.path / "mount.log").read_text()
    assert log.count("g1/x.png: a write was refused (NotAnImage)") == 1
    assert log.count("not stored (BrokenImage): g1/x.png") == 1


def test_a_file_without_a_name_is_not_made(folder_of_g1: Path) -> None:
    with pytest.raises(OSError, match=r".") as caught:
        os.open(folder_of_g1, os.O_TMPFILE | os.O_WRONLY)
    assert caught.value.errno in {errno.EPERM, errno.EOPNOTSUPP}


def test_a_killed_mount_loses_nothing_of_what_was_written(
    store: posecas.Store, mountpoint: Path
) -> None:
    store.add_generation("g1", "ada")
    with mounted(store.path, mountpoint) as first:
        whole = os.open(first / "generations/g1/p1.png", os.O_WRONLY | os.O_CREAT, 0o644)
        half = os.open(first / "generations/g1/p2.png", os.O_WRONLY | os.O_CREAT, 0o644)
        os.write(whole, tile(1))
        os.write(half, tile(2)[:100])
        (first / "generations/g1/tmp").write_bytes(b"temporary")
        first.kill()
        unmount(mountpoint)
        for descriptor in (whole, half):
            with pytest.raises(OSError, match=r"."):
                os.close(descriptor)
    with mounted(store.path, mountpoint) as second:
        until(lambda: bool(list(store.poses())))
        assert (second / "users/ada/g1/p1.png").read_bytes() == tile(1)
        assert (second / "users/ada/g1/p2.png").read_bytes() == tile(2)[:100]
        assert (second / "users/ada/g1/tmp").read_bytes() == b"temporary"
        until(lambda: "failed" in {file.state for file in survey(store.path)})
        assert json.loads((second / "users/ada/g1/p2.json").read_text())["error"]


def test_one_user_s_mount_writes_that_user_s_images_alone(
    store: posecas.Store, mountpoint: Path
) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1")
    store.put(tile(2), user="bob", generation="g2", pose="p2")
    store.set_quota("ada", 1 << 20)
    with mounted(store.path, mountpoint, user="ada") as mount:
        (mount / "g3").mkdir()
        (mount / "g3/p3.png").write_bytes(tile(3))
        assert store.pose("g3/p3").user == "ada"
        shown = os.statvfs(mount.path)
        assert shown.f_blocks * shown.f_frsize == 1 << 20
        with pytest.raises(PermissionError):
            (mount / "g2").mkdir()
        assert names(mount.path) == [".scratch", ".thumbnails", "g1", "g3"]
        for path in ("g2/p2.png", "../g2", "users", "hashes", store.pose("g2/p2").path[1:]):
            assert not (mount.path / path).exists()


def test_a_mount_that_replaces_nothing_says_that_the_file_exists(
    store: posecas.Store, mountpoint: Path
) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1")
    with mounted(store.path, mountpoint, replaces=False) as mount:
        with pytest.raises(FileExistsError):
            (mount / "users/ada/g1/p1.png").write_bytes(tile(2))
        (mount / "users/ada/g1/p2.png").write_bytes(tile(2))
    assert store.get("g1/p1") == tile(1)
    assert store.get("g1/p2") == tile(2)


def test_who_makes_a_file_in_the_scratch_folder_owns_it(mount: Mount) -> None:
    path = mount / ".scratch/file"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o640)
    os.fchmod(descriptor, 0o600)
    os.utime(descriptor, ns=(1_000_000_001, 2_000_000_002))
    os.close(descriptor)
    found = path.stat()
    assert (stat.S_IMODE(found.st_mode), found.st_uid) == (0o600, os.getuid())
    assert (found.st_atime_ns, found.st_mtime_ns) == (1_000_000_001, 2_000_000_002)


def test_copying_with_all_attributes_keeps_times_and_what_is_said(
    store: posecas.Store, folder_of_g1: Path
) -> None:
    (folder_of_g1 / "p1.png").write_bytes(tile(1))
    os.setxattr(folder_of_g1 / "p1.png", "user.posecas.prompt", b"a heron")
    os.utime(folder_of_g1 / "p1.png", (10**9, 10**9))
    subprocess.run(["cp", "-a", "p1.png", "p2.png"], cwd=folder_of_g1, check=True)  # noqa: S607
    bob = folder_of_g1.parents[1] / "bob/g2"
    bob.mkdir(parents=True)
    subprocess.run(["mv", "p1.png", str(bob)], cwd=folder_of_g1, check=True)  # noqa: S607
    for pose in (store.pose("g1/p2"), store.pose("g2/p1")):
        assert (pose.prompt, pose.updated_at.timestamp()) == ("a heron", 10**9)
    assert store.pose("g2/p1").user == "bob"
    assert names(folder_of_g1) == ["p2.json", "p2.png"]
