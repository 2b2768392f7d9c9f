"""Sending on what was committed locally, while a process lives.

A store that commits locally starts a thread when it is opened, which copies what waits to the write
location and lets go of it here, again and again. A process that ends earlier, or a location that is
away, leaves it waiting for the next one, or for `posecas replicate`.
"""

import logging
import os
import threading
from typing import Final

from posecas.backends import Backends
from posecas.errors import PosecasError
from posecas.ingest import Ingest
from posecas.replicate import NotCopied, send

SECONDS: Final = 10.0
"""What was committed waits for so long before it is sent; a command is over by then."""

_LONGEST: Final = 300.0
_LOG: Final = logging.getLogger("posecas")


class Sender:
    """Sends what one open store, or any other before it, has left waiting. Thread-safe."""

    def __init__(self, backends: Backends, ingest: Ingest, *, seconds: float = SECONDS) -> None:
        """Start a thread if puts are committed elsewhere than where they are to be."""
        self._backends = backends
        self._ingest = ingest
        self._seconds = seconds
        self._pid = os.getpid()
        self._closed = threading.Event()
        self._failure: PosecasError | None = None
        self._thread: threading.Thread | None = None
        if backends.config.commit_location != backends.config.write_location:
            self._thread = threading.Thread(target=self._keep, name="posecas-send", daemon=True)
            self._thread.start()

    @property
    def failure(self) -> PosecasError | None:
        """Why nothing could be sent the last time; None if it could."""
        return self._failure

    def close(self) -> None:
        """Stop after the batch that is under way; what is left waits. Twice is allowed."""
        self._closed.set()
        if self._thread is not None and os.getpid() == self._pid:
            self._thread.join()

    def _keep(self) -> None:
        pause = self._seconds
        while not self._closed.wait(pause):
            before = self._failure
            self._send()
            # A location that is away is not asked more and more often.
            pause = self._seconds if self._failure is None else min(pause * 2, _LONGEST)
            if self._failure is not None and str(self._failure) != str(before):
                _LOG.warning("what was committed locally waits: %s", self._failure)

    def _send(self) -> None:
        try:
            for step in send(self._backends, self._ingest, self._closed.is_set):
                if isinstance(step, NotCopied):
                    _LOG.warning("%s: not sent: %s", step.named or step.digest, step.error)
        except PosecasError as error:
            self._failure = error
        else:
            self._failure = None
