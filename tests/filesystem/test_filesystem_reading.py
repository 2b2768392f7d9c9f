import errno
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import posecas
from kit.tiles import tile
from kit.views import walk
from posecas.digest import digest_of
from posecas.errors import DamagedObject, NoStore, PoseNotFound
from posecas.filesystem import PosecasFileSystem
from posecas.view import View

PATH = "/users/ada/g1/p1.png"


@pytest.fixture
def pose(store: posecas.Store) -> posecas.Pose:
    return store.put(
        tile(1), user="ada", generation="g1", pose="p1", prompt="a héron", aliases=["old/a b.png"]
    )


def _object(store: posecas.Store, digest: str) -> Path:
    return next((store.path / "objects").glob(f"??/{digest}-*"))


def test_every_path_of_the_view_is_there_with_its_size_and_its_bytes(
    store: posecas.Store, fs: PosecasFileSystem, pose: posecas.Pose
) -> None:
    view = View(store)
    entries = dict(walk(view))
    assert len(entries) > 250
    assert pose.path in entries
    for path, entry in entries.items():
        info = fs.info(path)
        assert (info["name"], info["size"]) == (path, entry.size)
        assert info["type"] == ("directory" if entry.folder else "file")
        if not entry.folder:
            content = view.content(entry.node)
            data = content if isinstance(content, bytes) else store.get(content)
            with fs.open(path) as file:
                assert file.read() == data == fs.cat_file(path)


def test_walks_find_what_the_view_lists(
    store: posecas.Store, fs: PosecasFileSystem, pose: posecas.Pose
) -> None:
    expected = sorted(path for path, entry in walk(View(store)) if not entry.folder)
    assert pose.path in expected
    assert fs.find("posecas:///") == expected


@pytest.mark.parametrize(
    "path",
    [
        "posecas:///users/ada/g1/p1.png",
        "posecas://users/ada/g1/p1.png",
        "/users//ada/g1/p1.png/",
        "users/ada/g1/p1.png",
        Path("/users/ada/g1/p1.png"),
    ],
)
@pytest.mark.usefixtures("pose")
def test_a_path_may_be_written_in_every_way_that_fsspec_has(
    fs: PosecasFileSystem, path: str
) -> None:
    assert fs.info(path)["name"] == PATH
    assert fs.ls(path, detail=False) == [PATH]
    assert fs.unstrip_protocol(PATH) == "posecas:///users/ada/g1/p1.png"


def test_a_listing_of_many_pages_holds_each_name_once(
    store: posecas.Store, fs: PosecasFileSystem
) -> None:
    items = [
        posecas.PutItem(image=tile(1), generation="g1", pose=f"p{number}") for number in range(1100)
    ]
    assert all(result.error is None for result in store.put_many(items))
    names = fs.ls("/generations/g1", detail=False)
    assert len(names) == len(set(names)) == 2200
    assert fs.ls("/generations/g1") == [fs.info(name) for name in names]


def test_globs_find_poses_of_every_user(store: posecas.Store, fs: PosecasFileSystem) -> None:
    for user in ("ada", "bob"):
        store.put(tile(1), user=user, generation=f"of-{user}", pose="p1")
    assert fs.glob("/users/*/*/p?.png") == [
        "/users/ada/of-ada/p1.png",
        "/users/bob/of-bob/p1.png",
    ]
    assert fs.glob("posecas:///users/*") == ["/users/ada", "/users/bob"]
    assert fs.glob("/users/eve/*") == []


@pytest.mark.parametrize(
    ("start", "end"), [(0, 8), (8, None), (None, 8), (-8, None), (-8, -4), (5, 2), (0, 10**6)]
)
@pytest.mark.usefixtures("pose")
def test_a_part_of_a_file_is_what_a_slice_would_be(
    fs: PosecasFileSystem, start: int | None, end: int | None
) -> None:
    assert fs.cat_file(PATH, start, end) == tile(1)[start:end]


@pytest.mark.usefixtures("pose")
def test_an_open_file_seeks_tells_and_knows_its_size(fs: PosecasFileSystem) -> None:
    with fs.open(PATH) as file:
        assert (file.size, file.path, file.mode) == (len(tile(1)), PATH, "rb")
        assert file.seek(-4, 2) == file.size - 4
        assert file.read() == tile(1)[-4:]
        assert (file.readable(), file.seekable(), file.writable()) == (True, True, False)
    assert fs.read_block(PATH, 4, 4) == tile(1)[4:8]
    assert (fs.head(PATH, 5), fs.tail(PATH, 5)) == (tile(1)[:5], tile(1)[-5:])


def test_an_open_file_is_the_stored_one_and_outlives_its_name(
    store: posecas.Store, fs: PosecasFileSystem, pose: posecas.Pose
) -> None:
    with fs.open(PATH) as file:
        stored = _object(store, pose.digest)
        assert Path(f"/proc/self/fd/{file.fileno()}").samefile(stored)
        store.remove([pose])
        stored.unlink()
        assert not fs.exists(PATH)
        assert file.read() == tile(1)


