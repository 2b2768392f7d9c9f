"""Keeping the cache within its bytes: room is taken before anything is written.

Who needs room that is not there makes it, alone; others wait for that a moment, or go without.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from posecas import faults
from posecas.cache.entries import Entries
from posecas.cache.fills import Fills
from posecas.cache.locks import locked
from posecas.cache.use import Use
from posecas.digest import Digest

USE: Final = "use"
EVICTING: Final = "evicting"

_SECONDS: Final = 0.2
"""Making room takes milliseconds, unless everything must be counted."""


class Room:
    """The room of the cache in ``folder``, which exists. Raises ``OSError``."""

    def __init__(
        self,
        folder: Path,
        entries: Entries,
        fills: Fills,
        *,
        max_bytes: int,
        kept_free: Callable[[int], int],
    ) -> None:
        """Leave free what ``kept_free`` says of a disk of so many bytes."""
        self._folder = folder
        self._entries = entries
        self._fills = fills
        self._max_bytes = max_bytes
        self._kept_free = kept_free
        self._use = Use(folder / USE)

    def held(self) -> int:
        """Return the bytes that are there; what processes that died had announced counts, too."""
        known = self._use.known()
        return self._count() if known is None else known

    def take(self, size: int) -> bool:
        """Take room for ``size`` bytes, evicting what is not in use; tell whether there is some."""
        if size > self._max_bytes:
            return False
        if self._fits(size):
            return True
        with locked(self._folder / EVICTING, seconds=_SECONDS) as alone:
            if alone is None:
                return False
            if self._fits(size):
                return True
            self._make(size)
            return self._fits(size)

    def give_way(self, needed: int) -> None:
        """Remove what is not in use until so many bytes are gone, if there are so many."""
        with locked(self._folder / EVICTING, seconds=_SECONDS) as alone:
            if alone is not None:
                self._evict(needed)

    def give_back(self, size: int) -> None:
        """Say that bytes are gone which room was taken for."""
        if size:
            self._use.subtract(size)

    def remove(self, digest: Digest) -> None:
        """Remove a file, open or not."""
        self.give_back(self._entries.remove(digest))

    def sweep(self) -> None:
        """Remove what processes that died left half filled."""
        for size in self._fills.sweep():
            self.give_back(size)

    def _fits(self, size: int) -> bool:
        return self._lacking_on_disk(size) <= 0 and self._use.add(size, limit=self._max_bytes)

    def _lacking_on_disk(self, size: int) -> int:
        disk = shutil.disk_usage(self._folder)
        return self._kept_free(disk.total) + size - disk.free

    def _make(self, size: int) -> None:
        self.sweep()
        held = self._use.known()
        if held is None:
            held = self._count()
            self._use.set(held)
        needed = max(held + size - self._max_bytes, self._lacking_on_disk(size))
        if needed > 0:
            self._evict(needed)

    def _evict(self, needed: int) -> None:
        for freed in self._entries.evict(needed):
            faults.point("cache.evicted")
            self.give_back(freed)

    def _count(self) -> int:
        # What is being filled comes first: then it is counted twice at worst, and never missed.
        filling = sum(self._fills.sizes())
        return filling + sum(one.size for one in self._entries.walk())
