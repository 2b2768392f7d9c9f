"""Reading whole files, and what that costs a file: median microseconds of open, read, close."""

import multiprocessing
import os
import random
import statistics
import time
from collections.abc import Mapping, Sequence
from functools import partial
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Final

from bench.mount_images import name_of
from bench.mounted import Contestant

PROCESSES: Final = 4

_LARGEST: Final = 40_000_000
_CHUNK: Final = 1 << 20
_SECONDS: Final = 1.0
_barrier: Barrier | None = None


def read_all(mounting: Contestant, counts: Mapping[str, int]) -> Mapping[str, float]:
    """Mount, and read the files of each size twice in a random order; then all at once."""
    found: dict[str, float] = {}
    with mounting() as mounted:
        small, middle, large = (
            _shuffled(mounted.folder, size, count) for size, count in counts.items()
        )
        found["100 KB cold"] = _microseconds(small)
        found["100 KB again"] = _microseconds(small)
        found["1 MB cold"] = _microseconds(middle)
        found["1 MB again"] = _microseconds(middle)
        found["sequential"] = _sequential(large)
        found["4 processes"] = _together(small)
    return found


def _shuffled(folder: Path, size: str, count: int) -> Sequence[Path]:
    paths = [folder / f"{name_of(size, number)}.png" for number in range(count)]
    random.Random(1).shuffle(paths)  # noqa: S311 - an order, no secret
    return paths


def _microseconds(paths: Sequence[Path]) -> float:
    buffer = bytearray(_LARGEST)
    return statistics.median(_seconds(str(path), buffer) for path in paths) * 1e6


def _seconds(path: str, buffer: bytearray) -> float:
    began = time.perf_counter()
    descriptor = os.open(path, os.O_RDONLY)
    os.preadv(descriptor, [buffer], 0)
    os.close(descriptor)
    return time.perf_counter() - began


def _sequential(paths: Sequence[Path]) -> float:
    """Megabytes a second, a megabyte at a time, of files that were not read before."""
    began, total = time.perf_counter(), 0
    for path in paths:
        with path.open("rb", buffering=0) as file:
            while data := file.read(_CHUNK):
                total += len(data)
    return total / (time.perf_counter() - began) / 1e6


def _together(paths: Sequence[Path]) -> float:
    """Files a second that processes of their own read at once, which have been read before."""
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(PROCESSES)
    work = partial(_count, list(map(str, paths)))
    with context.Pool(PROCESSES, initializer=_meet_at, initargs=(barrier,)) as pool:
        return sum(pool.map(work, range(PROCESSES), chunksize=1)) / _SECONDS


def _meet_at(barrier: Barrier) -> None:
    global _barrier  # noqa: PLW0603 - a barrier can only be handed to a process at its start
    _barrier = barrier


def _count(paths: Sequence[str], number: int) -> int:
    mine = list(paths)
    random.Random(number).shuffle(mine)  # noqa: S311 - an order, no secret
    buffer, done = bytearray(_LARGEST), 0
    if _barrier is not None:
        _barrier.wait()
    end = time.monotonic() + _SECONDS
    while time.monotonic() < end:
        _seconds(mine[done % len(mine)], buffer)
        done += 1
    return done
