"""Local copies of blobs whose replicas are elsewhere, for all processes of one host.

A copy is found by its digest and handed out only when its bytes were verified: when they come in,
and once more when a process first uses a file that is there. So nothing is synced here, and what a
power cut, a failing disk or a stranger leaves behind is dropped and fetched again.

It is no location: nothing counts as stored because it is here, and every file of it may be removed
at any moment.
"""

import io
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Final

from posecas.cache.entries import Entries
from posecas.cache.fills import Fill, Fills
from posecas.cache.flights import Flights
from posecas.cache.owner import claim
from posecas.cache.room import Room
from posecas.digest import Digest, verify
from posecas.errors import DamagedObject, ForeignStore
from posecas.records import Amount

Fetch = Callable[[], bytes]
"""Gets a blob from where it is, verified."""

_PATIENCE_SECONDS: Final = 30.0
"""How long another process may take to fetch what is wanted here too."""

_REMEMBERED: Final = 100_000
"""Digests verified by this process, some ten megabytes; then it begins anew."""

_LOG: Final = logging.getLogger("posecas")


class Cache:
    """The cache of one store in ``folder``, which is made when something is first kept.

    It holds up to ``max_bytes`` and leaves free what ``kept_free`` says of a disk of so many bytes.
    What was not used for longest goes first, and nothing that is open. Where it cannot be written,
    or is full of what is open, bytes are given without being kept. Thread-safe.
    """

    def __init__(
        self, folder: Path, *, store: str, max_bytes: int, kept_free: Callable[[int], int]
    ) -> None:
        """Touch nothing yet. ``store`` is the store's id; a ``max_bytes`` of 0 keeps nothing."""
        self.folder = folder
        self.max_bytes = max_bytes
        self._store = store
        self._entries = Entries(folder)
        self._fills = Fills(folder)
        self._room = Room(
            folder, self._entries, self._fills, max_bytes=max_bytes, kept_free=kept_free
        )
        self._flights = Flights()
        self._verified: set[Digest] = set()
        self._ours = False
        self._told = ""

    def read(self, digest: Digest, fetch: Fetch) -> bytes:
        """Return a blob's bytes: from here, or else by ``fetch``, and then they are kept.

        All who ask at the same time, in any process, share one fetch. Raises what ``fetch`` raises,
        and ``ForeignStore`` if the folder is another's.
        """
        found = self._read(digest)
        if found is not None:
            return found
        return self._flights.join(digest, lambda: self._fill(digest, fetch))

    def open(
        self, digest: Digest, size: int, fetch: Fetch, *, seconds: float | None = None
    ) -> BinaryIO:
        """Open a blob's file here, which is not evicted meanwhile; fetch it first if need be.

        Its bytes stay readable whatever happens to its name. Where nothing can be kept they are
        given in memory, without a descriptor. Raises as `read` does, and ``LocationUnavailable``
        if a fetch takes longer than ``seconds``; it goes on.
        """
        file = self._opened(digest, size)
        if file is not None:
            return file
        data = self._flights.join(digest, lambda: self._fill(digest, fetch), seconds=seconds)
        return self._opened(digest, size) or io.BytesIO(data)

    def kept(self, digest: Digest) -> bytes | None:
        """Return a blob's bytes if they are here, verified; None if they are not to be had."""
        with suppress(ForeignStore):
            return self._read(digest)
        return None

    def find(self, digest: Digest, size: int) -> BinaryIO | None:
        """Open a blob's file if a sound one is here; nothing is fetched."""
        with suppress(ForeignStore):
            return self._opened(digest, size)
        return None

    def keep(self, digest: Digest, data: bytes) -> None:
        """Keep verified bytes that are at hand; that this cannot be done is no error."""
        with ExitStack() as stack, suppress(ForeignStore):
            fill = self._claimed(digest, stack, seconds=0)
            if fill is not None and not self.has(digest):
                self._place(fill, digest, data)

    def is_there(self) -> bool:
        """Tell whether the folder is there; then it is this store's.

        Raises ``ForeignStore`` if it is another's or no cache, ``OSError`` if it cannot be used.
        """
        if not self._ours and self.folder.is_dir():
            claim(self.folder, self._store)
            self._ours = True
        return self._ours

    def has(self, digest: Digest) -> bool:
        """Tell whether there is a file of this blob, sound or not."""
        return self._entries.path(digest).exists()

    def drop(self, digest: Digest) -> None:
        """Forget a blob. Whoever has it open keeps its bytes."""
        self._verified.discard(digest)
        with self._telling():
            self._room.remove(digest)

    def give_way(self, other: Path, needed: int) -> None:
        """Make room for something else at ``other``, if that is on the same disk."""
        with self._telling(), suppress(ForeignStore):
            if self.is_there() and self.folder.stat().st_dev == other.stat().st_dev:
                self._room.give_way(needed)

    def sweep(self) -> None:
        """Remove what processes that died left half filled."""
        with self._telling():
            self._room.sweep()

    def held(self) -> int:
        """Return the bytes that are here, as they are counted; see `usage`."""
        with self._telling():
            return self._room.held()
        return 0

    def usage(self) -> Amount:
        """Return how many files are here and their bytes, by looking at each of them."""
        sizes: list[int] = []
        with self._telling():
            sizes.extend(one.size for one in self._entries.walk())
        return Amount(len(sizes), sum(sizes))

    def _read(self, digest: Digest) -> bytes | None:
        file = self._found(digest)
        if file is None:
            return None
        with file:
            return self._content(digest, file)

    def _opened(self, digest: Digest, size: int) -> BinaryIO | None:
        file = self._found(digest)
        if file is None:
            return None
        if digest in self._verified and os.fstat(file.fileno()).st_size == size:
            return file
        if self._content(digest, file) is not None:
            file.seek(0)
            return file
        file.close()
        return None

    def _found(self, digest: Digest) -> BinaryIO | None:
        with self._telling():
            return self._entries.opened(digest) if self.is_there() else None
        return None

    def _content(self, digest: Digest, file: BinaryIO) -> bytes | None:
        """Return what is in a file if that is the blob; else, it is gone."""
        with self._telling():
            data = file.read()
            return data if self._is_sound(digest, data) else None
        return None

    def _is_sound(self, digest: Digest, data: bytes) -> bool:
        try:
            verify(data, digest, where=str(self._entries.path(digest)))
        except DamagedObject:
            _LOG.warning(
                "%s: this copy is damaged; it is fetched again", self._entries.path(digest)
            )
            self.drop(digest)
            return False
        self._remember(digest)
        return True

    def _remember(self, digest: Digest) -> None:
        if len(self._verified) >= _REMEMBERED:
            self._verified.clear()
        self._verified.add(digest)

    def _fill(self, digest: Digest, fetch: Fetch) -> bytes:
        with ExitStack() as stack:
            fill = self._claimed(digest, stack, seconds=_PATIENCE_SECONDS)
            found = self._read(digest)
            if found is not None:
                return found
            data = fetch()
            if fill is not None:
                self._place(fill, digest, data)
            return data

    def _claimed(self, digest: Digest, stack: ExitStack, *, seconds: float) -> Fill | None:
        if self.max_bytes == 0:
            return None
        with self._telling():
            self.folder.mkdir(mode=0o700, exist_ok=True)
            # Anew each time: the folder may have been emptied.
            claim(self.folder, self._store)
            return stack.enter_context(self._fills.claimed(digest, seconds=seconds))
        return None

    def _place(self, fill: Fill, digest: Digest, data: bytes) -> None:
        with self._telling():
            self._room.give_back(fill.empty())
            if self._room.take(len(data)):
                try:
                    fill.write(data)
                    fill.place(self._entries.path(digest))
                    self._remember(digest)
                finally:
                    if not fill.placed:
                        fill.empty()
                        self._room.give_back(len(data))

    @contextmanager
    def _telling(self) -> Iterator[None]:
        """Do without the cache where the disk fails, and say once why."""
        try:
            yield
        except OSError as error:
            cause = error.strerror or str(error)
            if cause != self._told:
                self._told = cause
                _LOG.warning("%s: nothing can be cached here (%s)", self.folder, cause)
