"""The kernel engine goes on whatever happens to its worker."""

import json
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import pytest

import posecas
from kit.mounts import Mount, alive, mounted, names, until
from kit.pictures import photo, png
from kit.tiles import tile
from posecas_fuse.table import mounted_at
from posecas_fuse.unmount import unmount

pytestmark = pytest.mark.fuse

SECONDS = float(os.environ.get("POSECAS_RESTART_SECONDS", "6"))
_EVERY = 0.25


class _Busy:
    """Programs that read and write, and what went wrong for them."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.done: dict[str, int] = {}
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self, name: str, once: Callable[[int], str | None]) -> None:
        """Do something again and again; it says what was wrong."""
        self.done[name] = 0
        self._threads.append(threading.Thread(target=self._run, args=(name, once)))
        self._threads[-1].start()

    def go_on(self) -> None:
        """Return once each has done something more."""
        before = dict(self.done)
        until(lambda: all(self.done[name] > before[name] + 1 for name in before))

    def stop(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _run(self, name: str, once: Callable[[int], str | None]) -> None:
        for number in count():
            if self._stop.is_set():
                return
            try:
                wrong = once(number)
            except OSError as error:
                wrong = repr(error)
            if wrong:
                self.wrong.append(f"{name} {number}: {wrong}")
            self.done[name] = number + 1


def _write_over(path: Path, images: list[bytes], number: int) -> str | None:
    image = images[number % len(images)]
    path.write_bytes(image)
    return None if path.read_bytes() == image else "other bytes than were written over it"


@contextmanager
def busy(mount: Mount, images: list[bytes]) -> Iterator[_Busy]:
    """Readers and writers in all that the mount can do, until the block ends."""
    folder, scratch = mount / "generations/g1", mount / ".scratch"

    def read(number: int) -> str | None:
        which = number % len(images)
        found = (folder / f"k{which}.png").read_bytes()
        return None if found == images[which] else f"{len(found)} bytes that are not k{which}'s"

    def write(number: int) -> str | None:
        path = folder / f"w{number}.png"
        with path.open("wb", buffering=0) as file:
            for at in range(0, len(images[0]), 4096):
                file.write(images[0][at : at + 4096])
        if path.read_bytes() != images[0]:
            return "other bytes than were written"
        path.rename(folder / f"r{number}.png")
        (folder / f"r{number}.png").unlink()
        return "it is still there" if path.exists() else None

    def keep(number: int) -> str | None:
        place = scratch / f"d{number}"
        place.mkdir()
        with (place / "log").open("a") as file:
            for line in range(20):
                file.write(f"{line}\n")
                file.flush()
        found = (place / "log").read_text()
        (place / "log").unlink()
        place.rmdir()
        return None if found == "".join(f"{line}\n" for line in range(20)) else found

    def look(number: int) -> str | None:
        names = {one.name for one in os.scandir(folder)}
        missing = {f"k{which}.png" for which in range(len(images))} - names
        if missing:
            return f"{missing} are not listed"
        return "a name that nobody made" if (folder / f"none{number}.png").exists() else None

    running = _Busy()
    for name, once in (("read", read), ("write", write), ("keep", keep), ("look", look)):
        running.start(name, once)
    running.start("replace", partial(_write_over, folder / "o.png", images))
    try:
        yield running
    finally:
        running.stop()


def test_a_worker_that_is_killed_again_and_again_is_noticed_by_nobody(
    store: posecas.Store, mountpoint: Path
) -> None:
    images = [png(photo(120 + 10 * number, 100)) for number in range(10)]
    for number, image in enumerate(images):
        store.put(image, generation="g1", pose=f"k{number}")
    with mounted(store.path, mountpoint, engine="kernel") as mount:
        held = [(mount / f"generations/g1/k{n}.png").open("rb", buffering=0) for n in (0, 5)]
        before = mount.workers
        with busy(mount, images) as running:
            until_then = time.monotonic() + SECONDS
            kills = 0
            while time.monotonic() < until_then:
                time.sleep(_EVERY)
                kills += _kill_worker(mount)
            # The keeper is succeeded by a worker, so there has to be one again: it answers.
            assert (mount / ".posecas/status.json").read_bytes()
            os.kill(mount.pid, signal.SIGKILL)
            again = mount.succeeded()
            _kill_worker(again)
            running.go_on()
        assert running.wrong == []
        # What nobody has open, nobody waits for.
        until(lambda: status_of(again)["spooled"] == 0)
        assert kills >= SECONDS / _EVERY / 4
        assert again.workers != before
        for number, file in zip((0, 5), held, strict=True):
            assert file.read() == images[number]
            file.close()


def test_a_stored_image_survives_the_worker_that_took_it(
    store: posecas.Store, mountpoint: Path
) -> None:
    store.put(tile(0), generation="g1", pose="first")
    with mounted(store.path, mountpoint, engine="kernel") as mount:
        for number in range(5):
            path = mount / f"generations/g1/p{number}.png"
            with path.open("wb", buffering=0) as file:
                file.write(tile(number))
                _kill_worker(mount)
            _kill_worker(mount)
            assert store.get(f"g1/p{number}") == tile(number) == path.read_bytes()


def test_what_changes_while_a_worker_is_replaced_is_seen(
    store: posecas.Store, mountpoint: Path
) -> None:
    store.put(tile(0), generation="g1", pose="p0")
    with mounted(store.path, mountpoint, engine="kernel") as mount:
        path = mount / "generations/g1/p1.png"
        assert not path.exists()
        os.kill(worker_of(mount), signal.SIGKILL)
        store.put(tile(1), generation="g1", pose="p1")
        until(path.exists)
        assert path.read_bytes() == tile(1)


def test_a_keeper_that_is_killed_is_succeeded_by_its_worker(
    store: posecas.Store, mountpoint: Path
) -> None:
    store.put(tile(0), generation="g1", pose="p0")
    with mounted(store.path, mountpoint, engine="kernel") as mount:
        folder = mount / "generations/g1"
        with (
            (folder / "p0.png").open("rb", buffering=0) as reader,
            (folder / "p1.png").open("wb", buffering=0) as writer,
        ):
            writer.write(tile(1)[:40])
            assert not (folder / "p2.png").exists()
            worker = worker_of(mount)
            os.kill(mount.pid, signal.SIGKILL)
            store.put(tile(2), generation="g1", pose="p2")
            until((folder / "p2.png").exists)
            succeeded = mount.succeeded()
            assert succeeded.pid == worker
            assert reader.read() == tile(0)
            writer.write(tile(1)[40:])
        assert store.get("g1/p1") == tile(1)
        told = status_of(mount)
        assert (told["keeper_pid"], told["restarts"]) == (worker, 1)
        _kill_worker(succeeded)
        assert (folder / "p1.png").read_bytes() == tile(1)
        pids = succeeded.processes
        unmount(mount.path)
        until(lambda: not any(map(alive, pids)))


def test_programs_are_told_once_nobody_is_left_to_answer(
    store: posecas.Store, mountpoint: Path
) -> None:
    for turn in range(4):
        with mounted(store.path, mountpoint, engine="kernel") as mount:
            folder = mount / f"generations/g{turn}"
            folder.mkdir()

            def write(number: int, folder: Path = folder) -> None:
                for again in count():
                    path = folder / f"p{number}-{again}.png"
                    path.write_bytes(tile(number))
                    path.unlink()

            with ThreadPoolExecutor() as pool:
                programs = [pool.submit(write, number) for number in range(4)]
                for number in range(10):
                    store.put(tile(number), generation=f"g{turn}", pose=f"other{number}")
                both = (mount.pid, worker_of(mount))
                # Neither may do anything about the other's end.
                for number in (signal.SIGSTOP, signal.SIGKILL):
                    for pid in both:
                        os.kill(pid, number)
                assert all(isinstance(one.exception(timeout=60), OSError) for one in programs)
            if mounted_at(mountpoint) is not None:
                unmount(mountpoint)
            assert names(mountpoint) == []


def test_a_signal_ends_a_mount_also_while_its_keeper_is_succeeded(
    store: posecas.Store, mountpoint: Path
) -> None:
    with mounted(store.path, mountpoint, engine="kernel") as mount:
        worker = worker_of(mount)
        os.kill(mount.pid, signal.SIGKILL)
        os.kill(worker, signal.SIGTERM)
        until(lambda: mounted_at(mountpoint) is None)
        until(lambda: not alive(worker))


def status_of(mount: Mount) -> dict[str, int]:
    found: dict[str, int] = json.loads((mount / ".posecas/status.json").read_text())
    return found


def worker_of(mount: Mount) -> int:
    return status_of(mount)["worker_pid"]


def _kill_worker(mount: Mount) -> int:
    """Kill what answers now; how many there were."""
    killed = 0
    for pid in mount.workers:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        killed += 1
    until(lambda: bool(mount.workers))
    return killed
