"""Commits that failed for a passing cause, tried again until they succeed or are not wanted."""

import logging
import threading
import time
from contextlib import suppress
from typing import Final

from posecas.errors import PosecasError
from posecas_fuse.commits import Commits
from posecas_fuse.spool import Spool

_log = logging.getLogger("posecas.mount")

LONGEST_SECONDS: Final = 60.0
"""Between two attempts, however often a commit has failed."""


class Retries:
    """One thread, which begins with the first commit that failed and ends with `close`."""

    def __init__(self, spool: Spool, commits: Commits, *, seconds: float) -> None:
        """Wait for ``seconds`` after the first failure, twice as long after each further one."""
        self._spool = spool
        self._commits = commits
        self._seconds = seconds
        self._due: dict[int, float] = {}
        self._waits: dict[int, float] = {}
        self._woken = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        commits.retry = self.add

    def add(self, row: int) -> None:
        """Try to commit a file again after a while."""
        with self._woken:
            wait = self._waits.get(row, self._seconds)
            self._waits[row] = min(wait * 2, LONGEST_SECONDS)
            self._due[row] = time.monotonic() + wait
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(
                    target=self._run, name="posecas-retries", daemon=True
                )
                self._thread.start()
            self._woken.notify()

    def close(self) -> None:
        """End the thread. What is still to be stored stays in the spool for the next mount."""
        with self._woken:
            self._closed = True
            self._woken.notify()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while (row := self._next()) is not None:
            self._attempt(row)

    def _next(self) -> int | None:
        with self._woken:
            while not self._closed:
                now = time.monotonic()
                due = min(self._due, key=self._due.__getitem__, default=None)
                if due is not None and self._due[due] <= now:
                    del self._due[due]
                    return due
                self._woken.wait(None if due is None else self._due[due] - now)
        return None

    def _attempt(self, row_id: int) -> None:
        row = self._spool.find(row_id)
        if row is None or not (row.dirty and row.attached and row.retried):
            self._waits.pop(row_id, None)
            return
        with suppress(PosecasError):
            self._commits.commit(row_id)
            self._waits.pop(row_id, None)
            name = row.name.decode("utf-8", "replace")
            _log.warning("%s/%s: stored after all", row.generation, name)
