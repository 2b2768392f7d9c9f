"""Processes that share a cache are killed while they fill it and evict from it."""

import os
import random
import signal
import time
from collections.abc import Sequence
from pathlib import Path
from subprocess import PIPE, Popen

import pytest

from kit.origins import Opened, Origin, held
from kit.victims import SIGKILLED, run_until, start
from posecas.cache import Cache

SIZE = 50_000
LIMIT = 1_000_000
BLOBS = 60
PROCESSES = 3
KILLS = int(os.environ.get("POSECAS_CACHE_KILLS", "6"))

READER = """
import random
from pathlib import Path
from kit.origins import Origin, blob
from posecas.cache import Cache
folder, seed, size, limit, blobs, reads = sys.argv[1], *map(int, sys.argv[2:])
cache = Cache(Path(folder), store="this-store", max_bytes=limit, kept_free=lambda _: 0)
origin, dice = Origin(size), random.Random(seed)
print("reading", flush=True)
for _ in range(reads):
    number = min(dice.randrange(blobs), dice.randrange(blobs))
    origin.read(cache, number)
    with cache.open(origin.digest(number), size, origin.fetch(number)) as file:
        assert file.read() == blob(number, size)
print("done")
"""

POINTS = ("cache.announced", "cache.written", "cache.placed", "cache.evicted")


@pytest.mark.parametrize("point", [f"{name}:7" for name in POINTS])
def test_a_process_dies_anywhere_and_the_rest_goes_on(opened: Opened, point: str) -> None:
    cache, origin = opened(max_bytes=LIMIT), Origin(SIZE)
    run = run_until(point, READER, cache.folder, *numbers(reads=300))
    assert run.returncode == SIGKILLED, run.stderr
    assert held(cache) <= LIMIT
    for number in range(BLOBS):
        origin.read(cache, number)
        assert held(cache) <= LIMIT
    cache.sweep()
    assert list((cache.folder / "filling").iterdir()) == []
    # What was counted and never written is all that may be missing.
    assert held(cache) >= LIMIT - 2 * SIZE


def test_what_a_killed_process_left_half_filled_is_swept(opened: Opened) -> None:
    cache = opened(max_bytes=LIMIT)
    run = run_until("cache.announced", READER, cache.folder, *numbers(reads=10))
    assert run.returncode == SIGKILLED, run.stderr
    (left,) = (cache.folder / "filling").iterdir()
    assert left.stat().st_size == SIZE
    assert cache.usage().count == 0
    cache.sweep()
    assert not left.exists()
    assert (cache.folder / "use").read_text("ascii").split()[2] == "0" * 20


def test_what_others_are_filling_is_not_swept(opened: Opened) -> None:
    cache, origin = opened(), Origin(before=lambda: opened().sweep())
    origin.read(cache, 1)
    assert cache.has(origin.digest(1))


def test_processes_that_are_killed_all_the_while_serve_nothing_wrong_and_stay_in_bounds(
    opened: Opened,
) -> None:
    cache, dice = opened(max_bytes=LIMIT), random.Random(1)  # noqa: S311 - when to kill
    running = [reading(cache, seed) for seed in range(PROCESSES)]
    try:
        for seed in range(PROCESSES, PROCESSES + KILLS):
            time.sleep(dice.uniform(0.05, 0.4))
            assert held_at_once(cache, running) <= LIMIT
            assert all(process.poll() is None for process in running), "one met a wrong byte"
            victim = running.pop(dice.randrange(PROCESSES))
            victim.kill()
            victim.communicate()
            running.append(reading(cache, seed))
    finally:
        for process in running:
            process.kill()
            process.communicate()
    last = run_until("", READER, cache.folder, *numbers(reads=200))
    assert last.stdout == "reading\ndone\n", last.stderr
    assert held(cache) <= LIMIT


def test_processes_that_want_the_same_share_one_fetch(opened: Opened, tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    script = f"""
from pathlib import Path
import os, time
from kit.origins import Origin
from posecas.cache import Cache
def ask():
    with open({str(asked)!r}, "a") as file:
        file.write("once\\n")
    time.sleep(0.5)
print("ready", flush=True)
sys.stdin.readline()
cache = Cache(Path(sys.argv[1]), store="this-store", max_bytes=1 << 20, kept_free=lambda _: 0)
Origin({SIZE}, before=ask).read(cache, 1)
print("right")
"""
    processes = [start(script, opened().folder, stdin=PIPE) for _ in range(4)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        assert [process.communicate(timeout=120)[0] for process in processes] == ["right\n"] * 4
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    assert asked.read_text("ascii") == "once\n"


def reading(cache: Cache, seed: int) -> Popen[str]:
    """Start a process, and return when it reads."""
    process = start(READER, cache.folder, *numbers(seed=seed, reads=1_000_000))
    assert process.stdout is not None
    assert process.stdout.readline() == "reading\n"
    return process


def held_at_once(cache: Cache, running: Sequence[Popen[str]]) -> int:
    """What is held at one moment: nobody moves while it is looked at."""
    for process in running:
        process.send_signal(signal.SIGSTOP)
    try:
        for process in running:
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        return held(cache)
    finally:
        for process in running:
            process.send_signal(signal.SIGCONT)


def numbers(*, reads: int, seed: int = 1) -> list[str]:
    return [str(one) for one in (seed, SIZE, LIMIT, BLOBS, reads)]
