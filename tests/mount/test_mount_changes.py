import os
import threading
from contextlib import suppress
from itertools import cycle
from pathlib import Path

import pytest

import posecas
from kit.mounts import Mount, until
from kit.pictures import photo, png
from kit.tiles import tile
from kit.victims import run_until
from posecas import PutItem

pytestmark = pytest.mark.fuse


def test_a_new_pose_is_there_soon(store: posecas.Store, mount: Mount) -> None:
    path = mount / "generations/g1/p1.png"
    assert not path.exists()
    store.put(tile(1), generation="g1", pose="p1")
    until(path.exists)
    assert path.read_bytes() == tile(1)


def test_another_process_s_pose_is_seen(mount: Mount, folder: Path) -> None:
    script = """
import posecas, sys
from kit.tiles import tile
with posecas.open_store(sys.argv[1]) as store:
    store.put(tile(7), user="eve", generation="g7", pose="p7")
"""
    done = run_until("", script, folder)
    assert done.returncode == 0, done.stderr
    until((mount / "users/eve/g7/p7.png").exists)
    assert (mount / "users/eve/g7/p7.png").read_bytes() == tile(7)


def test_a_removed_pose_is_gone_and_a_reader_that_has_it_open_keeps_it(
    store: posecas.Store, mount: Mount
) -> None:
    data = png(photo(600, 500))
    store.put(data, generation="g1", pose="p1")
    path = mount / "generations/g1/p1.png"
    with path.open("rb", buffering=0) as file:
        begin = file.read(1000)
        store.remove(["g1/p1"])
        with pytest.raises(FileNotFoundError):
            path.open("rb")
        until(lambda: not path.exists())
        assert begin + file.read() == data
    assert not path.exists()


@pytest.mark.parametrize(("before", "after"), [(tile(1), 600), (600, tile(1)), (600, 601)])
def test_a_reader_keeps_the_old_image_while_others_get_the_new_one(
    store: posecas.Store, mount: Mount, before: bytes | int, after: bytes | int
) -> None:
    old, new = (one if isinstance(one, bytes) else png(photo(one, 500)) for one in (before, after))
    store.put(old, generation="g1", pose="p1")
    path = mount / "generations/g1/p1.png"
    with path.open("rb", buffering=0) as file:
        begin = file.read(100)
        store.put(new, generation="g1", pose="p1", replace=True)
        assert path.read_bytes() == new
        until(lambda: path.stat().st_size == len(new))
        assert begin + _rest(file.fileno()) == old
        assert path.read_bytes() == new
    assert path.read_bytes() == new


def test_readers_of_a_pose_that_is_replaced_again_and_again_never_see_a_mixture(
    store: posecas.Store, mount: Mount
) -> None:
    images = [png(photo(300 + 60 * number, 300)) for number in range(3)]
    store.put(images[0], generation="g1", pose="p1")
    path, stop, wrong = mount / "generations/g1/p1.png", threading.Event(), []

    def read() -> None:
        while not stop.is_set():
            if path.read_bytes() not in images:
                wrong.append("a mixture")

    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for image, _ in zip(cycle(images), range(40), strict=False):
        store.put(image, generation="g1", pose="p1", replace=True)
    stop.set()
    for reader in readers:
        reader.join()
    assert wrong == []


def test_attributes_that_change_are_seen_in_the_json(store: posecas.Store, mount: Mount) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    path = mount / "generations/g1/p1.json"
    assert '"favourite": false' in path.read_text()
    store.annotate("g1/p1", favourite=True, prompt="much longer than nothing at all")
    assert '"favourite": true' in path.read_text()
    assert path.read_text().endswith("}\n")


def _rest(descriptor: int) -> bytes:
    pieces = iter(lambda: os.read(descriptor, 4096), b"")
    return b"".join(pieces)


def test_a_listing_that_goes_on_after_a_removal_shows_nothing_that_is_gone(
    store: posecas.Store, mount: Mount
) -> None:
    list(store.put_many(PutItem(tile(1), "g1", f"p{number:04}") for number in range(250)))
    folder = mount / "generations/g1"
    until((folder / "p0249.png").exists)
    with os.scandir(folder) as listing:
        next(listing).stat()
        store.remove([f"g1/p{number:04}" for number in range(150, 250)])
        until(lambda: not (folder / "p0249.png").exists())
        for entry in listing:
            # The kernel asks for attributes with the names as long as somebody wants them.
            with suppress(FileNotFoundError):
                entry.stat()
    assert not any((folder / f"p{number:04}.png").exists() for number in range(150, 250))
