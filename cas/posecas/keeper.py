"""Keeping the journal current while somebody changes something.

The first change starts a thread that writes a segment every `SECONDS` until nothing is left to be
written, and closing the store writes the rest: a process that ends in order leaves nothing behind.
One that is killed leaves at most its last `SECONDS`, and whoever writes next takes them along. A
backup location that fails makes no put fail, and keeps no store from closing; it is told then, and
until then `Index.unjournalled` knows.

When the journal goes to another location than before, its first part lies at the old one, which may
be dropped one day. So a snapshot comes first at the new one: what follows can be restored with it.
"""

import logging
import os
import threading
from typing import Final

from posecas.backends import Backends
from posecas.backup import Kept, back_up
from posecas.errors import ForeignStore, PosecasError
from posecas.journal import flush

SECONDS: Final = 60.0
"""A change is in the journal at most this much later, while its process lives."""

_LOG: Final = logging.getLogger("posecas")


class JournalKeeper:
    """Writes the journal of one open store. Thread-safe."""

    def __init__(self, backends: Backends, *, seconds: float = SECONDS) -> None:
        """Start nothing until something is changed."""
        self._backends = backends
        self._seconds = seconds
        self._pid = os.getpid()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = threading.Event()
        self._wrote = False
        self._failure: PosecasError | None = None
        backends.index.when_written(self._written)

    @property
    def failure(self) -> PosecasError | None:
        """Why the journal could not be written the last time; None if it could."""
        return self._failure

    def close(self) -> None:
        """Write what is left of what was changed here. Calling it twice is allowed.

        Raises ``ForeignStore`` if another index has taken over; any other failure is kept.
        """
        if os.getpid() != self._pid or self._closed.is_set():
            return
        self._closed.set()
        with self._guard:
            thread = self._thread
        if thread is not None:
            thread.join()
        if self._wrote:
            self._flush()
        if isinstance(self._failure, ForeignStore):
            raise self._failure

    def _written(self) -> None:
        """Be told, by whichever thread it was, that a transaction has committed."""
        self._wrote = True
        if self._thread is not None or self._closed.is_set():
            return
        with self._guard:
            if self._thread is None and not self._closed.is_set():
                self._thread = threading.Thread(
                    target=self._keep, name="posecas-journal", daemon=True
                )
                self._thread.start()

    def _keep(self) -> None:
        while not self._closed.wait(self._seconds):
            before = self._failure
            self._flush()
            if self._failure is not None and str(self._failure) != str(before):
                _LOG.warning("the journal cannot be written: %s", self._failure)
            with self._guard:
                if self._failure is None and not self._backends.index.unjournalled().changes:
                    self._thread = None
                    return

    def _flush(self) -> None:
        try:
            flush(self._backends)
            self._settle()
        except PosecasError as error:
            self._failure = error
        else:
            self._failure = None

    def _settle(self) -> None:
        """See that the journal can be restored from where it goes by now, by itself."""
        index, place = self._backends.index, self._backends.backup_place.name
        if index.journal_moves(place):
            back_up(self._backends, Kept())
        index.journal_is_at(place)
