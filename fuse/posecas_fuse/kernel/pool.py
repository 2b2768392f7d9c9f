"""Work that may wait for a disk or a network, apart from the thread that reads the device.

Every piece of work is answered once: with what it gives, or with EIO when its time is up. A thread
that hangs in a dead network cannot be ended; it is one fewer until it comes back, and its late
result is undone.
"""

import errno
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

_log = logging.getLogger("posecas_fuse")

_LOOK_SECONDS: Final = 0.1

Answer = Callable[[int, bytes], None]
"""Takes an errno, or 0, and the payload."""


@dataclass(eq=False, slots=True)
class Job:
    """One piece of work that somebody waits for."""

    what: str
    answer: Answer
    until: float
    _open: threading.Lock = field(default_factory=threading.Lock)

    def finish(self, error: int, payload: bytes = b"") -> bool:
        """Answer; False: it was answered before."""
        if not self._open.acquire(blocking=False):
            return False
        self.answer(error, payload)
        return True


class Pool:
    """A bounded number of threads, and a deadline for everything that is given to them."""

    def __init__(self, name: str, *, threads: int, seconds: float) -> None:
        """Everything is answered within ``seconds`` of being given, whether or not it ended."""
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=f"posecas-{name}")
        self._seconds = seconds
        self._jobs: dict[int, Job] = {}
        self._name = name
        self._changed = threading.Condition()
        threading.Thread(target=self._watch, name=f"posecas-{name}-time", daemon=True).start()

    def give(
        self,
        unique: int,
        what: str,
        work: Callable[[], tuple[int, bytes]],
        answer: Answer,
        *,
        undo: Callable[[bytes], object] | None = None,
    ) -> None:
        """Do ``work`` in some thread, and answer. ``undo`` is given what came too late."""
        job = Job(what, answer, time.monotonic() + self._seconds)
        with self._changed:
            self._jobs[unique] = job
            self._changed.notify()

        def run() -> None:
            error, payload = work()
            with self._changed:
                self._jobs.pop(unique, None)
            if not job.finish(error, payload) and undo is not None and not error:
                undo(payload)

        self._threads.submit(run)

    def interrupt(self, unique: int) -> None:
        """Answer EINTR for something that is waited for no longer."""
        with self._changed:
            job = self._jobs.pop(unique, None)
        if job is not None:
            job.finish(errno.EINTR)

    def drain(self, seconds: float) -> int:
        """Wait until nothing is left to do, at most that long; returns how much is left."""
        until = time.monotonic() + seconds
        while self._jobs and time.monotonic() < until:
            time.sleep(_LOOK_SECONDS / 10)
        return len(self._jobs)

    def _watch(self) -> None:
        while True:
            with self._changed:
                while not self._jobs:
                    self._changed.wait()
                now = time.monotonic()
                late = [unique for unique, job in self._jobs.items() if job.until <= now]
                jobs = [self._jobs.pop(unique) for unique in late]
            for job in jobs:
                if job.finish(errno.EIO):
                    _log.error(
                        "%s: nothing came within %.0f s; the program is told EIO",
                        *(job.what, self._seconds),
                    )
            time.sleep(_LOOK_SECONDS)
