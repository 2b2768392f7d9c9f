"""The power fails after any system call: what was reported is there, and the store opens.

A program runs once, under strace. Its log is cut after each call, and what a disk may hold then is
laid out, opened and checked. For the objects alone, after every call: all that was not synced is
lost, or all is kept, or each is lost, kept or cut short by chance. For a whole store, by default, a
few of the states; ``POSECAS_POWER=all`` tries all of them, torn ones after every call too.
"""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from copy import deepcopy
from hashlib import sha256
from itertools import islice
from pathlib import Path

import pytest

import posecas
from kit.checks import check
from kit.hands import read, writable
from kit.power import Disk, Fate, dropped, kept, lay_out, reports, torn
from kit.soundness import unsound
from kit.tiles import tile
from kit.traced import Call, trace
from posecas.errors import PoseNotFound
from posecas.objects.local import LocalObjects

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")

EVERY = os.environ.get("POSECAS_POWER") == "all"
STEP = 1 if EVERY else 18
ROOM = Path("/dev/shm")  # noqa: S108 - what is laid out need not be durable

WRITE_OBJECTS = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from posecas.errors import PoseNotFound
from posecas.objects.local import LocalObjects
objects = LocalObjects(Path(sys.argv[1]))
def write(n):
    objects.write(f"objects/a{n % 3}/{n}.png", bytes([n]) * 5000, media_type="", metadata={})
    os.write(1, f"wrote {n}\\n".encode())
def delete(n):
    os.write(1, f"deleting {n}\\n".encode())
    objects.delete([f"objects/a{n % 3}/{n}.png"])
    os.write(1, f"deleted {n}\\n".encode())
write(0)
with ThreadPoolExecutor(4) as pool:
    list(pool.map(write, range(1, 9)))
    list(pool.map(delete, range(0, 4)))
write(9)
"""
USE_STORE = """
import os, sys
import posecas
from kit.tiles import tile
def put(store, n, name, **words):
    store.put(tile(n), generation="g", pose=name, **words)
    os.write(1, f"stored {name} {n}\\n".encode())
with posecas.open_store(sys.argv[1]) as store:
    put(store, 2, "p2")
    put(store, 2, "same")
    os.write(1, b"changing p0\\n")
    put(store, 3, "p0", replace=True)
    os.write(1, b"changing p1\\n")
    store.remove(["g/p1"])
    list(store.collect(grace=0, delay=0))
    put(store, 1, "p1")
    store.back_up()
    put(store, 4, "p4")
with posecas.open_store(sys.argv[1]) as store:
    put(store, 5, "p5")
"""

WRITE_FILES = """
import os, sys
import posecas
from kit.hands import close, opened, writable
from kit.tiles import tile
def begun(path, data):
    handle = opened(files, path)
    files.write(handle, 0, memoryview(data))
    return handle
with posecas.open_store(sys.argv[1]) as store, writable(store) as files:
    note = begun("generations/g/note.txt", b"a note" * 100)
    handle = begun("generations/g/p2.png", tile(2))
    files.sync(handle)
    os.write(1, b"stored p2 2\\n")
    files.release(handle)
    os.write(1, b"changing p0\\n")
    close(files, begun("generations/g/p0.png", tile(3)))
    os.write(1, b"stored p0 3\\n")
    files.sync(note)
    os.write(1, b"noted note\\n")
    files.release(note)
    close(files, begun("users/default/g/p4.png", tile(4)))
    os.write(1, b"stored p4 4\\n")