def test_json_is_text_of_what_is_known_now(
    store: posecas.Store, fs: PosecasFileSystem, pose: posecas.Pose
) -> None:
    path = "/generations/g1/p1.json"
    with fs.open(path, "r", encoding="utf-8") as file:
        assert json.load(file)["prompt"] == "a héron"
    store.annotate(pose, prompt="another")
    assert json.loads(fs.read_text(path, encoding="utf-8"))["prompt"] == "another"


def test_keys_and_checksums_are_digests_and_change_with_the_bytes_alone(
    store: posecas.Store, fs: PosecasFileSystem, pose: posecas.Pose
) -> None:
    assert fs.info(PATH)["digest"] == fs.ukey(PATH) == fs.ukey("/aliases/old/a b.png")
    assert (fs.ukey(PATH), fs.checksum(PATH)) == (pose.digest, int(pose.digest, 16))
    described = fs.ukey("/users/ada/g1/p1.json")
    assert described == digest_of(fs.cat_file("/users/ada/g1/p1.json"))
    store.annotate(pose, favourite=True)
    assert fs.ukey(PATH) == pose.digest
    assert fs.ukey("/users/ada/g1/p1.json") != described
    assert fs.ukey("/users/ada") != fs.ukey("/users/ada/g1")


def test_times_are_those_of_the_pose(store: posecas.Store, fs: PosecasFileSystem) -> None:
    made = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
    pose = store.put(tile(1), user="ada", generation="g1", pose="p1", created_at=made)
    assert fs.created(PATH) == made
    assert fs.modified(PATH) == pose.updated_at
    assert fs.info(PATH)["mtime"] == pose.updated_at.timestamp()
    assert fs.created(pose.path) == fs.modified(pose.path)


@pytest.mark.parametrize(
    "call",
    [
        PosecasFileSystem.info,
        PosecasFileSystem.ls,
        PosecasFileSystem.open,
        PosecasFileSystem.cat_file,
        PosecasFileSystem.ukey,
        PosecasFileSystem.created,
        PosecasFileSystem.modified,
    ],
)
@pytest.mark.usefixtures("pose")
def test_what_is_not_there_is_said_as_python_says_it(
    fs: PosecasFileSystem, call: Callable[[PosecasFileSystem, str], Any]
) -> None:
    with pytest.raises(FileNotFoundError, match=r"p2.*/users/ada/g1/p2\.png") as missing:
        call(fs, "/users/ada/g1/p2.png")
    assert isinstance(missing.value.__cause__, PoseNotFound)
    with pytest.raises(NotADirectoryError, match=f"{PATH}/x"):
        call(fs, f"{PATH}/x")
    with pytest.raises(FileNotFoundError):
        call(fs, "/aliases/\udcff")


@pytest.mark.usefixtures("pose")
def test_a_folder_has_no_bytes(fs: PosecasFileSystem) -> None:
    for read in (fs.open, fs.cat_file):
        with pytest.raises(IsADirectoryError, match="/users/ada"):
            read("/users/ada")
    assert (fs.isdir("/users/ada"), fs.isfile("/users/ada")) == (True, False)
    assert (fs.isdir(PATH), fs.isfile(PATH)) == (False, True)
    assert [fs.exists(path) for path in ("/", PATH, f"{PATH}/x", "/x")] == [
        True,
        True,
        False,
        False,
    ]


def test_damage_is_an_i_o_error_and_never_a_file_that_is_not_there(
    store: posecas.Store, fs: PosecasFileSystem, pose: posecas.Pose, tmp_path: Path
) -> None:
    stored = _object(store, pose.digest)
    stored.write_bytes(bytes(len(tile(1))))
    with pytest.raises(OSError, match="digest") as wrong:
        fs.get_file(PATH, tmp_path / "copy.png")
    assert (wrong.value.errno, type(wrong.value.__cause__)) == (errno.EIO, DamagedObject)
    assert not (tmp_path / "copy.png").exists()
    for read in (fs.open, fs.cat_file):
        with pytest.raises(OSError, match="damaged") as marked:
            read(PATH)
        assert marked.value.errno == errno.EIO
    assert fs.exists(PATH)


def test_a_lost_object_is_an_i_o_error(
    store: posecas.Store, fs: PosecasFileSystem, pose: posecas.Pose
) -> None:
    _object(store, pose.digest).unlink()
    with pytest.raises(OSError, match="no such object") as lost:
        fs.open(PATH)
    assert lost.value.errno == errno.EIO


def test_there_must_be_a_store(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere") as missing:
        PosecasFileSystem(store=tmp_path / "nowhere")
    assert isinstance(missing.value.__cause__, NoStore)
