import errno
import json
import os
import re
import stat
from pathlib import Path

import pytest

import posecas
from kit.directories import directory
from kit.mounts import Mount, mounted, names
from kit.tiles import tile
from kit.views import walk
from posecas import PutItem
from posecas.machine import pose_json
from posecas.view import View
from posecas_fuse.request import Engine

pytestmark = pytest.mark.fuse


def test_walking_the_mount_finds_exactly_the_view(store: posecas.Store, mount: Mount) -> None:
    for number in range(3):
        store.put(tile(number), user="ada", generation="g1", pose=f"p{number}", aliases=["old/x"])
    found = {
        f"{folder}/{name}".removeprefix(str(mount.path))
        for folder, folders, files in os.walk(mount.path, onerror=_fail)
        for name in (*folders, *files)
    }
    assert found == {"/.scratch", *(path for path, _ in walk(View(store)))}


def test_sizes_times_modes_and_inode_numbers_are_those_of_the_view(
    store: posecas.Store, mount: Mount
) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1", prompt="a héron", aliases=["a/b"])
    for path, entry in walk(View(store)):
        if path.startswith("/.posecas") or (entry.blob is None and entry.folder):
            continue
        found = (mount / path[1:]).stat()
        assert (found.st_ino, found.st_size) == (entry.node, entry.size)
        assert found.st_mtime_ns == found.st_ctime_ns == _nanoseconds(entry.modified.timestamp())
        written = path.startswith(("/users", "/generations"))
        assert stat.S_IMODE(found.st_mode) == (0o644 if written else 0o444)
        assert (found.st_uid, found.st_gid, found.st_nlink) == (os.getuid(), os.getgid(), 1)
    folder = (mount / "users/ada/g1").stat()
    assert (stat.S_IMODE(folder.st_mode), folder.st_nlink) == (0o755, 2)


def test_every_file_has_the_bytes_that_the_store_gives(store: posecas.Store, mount: Mount) -> None:
    pose = store.put(tile(1), user="ada", generation="g1", pose="p1", aliases=["old/x.png"])
    data = store.get(pose)
    for path in (
        "users/ada/g1/p1.png",
        "users/ada/g1/p1.webp",
        "generations/g1/p1.png",
        "aliases/old/x.png",
        pose.path[1:],
    ):
        assert (mount / path).read_bytes() == data
    thumbnail = store.rendition(pose, "thumb-400")
    assert (mount / "thumbnails/users/ada/g1/p1.jpg").read_bytes() == thumbnail
    assert json.loads((mount / "users/ada/g1/p1.json").read_text()) == pose_json(pose)


def test_the_status_names_the_engine_and_the_process(mount: Mount) -> None:
    status = json.loads((mount / ".posecas/status.json").read_text())
    assert status["engine"] == mount.engine
    assert status["worker_pid"] in (mount.pid, *mount.workers)
    assert (status["dirty"], status["spooled"], status["backend"]) == (0, 0, "local")


_METRIC = re.compile(
    r"# HELP (\w+) [^\n]+\n# TYPE \1 (?:counter|gauge)\n"
    r"(\1(?:\{(?:\w+=\"[^\"\n]*\",?)+\})?) (\d+)\n"
)


def _metrics(mount: Mount) -> dict[str, int]:
    text = (mount / ".posecas/metrics").read_text()
    assert _METRIC.sub("", text) == ""
    return {name: int(value) for _, name, value in _METRIC.findall(text)}


def test_the_metrics_say_what_the_status_says(store: posecas.Store, mount: Mount) -> None:
    store.add_generation("g1", "ada")
    status = json.loads((mount / ".posecas/status.json").read_text())
    info = ",".join(f'{name}="{status[name]}"' for name in ("engine", "read_mode", "backend"))
    well = {
        f"posecas_mount_info{{{info}}}": 1,
        "posecas_mount_restarts_total": 0,
        "posecas_mount_dirty_files": 0,
        "posecas_mount_spooled_files": 0,
        "posecas_mount_cache_bytes": 0,
        "posecas_mount_backend_up": 1,
        "posecas_mount_commit_failed": 0,
    }
    assert _metrics(mount) == well
    with pytest.raises(OSError, match="Invalid argument"):
        (mount / "generations/g1/p1.png").write_bytes(tile(1)[:-30])
    found = _metrics(mount)
    assert found["posecas_mount_commit_failed"] == 1
    assert (
        found["posecas_mount_spooled_files"]
        == json.loads((mount / ".posecas/status.json").read_text())["spooled"]
    )