"""

State = dict[str, bytes | None]


@pytest.fixture
def room() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=ROOM if ROOM.is_dir() else None) as folder:
        yield Path(folder)


def cuts(
    root: Disk, calls: list[Call], every: int, *, look: int = 1
) -> Iterator[tuple[State, list[str]]]:
    """What may be left after each call, each different one once, and what was reported until then.

    With ``look``, only after every so many calls.

    A state of which less was reported is left out: the one with more asks for more.
    """
    states: dict[bytes, tuple[State, int]] = {}
    for number, call in enumerate(calls, 1):
        root.apply(call)
        if number % look:
            continue
        fates: list[Fate] = [dropped]
        if EVERY or number % every == 0:
            fates += [torn(2 * number), torn(2 * number + 1), kept]
        for fate in fates:
            state = root.after(fate)
            states[sha256(repr(sorted(state.items())).encode()).digest()] = state, number
    for state, number in states.values():
        yield state, reports(calls[:number])


def each(
    room: Path, found: Iterator[tuple[State, list[str]]], holds: Callable[[Path, list[str]], None]
) -> int:
    count = 0
    for count, (state, told) in enumerate(found, 1):
        folder = room / str(count)
        lay_out(state, folder)
        holds(folder, told)
        shutil.rmtree(folder)
    return count


def key_of(number: int) -> str:
    return f"objects/a{number % 3}/{number}.png"


def objects_hold(folder: Path, told: list[str]) -> None:
    wrote, deleting, deleted = (
        {int(line.split()[1]) for line in told if line.startswith(f"{word} ")}
        for word in ("wrote", "deleting", "deleted")
    )
    objects = LocalObjects(folder)
    there = {info.key for info in objects.list("objects/")}
    assert {key_of(number) for number in wrote - deleting} <= there
    assert there.isdisjoint(key_of(number) for number in deleted)
    for number in range(10):
        if key_of(number) in there:
            assert objects.read(key_of(number)) == bytes([number]) * 5000
        objects.write(key_of(number), bytes([number]) * 5000, media_type="", metadata={})


def store_holds(folder: Path, told: list[str]) -> None:
    known = {"p0": 0, "p1": 1}
    for word, name, *number in map(str.split, told):
        known.pop(name, None)
        if word == "stored":
            known[name] = int(number[0])
    with posecas.open_store(folder) as store:
        for name, one in known.items():
            assert store.get(f"g/{name}") == tile(one)
        assert check(store, data=True).findings == []
        assert [one for one in unsound(store) if "named by no row" not in one] == []
        store.put(tile(6), generation="g", pose="after")
        list(store.collect(grace=0, delay=0))
        assert {store.pose(f"g/{name}").name for name in known} == set(known)


def files_hold(folder: Path, told: list[str]) -> None:
    with posecas.open_store(folder) as store, writable(store) as files:
        if "noted note" in told:
            assert read(files, "generations/g/note.txt") == b"a note" * 100
    store_holds(folder, told)


def objects_run(tmp_path: Path) -> tuple[Disk, list[Call]]:
    root = tmp_path / "objects-of-one"
    root.mkdir()
    return Disk(root), trace(WRITE_OBJECTS, str(root), log=tmp_path / "log")


def store_run(tmp_path: Path, program: str = USE_STORE) -> tuple[Disk, list[Call]]:
    root = tmp_path / "store"
    with posecas.create_store(root) as store:
        for number in range(2):
            store.put(tile(number), generation="g", pose=f"p{number}")
    return Disk(root), trace(program, str(root), log=tmp_path / "log")


def test_objects_survive_a_power_loss_after_any_call(tmp_path: Path, room: Path) -> None:
    disk, calls = objects_run(tmp_path)
    assert reports(calls)[-1] == "wrote 9"
    assert each(room, cuts(disk, calls, 1), objects_hold) > 100


def test_a_store_survives_a_power_loss_after_any_call(tmp_path: Path, room: Path) -> None:
    disk, calls = store_run(tmp_path)
    assert reports(calls)[-1] == "stored p5 5"
    found = islice(cuts(disk, calls, 20), 0, None, STEP)
    assert each(room, found, store_holds) > 5


def test_what_was_synced_or_closed_in_a_mount_survives_a_power_loss_after_any_call(
    tmp_path: Path, room: Path
) -> None:
    disk, calls = store_run(tmp_path, WRITE_FILES)
    assert reports(calls)[-1] == "stored p4 4"
    look = 1 if EVERY else 100
    found = islice(cuts(disk, calls, look, look=look), 0, None, 1 if EVERY else 2)
    assert each(room, found, files_hold) > 5


def test_an_index_whose_log_is_not_synced_is_seen_to_lose_what_was_reported(
    tmp_path: Path, room: Path
) -> None:
    """As with ``synchronous=NORMAL``, which syncs the log only before it is written back."""
    disk, calls = store_run(tmp_path)
    last = next(n for n, call in enumerate(calls) if b"stored p5" in call.data)
    lazy = [call for call in calls[: last + 1] if not _syncs(call, "index.sqlite-wal")]
    assert len(lazy) < last
    assert each(room, iter([lost(deepcopy(disk), calls[: last + 1])]), store_holds) == 1
    with pytest.raises(PoseNotFound, match="g/p5"):
        each(room, iter([lost(disk, lazy)]), store_holds)


def lost(disk: Disk, calls: list[Call]) -> tuple[State, list[str]]:
    """What is left after all of these calls, if nothing is that was not synced."""
    for call in calls:
        disk.apply(call)
    return disk.after(dropped), reports(calls)


def _syncs(call: Call, ending: str) -> bool:
    return call.name in {"fsync", "fdatasync"} and call.paths[0].endswith(ending)


@pytest.mark.parametrize("ending", [".tmp/", "/a0"])
def test_objects_whose_bytes_or_names_are_not_synced_are_seen_to_be_lost(
    tmp_path: Path, room: Path, ending: str
) -> None:
    disk, calls = objects_run(tmp_path)
    lazy = [call for call in calls if call.name != "fsync" or ending not in call.paths[0]]
    assert len(lazy) < len(calls)
    with pytest.raises(AssertionError):
        each(room, cuts(disk, lazy, 1), objects_hold)
