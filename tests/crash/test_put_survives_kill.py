"""Put and remove die at every named point; what was reported as stored is stored."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

import posecas
from kit.soundness import unsound
from kit.tiles import tile
from kit.victims import SIGKILLED, run_until, start
from posecas.put import PutItem

COUNT = 20

PUT = """
import posecas
from kit.tiles import tile
with posecas.open_store(sys.argv[1]) as store:
    items = [posecas.PutItem(tile(n), "g", f"p{n}", user="ada") for n in range(20)]
    for result in store.put_many(items):
        print(result.item.pose, result.status, flush=True)
"""
REMOVE = """
import posecas
with posecas.open_store(sys.argv[1]) as store:
    store.remove([f"g/p{n}" for n in range(20)])
"""
REPLACE = """
import posecas
from kit.tiles import tile
with posecas.open_store(sys.argv[1]) as store:
    for n in range(20):
        store.put(tile(int(sys.argv[2]) + n), generation="g", pose=f"p{n}", replace=True)
        print(n, flush=True)
"""

POINTS = ["put.begun", "put.written", "put.published", "objects.staged", "objects.placed"]


@pytest.mark.parametrize("point", [*POINTS, *(f"{point}:2" for point in POINTS)])
def test_put_dies_and_what_it_reported_is_stored(folder: Path, point: str) -> None:
    with posecas.create_store(folder) as store:
        store.set_quota("ada", 1_000_000)
    run = run_until(point, PUT, folder)
    assert run.returncode == SIGKILLED, run.stderr
    reported = [line.split()[0] for line in run.stdout.splitlines()]
    with posecas.open_store(folder) as store:
        assert unsound(store) == []
        for name in reported:
            assert store.get(f"g/{name}") == tile(int(name[1:]))
        again = list(
            store.put_many(PutItem(tile(n), "g", f"p{n}", user="ada") for n in range(COUNT))
        )
        assert {result.error for result in again} == {None}
        assert unsound(store) == []
        assert len(list(store.poses(generation="g"))) == COUNT


def test_a_put_dies_that_gave_up_and_what_is_there_stays(folder: Path) -> None:
    """Its folder of temporary files is no folder any more, so nothing can be written."""
    with posecas.create_store(folder) as store:
        store.put(tile(0), generation="g", pose="p0", user="ada")
    spoil_temporaries(folder)
    assert run_until("put.abandoned", PUT, folder).returncode == SIGKILLED
    (folder / ".tmp").unlink()
    with posecas.open_store(folder) as store:
        assert unsound(store) == []
        assert [pose.name for pose in store.poses()] == ["p0"]
        list(store.collect(grace=0, delay=0))
        assert len(list(store.location.objects.list("objects/"))) == 2


def spoil_temporaries(folder: Path) -> None:
    shutil.rmtree(folder / ".tmp", ignore_errors=True)
    (folder / ".tmp").write_bytes(b"")


def test_what_a_dead_writer_reserved_comes_back_when_its_lease_ends(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        store.set_quota("ada", 1_000_000)
    assert run_until("put.written", PUT, folder).returncode == SIGKILLED
    with posecas.open_store(folder) as store:
        user = store.user("ada")
        assert user is not None
        assert user.reserved > 0
        assert user.used == 0


@pytest.mark.parametrize("count", [1, 7])
def test_replace_dies_and_every_pose_is_old_or_new(folder: Path, count: int) -> None:
    with posecas.create_store(folder) as store:
        list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(COUNT)))
    possible = {n: {tile(n)} for n in range(COUNT)}
    for round_, point in enumerate(POINTS, start=1):
        base = 100 * round_
        run = run_until(f"{point}:{count}", REPLACE, folder, str(base))
        assert run.returncode == SIGKILLED, run.stderr
        with posecas.open_store(folder) as store:
            assert unsound(store) == []
            for n in range(COUNT):
                if str(n) in run.stdout.split():
                    possible[n].clear()
                possible[n].add(tile(base + n))
                assert store.get(f"g/p{n}") in possible[n]


def test_remove_dies_and_has_removed(folder: Path) -> None:
    with posecas.create_store(folder) as store:
        list(store.put_many(PutItem(tile(n), "g", f"p{n}") for n in range(COUNT)))
    assert run_until("remove.dropped", REMOVE, folder).returncode == SIGKILLED
    with posecas.open_store(folder) as store:
        assert list(store.poses()) == []
        assert unsound(store) == []
        assert (
            store.stats().garbage_bytes
            == store.stats().stored_bytes - store.stats().rendition_bytes
        )


def test_writers_killed_at_any_moment_lose_nothing_they_reported(folder: Path) -> None:
    """Three rounds of two writers of the same images, killed after a growing while."""
    posecas.create_store(folder).close()
    reported: set[str] = set()
    for delay in (0.35, 0.5, 0.8):
        victims = [start(PUT, folder) for _ in range(2)]
        time.sleep(delay)
        for victim in victims:
            os.kill(victim.pid, signal.SIGKILL)
            output, _ = victim.communicate()
            reported |= {line.split()[0] for line in output.splitlines() if " " in line}
        with posecas.open_store(folder) as store:
            assert unsound(store) == []
            assert reported <= {pose.name for pose in store.poses()}


@pytest.mark.parametrize("point", ["store.written", "store.indexed", "store.recorded"])
def test_a_store_whose_making_died_is_finished_by_the_next(folder: Path, point: str) -> None:
    script = "import posecas\nposecas.create_store(sys.argv[1])\n"
    assert run_until(point, script, folder).returncode == SIGKILLED
    with posecas.create_store(folder) as store:
        store.put(tile(1), generation="g", pose="p")
        assert unsound(store) == []
