"""One worker, asked as the kernel asks."""

import errno
import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from struct import Struct

import posecas
from kit.deadlines import at_some_pace
from kit.far import open_far
from kit.tiles import tile
from kit.victims import run_until
from kit.wires import ROOT, Wire, wired
from posecas_fuse.kernel.abi import Opcode

_OPEN = Struct("<II")


def test_an_image_is_found_opened_and_read(store: posecas.Store) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    with wired(store) as wire:
        nodeid = wire.find("generations", "g1", "p1.png")
        error, opened = wire.ask(Opcode.OPEN, nodeid, _OPEN.pack(0, 0))
        assert not error
        handle = opened[:8]
        body = handle + Struct("<QI20x").pack(0, 1 << 17)
        assert wire.ask(Opcode.READ, nodeid, body) == (0, tile(1))
        assert wire.ask(Opcode.RELEASE, nodeid, handle + bytes(16)) == (0, b"")
        assert wire.ask(Opcode.READ, nodeid, body)[0] == errno.EBADF


def test_what_is_not_there_has_the_number_0_and_may_be_believed(store: posecas.Store) -> None:
    with wired(store) as wire:
        error, payload = wire.ask(Opcode.LOOKUP, ROOT, b"nothing\0")
        assert (error, payload[:8]) == (0, bytes(8))


def test_an_image_that_was_replaced_is_to_be_looked_up_anew(store: posecas.Store) -> None:
    store.put(tile(1), generation="g1", pose="p1")
    with wired(store) as wire:
        before = wire.find("generations", "g1", "p1.png")
        store.put(tile(2), generation="g1", pose="p1", replace=True)
        assert wire.ask(Opcode.OPEN, before, _OPEN.pack(0, 0))[0] == errno.ESTALE
        assert wire.find("generations", "g1", "p1.png") != before


def test_a_malformed_message_ends_the_worker_and_the_log_says_so(folder: Path) -> None:
    posecas.create_store(folder).close()
    script = """
import sys, time
import posecas
from kit.wires import wired
with posecas.open_store(sys.argv[1]) as store, wired(store) as wire:
    wire.send_bytes(b"no message of the kernel's")
    time.sleep(20)
"""
    done = run_until("", script, folder)
    # Anything but 0 makes the keeper start another worker.
    assert done.returncode == 70
    assert "the kernel sent what is no message" in done.stderr
    assert "this worker ends" in done.stderr


def test_names_near_each_other_are_found_as_they_are_whatever_was_found_before(
    store: posecas.Store,
) -> None:
    for number in range(6):
        store.put(tile(number), generation="g1", pose=f"p{number}")
    with wired(store) as wire:
        # The third and those after it are known by then.
        before = [wire.find("generations", "g1", f"p{number}.png") for number in range(4)]
        store.put(tile(9), generation="g1", pose="p3", replace=True)
        store.remove(["g1/p4"])
        folder = wire.find("generations", "g1")
        assert wire.find("generations", "g1", "p3.png") not in before
        assert wire.ask(Opcode.LOOKUP, folder, b"p4.png\0")[1][:8] == bytes(8)
        assert [wire.find("generations", "g1", f"p{number}.png") for number in range(3)] == before[
            :3
        ]
        error, opened = wire.ask(
            Opcode.OPEN, wire.find("generations", "g1", "p5.png"), _OPEN.pack(0, 0)
        )
        assert not error
        body = opened[:8] + Struct("<QI20x").pack(0, 1 << 17)
        assert wire.ask(Opcode.READ, folder, body) == (0, tile(5))


@contextmanager
def hanging(folder: Path, *, deadline: float, **settings: str) -> Iterator[Wire]:
    """A worker of a store whose location is asked for objects and does not answer."""
    far = open_far(folder, **settings)
    far.objects.hung = threading.Event()
    try:
        with wired(far.store, deadline=deadline) as wire:
            try:
                yield wire
            finally:
                far.objects.hung.set()
    finally:
        far.store.close()


def test_a_fetch_that_hangs_holds_up_nobody_and_ends_with_an_input_error(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        for number in range(3):
            store.put(tile(number), generation="g1", pose=f"p{number}")

    def ask(pace: int) -> None:
        shutil.rmtree(folder / "cache", ignore_errors=True)
        with hanging(folder, deadline=pace) as wire:
            nodeids = [wire.find("generations", "g1", f"p{number}.png") for number in range(3)]
            begun = time.monotonic()
            sent = [wire.send(Opcode.OPEN, nodeid, _OPEN.pack(0, 0)) for nodeid in nodeids]
            wire.send(Opcode.INTERRUPT, 0, Struct("<Q").pack(sent[2]))
            assert wire.hear()[:2] == (sent[2], errno.EINTR)
            # Names are answered meanwhile, and so is what is made of the index.
            for _ in range(10):
                described = wire.find("generations", "g1", "p0.json")
                assert wire.ask(Opcode.OPEN, described, _OPEN.pack(0, 0))[0] == 0
            answers = {wire.hear()[:2] for _ in range(2)}
            assert answers == {(unique, errno.EIO) for unique in sent[:2]}
            assert time.monotonic() - begun >= pace

    at_some_pace(ask)


def test_a_look_up_that_makes_a_thumbnail_holds_up_nobody_and_ends_likewise(folder: Path) -> None:
    unmade = {"profile.pose.thumbnail": ""}
    with posecas.create_store(folder, settings=unmade) as store:
        for number in range(4):
            store.put(tile(number), generation="g1", pose=f"p{number}")
    # What came late is kept, so that each attempt needs another one.
    unseen = count(1)

    def ask(pace: int) -> None:
        with hanging(folder, deadline=pace, profile__pose__thumbnail="") as wire:
            thumbnails = wire.find("thumbnails", "generations", "g1")
            name = f"p{next(unseen)}.jpg\0".encode()
            sent = wire.send(Opcode.LOOKUP, thumbnails, name)
            for _ in range(10):
                assert wire.find("generations", "g1", "p0.png")
            assert wire.hear()[:2] == (sent, errno.EIO)

    at_some_pace(ask)
