import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

import posecas
from kit.far import open_far
from kit.tiles import tile
from posecas.errnos import NameTooLong
from posecas.errors import DamagedObject, LocationUnavailable, NotFound
from posecas.view import Node
from posecas_fuse.files import Files, Handle
from posecas_fuse.workspace import Rules


@pytest.fixture
def files(store: posecas.Store) -> Iterator[Files]:
    opened = Files(store, user=None, status=dict)
    yield opened
    opened.close()


def test_an_open_file_is_a_local_file_with_the_image_s_bytes(
    store: posecas.Store, files: Files
) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    handle = files.open(_node(files, b"generations", b"g1", b"p1.png"))
    path = _file(files, handle)
    assert path.read_bytes() == files.read(handle, 0, 1 << 20) == tile(1)
    assert path.is_relative_to(store.path / "objects")


def test_what_is_known_of_an_image_is_current_until_anything_changes(
    store: posecas.Store, files: Files
) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    node = _node(files, b"generations", b"g1", b"p1.png")
    known = files.entry(node)
    assert files.is_current(known)
    store.put(tile(2), generation="g1", pose="p2")
    assert not files.is_current(known)
    assert files.is_current(files.entry(node))


def test_names_are_found_with_those_near_them_and_anew_once_anything_has_changed(
    store: posecas.Store, files: Files
) -> None:
    for number in range(6):
        store.put(tile(number), generation="g1", pose=f"p{number}")
    folder = _node(files, b"generations", b"g1")
    names = [f"p{number}.png".encode() for number in range(6)]
    found = [files.lookup(folder, name) for name in names]
    assert [files.read(files.pin(one), 0, 1 << 20) for one in found] == list(map(tile, range(6)))
    assert found == [files.entry(one.node) for one in found]
    store.put(tile(9), generation="g1", pose="p5", replace=True)
    store.remove(["g1/p4"])
    assert files.read(files.pin(files.lookup(folder, names[5])), 0, 1 << 20) == tile(9)
    with pytest.raises(NotFound):
        files.lookup(folder, names[4])


def test_what_the_view_makes_itself_is_read_from_memory(store: posecas.Store, files: Files) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    node = _node(files, b"generations", b"g1", b"p1.json")
    handle = files.open(node)
    store.remove(["g1/p1"])
    assert files.descriptor(handle) is None
    assert files.read(handle, 0, 9) + files.read(handle, 9, 1 << 20) == files.read(
        handle, 0, 1 << 20
    )
    assert files.read(handle, 1 << 20, 1) == b""


def test_a_handle_is_read_by_the_process_that_comes_after_and_released_twice(
    store: posecas.Store, files: Files
) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    handle = files.open(_node(files, b"generations", b"g1", b"p1.png"))
    store.put(tile(2), generation="g1", pose="p1", replace=True)
    after = Files(store, user=None, status=dict)
    assert after.read(handle, 0, 1 << 20) == tile(1)
    after.release(handle)
    after.release(handle)
    files.release(handle)
    after.close()


def test_names_that_nothing_can_have(files: Files) -> None:
    with pytest.raises(NotFound):
        files.lookup(files.root, b"\xff")
    with pytest.raises(NotFound):
        files.lookup(files.root, "ü".encode() * 127)
    with pytest.raises(NameTooLong):
        files.lookup(files.root, "ü".encode() * 128)


def test_bytes_that_lie_on_no_local_disk_are_verified_files_of_the_cache(
    store: posecas.Store,
) -> None:
    pose = store.put(tile(1), generation="g1", pose="p1")
    far = open_far(store.path)
    with closing(far.store), closing(Files(far.store, user=None, status=dict)) as files:
        node = _node(files, b"generations", b"g1", b"p1.png")
        handle = files.open(node)
        path = _file(files, handle)
        assert path.is_relative_to(store.path / "cache")
        assert files.read(handle, 0, 1 << 20) == tile(1)
        (replica,) = store.index.all_replicas(pose.digest)
        _spoil(store.path / replica.key)
        store.cache.drop(pose.digest)
        assert files.read(handle, 0, 1 << 20) == tile(1)
        files.release(handle)
        with pytest.raises(DamagedObject):
            files.open(node)


def test_an_open_that_hangs_ends_at_the_deadline_and_what_is_here_is_opened_meanwhile(
    store: posecas.Store,
) -> None:
    for number in (1, 2):
        store.put(tile(number), generation="g1", pose=f"p{number}")
    far, rules = open_far(store.path), Rules(deadline=0.1)
    with (
        closing(far.store),
        closing(Files(far.store, user=None, status=dict, rules=rules)) as files,
    ):
        hanging, here = (
            _node(files, b"generations", b"g1", name) for name in (b"p1.png", b"p2.png")
        )
        far.store.get("g1/p2")
        far.objects.hung = threading.Event()
        with pytest.raises(LocationUnavailable, match="did not come within"):
            files.open(hanging)
        assert files.read(files.open(here), 0, 1 << 20) == tile(2)
        far.objects.hung.set()
        far.store.get("g1/p1")
        assert files.read(files.open(hanging), 0, 1 << 20) == tile(1)


def test_where_nothing_can_be_cached_bytes_are_read_from_memory(store: posecas.Store) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    far = open_far(store.path, cache__max_bytes="0")
    with closing(far.store), closing(Files(far.store, user=None, status=dict)) as files:
        handle = files.open(_node(files, b"generations", b"g1", b"p1.png"))
        assert files.descriptor(handle) is None
        assert files.read(handle, 0, 1 << 20) == tile(1)


def _file(files: Files, handle: Handle) -> Path:
    descriptor = files.descriptor(handle)
    assert descriptor is not None
    return Path(f"/proc/self/fd/{descriptor}").readlink()


def _node(files: Files, *names: bytes) -> Node:
    node = files.root
    for name in names:
        node = files.lookup(node, name).node
    return node


def _spoil(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
