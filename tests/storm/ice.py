"""Processes that freeze at the worst moments: each stops itself at a named point, now and then.

Signals from outside meet a process between two steps of the protocol too rarely for a storm of
seconds. So it stops itself there, with all of its threads, and the weather lets it go on after a
while that is shorter or longer than a lease.
"""

import os
import random
import signal
import time
from collections.abc import Sequence
from typing import Final

from posecas import faults
from storm.records import Record

_POINTS: Final[dict[str, Sequence[str]]] = {
    # Its row is pending: its bytes are on the way, or are there and not published.
    "writer": ("put.begun", "put.written", "put.written", "objects.staged"),
    # It was given keys to delete, and will delete them however late it is.
    "collector": ("gc.claimed", "gc.claimed", "gc.deleted", "gc.condemned"),
}
_AFTER: Final = (0.2, 2.0)
"""Seconds of running, before it freezes at the next point of its choice."""


def freeze_now_and_then(role: str, record: Record, dice: random.Random) -> None:
    """From now on, let this process stop itself."""
    points = _POINTS.get(role, ())
    if points:
        setattr(faults, "point", _Ice(points, record, dice).point)  # noqa: B010 - a function


class _Ice:
    def __init__(self, points: Sequence[str], record: Record, dice: random.Random) -> None:
        self._points = points
        self._record = record
        self._dice = dice
        self._choose()

    def point(self, name: str) -> None:
        if name == self._next and time.monotonic() > self._not_before:
            self._record.note("froze", name)
            self._choose()
            os.kill(os.getpid(), signal.SIGSTOP)

    def _choose(self) -> None:
        self._next = self._dice.choice(self._points)
        self._not_before = time.monotonic() + self._dice.uniform(*_AFTER)
