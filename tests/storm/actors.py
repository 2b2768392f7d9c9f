"""The processes of a storm: each does one thing, as often as it can, until it is ended."""

import ctypes
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final

import posecas
from kit.tiles import tile
from posecas.errors import Damage, NotFound, PosecasError, PoseNotFound, Temporary
from storm.ice import freeze_now_and_then
from storm.mutants import hurry, mutate
from storm.records import Record

GENERATION: Final = "g"
NAMES: Final = tuple(f"p{number}" for number in range(8))
TILES: Final = tuple(range(10))
"""Few, so that what one process removes is what another one puts; more than names, so that bytes
are written again and again."""

_DIE_WITH_PARENT: Final = 1
_LOOKS: Final = 3


def write(store: posecas.Store, record: Record, dice: random.Random) -> None:
    """Put or replace a few at a time."""
    names = dice.sample(NAMES, dice.choice([1, 1, 3, 6]))
    items = {
        record.attempt(name, number): posecas.PutItem(
            tile(number), GENERATION, name, user="ada", replace=True
        )
        for name in names
        for number in [dice.choice(TILES)]
    }
    left = list(items)
    try:
        for result in store.put_many(items.values()):
            if result.error is not None:
                raise result.error
            record.done(left.pop(0))
    finally:
        for attempt in left:
            record.unknown(attempt)


def remove(store: posecas.Store, record: Record, dice: random.Random) -> None:
    """Remove one."""
    name = dice.choice(NAMES)
    attempt = record.attempt(name, None)
    removed: list[posecas.Pose] = []
    try:
        with suppress(PoseNotFound):
            removed = store.remove([f"{GENERATION}/{name}"])
    except PosecasError:
        record.unknown(attempt)
        raise
    (record.done if removed else record.void)(attempt)
    time.sleep(dice.random() / 50)


def collect(store: posecas.Store, record: Record, dice: random.Random) -> None:
    """Take away whatever may be taken, at once."""
    done = list(store.collect(grace=0, delay=0))[-1]
    record.note("swept", str(done.deleted))
    time.sleep(dice.random() / 50)


def read(store: posecas.Store, record: Record, dice: random.Random) -> None:
    """Read everything that is listed, in any order, and its thumbnails."""
    names = [f"{pose.generation}/{pose.name}" for pose in store.poses()]
    dice.shuffle(names)
    for name in names:
        problem = _problem(store, name)
        if problem:
            record.note("wrong", problem)
    record.note("read", str(len(names)))


def _problem(store: posecas.Store, name: str) -> str | None:
    """What is wrong with a pose that is still there; one that changed meanwhile is looked up again.

    Until it is removed or replaced, its image and its thumbnail are there at every moment.
    """
    for _ in range(_LOOKS):
        with suppress(PoseNotFound):
            pose = store.pose(name)
            problem = _unreadable(store, pose)
            if problem is None or store.pose(name) == pose:
                return problem
    return None


def _unreadable(store: posecas.Store, pose: posecas.Pose) -> str | None:
    try:
        if store.get(pose) not in map(tile, TILES):
            return f"{pose.name} reads as bytes that nobody put"
        if pose.thumbnail is None or not store.get(pose.thumbnail.facts.digest):
            return f"{pose.name} has no thumbnail"
    except (Damage, NotFound) as error:
        return f"{pose.name}: {error}"
    return None


_ROLES: Final[dict[str, Callable[[posecas.Store, Record, random.Random], None]]] = {
    "writer": write,
    "remover": remove,
    "collector": collect,
    "reader": read,
}


def act(role: str, folder: str, record_path: str, seed: str, mutant: str, *, parent: int) -> None:
    """Do one thing until killed, or until the process that forked this one is gone."""
    _end_with_parent()
    record = Record(Path(record_path))
    dice = random.Random(seed)  # noqa: S311 - chance, no secret
    hurry(mutant, dice)
    mutate(mutant)
    freeze_now_and_then(role, record, random.Random(f"ice {seed}"))  # noqa: S311 - as above
    with posecas.open_store(folder) as store:
        step = partial(_ROLES[role], store, record, dice)
        while os.getppid() == parent:
            try:
                step()
            except Temporary:
                continue
            except Exception as error:  # noqa: BLE001 - the storm goes on, and tells it at the end
                record.note("failed", f"{role}: {type(error).__name__}: {error}")


def _end_with_parent() -> None:
    """Also a process that is stopped must not be left behind."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
