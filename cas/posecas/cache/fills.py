"""Files on their way into the cache: ``filling/<digest>``, locked by the one who fills it.

The lock is what says that somebody is at it. A file without one was left behind by a process that
died: whoever wants the same bytes next goes on with it, and others are swept away.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from posecas import faults
from posecas.cache.entries import remove_unused
from posecas.cache.locks import locked
from posecas.digest import Digest

FOLDER: Final = "filling"


class Fill:
    """A locked file. Raises ``OSError``."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self.placed = False
        self._descriptor = descriptor
        self._path = path

    def empty(self) -> int:
        """Take out what is in it; return how many bytes that were, all of which were counted."""
        size = os.fstat(self._descriptor).st_size
        if size:
            # ext4 writes a file that was emptied to the disk when it is closed (auto_da_alloc).
            os.ftruncate(self._descriptor, 0)
        return size

    def write(self, data: bytes) -> None:
        """Write all of ``data``, which was counted."""
        # At its full size from the beginning: what is left behind shows what was counted.
        os.ftruncate(self._descriptor, len(data))
        faults.point("cache.announced")
        written = 0
        while written < len(data):
            written += os.pwrite(self._descriptor, memoryview(data)[written:], written)
        faults.point("cache.written")

    def place(self, target: Path) -> None:
        """Give the file its place among the entries."""
        with suppress(FileExistsError):
            target.parent.mkdir(mode=0o700)
        self._path.rename(target)
        self.placed = True
        faults.point("cache.placed")


class Fills:
    """The files that are being filled below ``folder``. Raises ``OSError``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / FOLDER

    @contextmanager
    def claimed(self, digest: Digest, *, seconds: float) -> Iterator[Fill | None]:
        """Be the one who fills in this blob; None: somebody else has been at it for ``seconds``."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / digest
        with locked(path, seconds=seconds) as descriptor:
            if descriptor is None:
                yield None
                return
            fill = Fill(descriptor, path)
            try:
                yield fill
            finally:
                # After placing, the name may be that of somebody else's file already.
                if not fill.placed:
                    path.unlink(missing_ok=True)

    def sizes(self) -> Iterator[int]:
        """Yield the size of each file."""
        with suppress(FileNotFoundError), os.scandir(self._folder) as found:
            for one in found:
                with suppress(FileNotFoundError):
                    yield one.stat(follow_symlinks=False).st_size

    def sweep(self) -> Iterator[int]:
        """Remove what processes that died left behind; yield the size of each when it is gone."""
        with suppress(FileNotFoundError), os.scandir(self._folder) as found:
            for one in found:
                if size := remove_unused(Path(one.path)):
                    yield size
