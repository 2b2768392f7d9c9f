"""Commits that failed for a passing cause, tried again until they succeed or are not wanted."""

import logging
import threading
import time
from contextlib import suppress
from typing import Final

from posecas.errors import CredentialsRefused, LocationUnavailable, PosecasError
from posecas.objects.marker import MARKER_KEY
from posecas.store import Store
from posecas_fuse.commits import Commits, is_held
from posecas_fuse.health import Health
from posecas_fuse.spool import Spool

_log = logging.getLogger("posecas.mount")

_PROBE: Final = 0
"""No file: the location is asked whether it answers."""

LONGEST_SECONDS: Final = 60.0
"""Between two attempts, however often a commit has failed."""


class Retries:
    """One thread, which begins with the first commit that failed and ends with `close`."""

    def __init__(
        self, store: Store, spool: Spool, commits: Commits, health: Health, *, seconds: float
    ) -> None:
        """Wait for ``seconds`` after the first failure, twice as long after each further one."""
        self._store = store
        self._health = health
        self._spool = spool
        self._commits = commits
        self._seconds = seconds
        self._due: dict[int, float] = {}
        self._waits: dict[int, float] = {}
        self._woken = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None
        commits.retry = self.add

    def add(self, row: int, *, at_once: bool = False) -> None:
        """Try to commit a file again after a while."""
        with self._woken:
            wait = 0 if at_once else self._waits.get(row, self._seconds)
            self._waits[row] = min(wait * 2 or self._seconds, LONGEST_SECONDS)
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
            if row != _PROBE:
                self._attempt(row)
            elif self._is_away():
                self.add(_PROBE)
            else:
                self._waits.pop(_PROBE, None)
                self._health.worked()
            if self._health.failure is not None and not self._due:
                self.add(_PROBE)

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

    def _is_away(self) -> bool:
        """Whether the location does not answer; an answer that nothing is there is one too."""
        try:
            self._store.location.objects.stat(MARKER_KEY)
        except (LocationUnavailable, CredentialsRefused):
            return True
        except PosecasError:
            return False
        return False

    def _attempt_held(self, row_id: int) -> None:
        done = False
        with suppress(PosecasError):
            done = self._commits.annotate_held(row_id)
        if done:
            self._waits.pop(row_id, None)
        else:
            self.add(row_id)

    def _attempt(self, row_id: int) -> None:
        row = self._spool.find(row_id)
        if row is not None and is_held(row):
            self._attempt_held(row_id)
            return
        if row is None or not (row.dirty and row.attached and row.retried):
            self._waits.pop(row_id, None)
            return
        with suppress(PosecasError):
            self._commits.commit(row_id)
            self._waits.pop(row_id, None)
            name = row.name.decode("utf-8", "replace")
            _log.warning("%s/%s: stored after all", row.generation, name)
            self._store.use_reserve()