def test_three_thousand_poses_are_listed_each_once(store: posecas.Store, mount: Mount) -> None:
    results = store.put_many(PutItem(tile(1), "g1", f"p{number}") for number in range(3000))
    assert all(result.error is None for result in results)
    found = names(mount / "generations/g1")
    assert len(found) == 6000
    assert set(found) == {f"p{n}.{suffix}" for n in range(3000) for suffix in ("png", "json")}


def test_a_listing_that_poses_leave_meanwhile_keeps_all_the_others(
    store: posecas.Store, mount: Mount
) -> None:
    list(store.put_many(PutItem(tile(1), "g1", f"p{number:04}") for number in range(1500)))
    with os.scandir(mount / "generations/g1") as listing:
        seen = [next(listing).name]
        store.remove([f"g1/p{number:04}" for number in range(0, 1500, 3)])
        seen += [entry.name for entry in listing]
    assert len(seen) == len(set(seen))
    kept = {f"p{number:04}.png" for number in range(1500) if number % 3}
    assert kept <= set(seen)


def test_a_listing_is_read_on_from_any_place_that_it_was_at(
    store: posecas.Store, mount: Mount
) -> None:
    list(store.put_many(PutItem(tile(1), "g1", f"p{number:04}") for number in range(300)))
    with directory(mount / "generations/g1") as listing:
        whole = list(listing)
        places = range(0, len(whole), 97)
        for place in (*places, *reversed(places)):
            listing.seek(whole[place][0])
            assert list(listing) == whole[place + 1 :]
    assert len({name for _, name in whole}) == 2 + 600


@pytest.mark.parametrize(
    "name", ["nothing.png", "p1", "p1.gif", ".p1.png", "p 1.png", "p\n.png", "ü.png", "*", "p1.PNG"]
)
def test_a_strange_name_is_not_there(store: posecas.Store, mount: Mount, name: str) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    with pytest.raises(FileNotFoundError):
        (mount / "generations/g1" / name).stat()


def test_a_name_that_is_no_text_is_not_there(mount: Mount) -> None:
    with pytest.raises(FileNotFoundError):
        (mount / "aliases" / os.fsdecode(b"\xff\xfe")).stat()


def test_a_name_over_255_bytes_is_too_long(mount: Mount) -> None:
    with pytest.raises(FileNotFoundError):
        (mount / "aliases" / ("x" * 255)).stat()
    with pytest.raises(OSError, match="too long") as caught:
        (mount / "aliases" / ("x" * 256)).stat()
    assert caught.value.errno == errno.ENAMETOOLONG


def test_attributes_are_extended_attributes(store: posecas.Store, mount: Mount) -> None:
    pose = store.put(tile(1), user="ada", generation="g1", pose="p1", prompt="a héron")
    path = mount / "users/ada/g1/p1.png"
    found = {name: os.getxattr(path, name).decode() for name in os.listxattr(path)}
    assert (
        found.items()
        >= {
            "user.posecas.digest": pose.digest,
            "user.posecas.user": "ada",
            "user.posecas.generation": "g1",
            "user.posecas.pose": "p1",
            "user.posecas.prompt": "a héron",
        }.items()
    )
    for name in ("user.posecas.model", "user.other", "security.capability"):
        with pytest.raises(OSError, match="No data") as caught:
            os.getxattr(path, name)
        assert caught.value.errno == errno.ENODATA


def test_the_room_shown_is_that_of_the_store_s_disk(store: posecas.Store, mount: Mount) -> None:
    shown, real = os.statvfs(mount.path), os.statvfs(store.path)
    assert shown.f_blocks * shown.f_frsize == pytest.approx(real.f_blocks * real.f_frsize, rel=0.01)
    assert shown.f_namemax == 255


def test_one_user_s_mount_leads_to_nothing_else(
    store: posecas.Store, mountpoint: Path, engine: Engine
) -> None:
    store.put(tile(1), user="ada", generation="g1", pose="p1")
    store.put(tile(2), user="bob", generation="g2", pose="p2")
    with mounted(store.path, mountpoint, engine=engine, user="ada") as mount:
        assert names(mount.path) == [".scratch", ".thumbnails", "g1"]
        assert (mount / "g1/p1.png").read_bytes() == store.get("g1/p1")
        assert names(mount / ".thumbnails/g1") == ["p1.jpg"]
        for path in ("g2", "users", ".thumbnails/g2", "hashes", ".posecas"):
            assert not (mount / path).exists()


def _nanoseconds(seconds: float) -> int:
    return round(seconds * 1000) * 1_000_000


def _fail(error: OSError) -> None:
    raise error
