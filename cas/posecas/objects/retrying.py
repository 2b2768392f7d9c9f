"""How long a location that fails for a passing cause is asked again."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeVar

T = TypeVar("T")

_SLOWEST: Final = 64 * 1024
"""Bytes a second; what is slower than this for longer than ``attempt`` has failed."""

_HURRIED_ATTEMPT: Final = 5
_HURRIED_RETRY: Final = 2
_GLANCE: Final = 0.1
"""Seconds between two looks, during a pause, at whether it is still worth its end."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits in seconds for one request, and for all attempts at it.

    An attempt fails when no connection stands within ``connect``, when nothing comes back for
    ``silence`` once all was sent, and in any case after ``attempt`` and the time that its bytes
    take at 64 KiB/s. There are no more than ``attempts``, and none begins later than ``retry_for``
    after the first. Between two lies half to all of ``pause``, doubled each time up to
    ``longest_pause``, or what the service asks for (Retry-After).
    """

    connect: float = 5
    silence: float = 30
    attempt: float = 120
    attempts: int = 6
    retry_for: float = 60
    pause: float = 0.25
    longest_pause: float = 8

    def limit(self, size: int) -> float:
        """Return how long one attempt that moves ``size`` bytes may take."""
        return self.attempt + size / _SLOWEST

    def hurried(self) -> "Patience":
        """Return the same, or less, for whoever wants to end: no attempt begins after 2 s.

        One that moves little ends after 5 s. A service that answers needs no more, and one that
        asks for a moment has it.
        """
        return replace(
            self,
            attempt=min(self.attempt, _HURRIED_ATTEMPT),
            retry_for=min(self.retry_for, _HURRIED_RETRY),
        )

    def pause_after(self, attempt: int) -> float:
        """Return how long to wait after the ``attempt``-th, from 1, by chance."""
        longest = min(self.longest_pause, self.pause * (1 << (attempt - 1)))
        return longest * random.uniform(0.5, 1)  # noqa: S311 - spreads writers, hides nothing


class Failure(Exception):
    """One attempt failed. ``passing``: another may succeed, after ``retry_after`` seconds."""

    passing: bool = False
    retry_after: float = 0
    attempts: int = 1
    seconds: float = 0


def patiently(attempt: Callable[[], T], patience: Callable[[], Patience]) -> T:
    """Return what the first attempt returns that does not fail.

    ``patience`` gives what to have at the moment, which may become less. Raises the last one's
    `Failure`, which then knows how many there were and how long they took.
    """
    began = time.monotonic()
    number = 1
    while True:
        try:
            return attempt()
        except Failure as failure:
            failure.attempts, failure.seconds = number, time.monotonic() - began
            pause = max(patience().pause_after(number), failure.retry_after)
            if not failure.passing or number >= patience().attempts:
                raise
            if not _waited(began, failure.seconds + pause, patience):
                raise
        number += 1


def _waited(began: float, seconds: float, patience: Callable[[], Patience]) -> bool:
    """Wait until so long after ``began``; return at once, and False, if that is too long."""
    while (now := time.monotonic() - began) < seconds:
        if seconds > patience().retry_for:
            return False
        time.sleep(min(seconds - now, _GLANCE))
    return True
