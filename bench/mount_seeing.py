"""How long a mount does not show what another process did: milliseconds, the median of a few."""

import statistics
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final

from bench.mount_images import noise
from bench.mounted import GENERATION, Contestant, Places
from posecas import Store, open_store

PATIENCE_SECONDS: Final = 10.0
"""A change that is not seen by then counts as infinite."""

_TIMES: Final = 7
_POLL_SECONDS: Final = 0.001
_SETTLE_SECONDS: Final = 0.3


def see_all(mounting: Contestant, places: Places, *, of_store: bool) -> Mapping[str, float]:
    """Change what is behind the mount, and look until the mount shows it."""
    with open_store(places.store) as store, mounting() as mounted:
        times = _TIMES
        added: list[float] = []
        removed: list[float] = []
        for number in range(times):
            name = f"seen-{time.time_ns()}"
            path = mounted.folder / f"{name}.png"
            put, remove = _changes(store if of_store else None, places, name)
            path.exists()
            added.append(_milliseconds(put, path.exists))
            removed.append(_milliseconds(remove, partial(_is_gone, path)))
            if number == 0 and added[0] == float("inf"):
                break
    return {"new": statistics.median(added), "removed": statistics.median(removed)}


def _changes(
    store: Store | None, places: Places, name: str
) -> tuple[Callable[[], object], Callable[[], object]]:
    data = noise("100 KB")
    if store is None:
        file = places.plain / GENERATION / f"{name}.png"
        return (lambda: file.write_bytes(data)), file.unlink
    return (
        lambda: store.put(data, generation=GENERATION, pose=name),
        lambda: store.remove([f"{GENERATION}/{name}"]),
    )


def _is_gone(path: Path) -> bool:
    return not path.exists()


def _milliseconds(change: Callable[[], object], holds: Callable[[], bool]) -> float:
    """From when the change is done until the mount shows it."""
    time.sleep(_SETTLE_SECONDS)
    change()
    began = time.perf_counter()
    while not holds():
        if time.perf_counter() - began > PATIENCE_SECONDS:
            return float("inf")
        time.sleep(_POLL_SECONDS)
    return (time.perf_counter() - began) * 1000
