"""The bytes of spooled files: read, written and cut in any order, by any thread.

A file that is to be an image is checked as it is written, since some runtimes never tell what close
said: its first bytes as soon as they are known, its size, and the owner's quota.
"""

import errno
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from posecas.digest import Digest
from posecas.errors import LocationUnavailable, StorageFull, WriteRefused
from posecas.images.sniff import SNIFF_BYTES
from posecas_fuse.spool import Spool, Spooled

_PIECE: Final = 1 << 20


@dataclass(slots=True)
class Draft:
    """An open spooled file. ``lock`` is held by whoever changes or commits its bytes.

    It is closed when nobody has it in their hands any more: one thread may let go of the last open
    file of a name while another one opens the next.
    """

    descriptor: int
    lock: threading.RLock = field(default_factory=threading.RLock)
    known: int = 0
    """Which of the first bytes were written, a bit each: writes may come in any order."""
    granted: int = 0
    """Up to which size there is room, as far as was asked."""
    stored: Digest | None = None
    """What was committed of it last."""

    def __del__(self) -> None:
        """Close it."""
        with suppress(OSError):
            os.close(self.descriptor)

    @property
    def size(self) -> int:
        """In bytes."""
        return os.fstat(self.descriptor).st_size

    def read(self, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes. Raises ``OSError``."""
        return os.pread(self.descriptor, size, offset)

    def head_with(self, offset: int, data: memoryview) -> bytes:
        """Return the first bytes as they would be after a write, as far as they are known."""
        known = self.known | _bits(offset, len(data))
        length = 0
        while length < SNIFF_BYTES and known >> length & 1:
            length += 1
        head = bytearray(self.read(0, length).ljust(length, b"\0"))
        part = bytes(data[: max(0, length - offset)])
        head[offset : offset + len(part)] = part
        return bytes(head)

    def write(self, offset: int, data: memoryview) -> None:
        """Write all of it. Raises ``OSError``."""
        written = 0
        while written < len(data):
            written += os.pwrite(self.descriptor, data[written:], offset + written)
        self.known |= _bits(offset, len(data))

    def truncate(self, size: int) -> None:
        """Cut or lengthen. Raises ``OSError``."""
        os.ftruncate(self.descriptor, size)
        self.known &= _bits(0, size)
        # What was granted stays so: programs cut a file only to write it anew.


class Drafts:
    """The drafts that are open in this process. Thread-safe."""

    def __init__(self, spool: Spool, fetch: Callable[[Digest], bytes]) -> None:
        """``fetch`` gives the bytes of a stored image."""
        self._spool = spool
        self._fetch = fetch
        self._open: dict[int, Draft] = {}
        self._guard = threading.Lock()

    def get(self, row: int) -> Draft:
        """Return a file's draft, as another process may have left it."""
        with self._guard:
            found = self._open.get(row)
            if found is None:
                try:
                    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
                    descriptor = os.open(self._spool.path(row), flags, 0o600)
                except OSError as error:
                    raise write_failure(error) from error
                found = self._open[row] = Draft(descriptor)
                found.known = _bits(0, found.size)
            return found

    def copied_up(self, row: Spooled) -> Draft:
        """Return the draft with the bytes that it begins with. Its lock is held by the caller."""
        draft = self.get(row.id)
        if row.base is not None:
            data = self._fetch(Digest(row.base))
            try:
                draft.write(0, memoryview(data))
            except OSError as error:
                raise write_failure(error) from error
            self._spool.change(row.id, base=None)
        return draft

    def drop(self, row: int) -> None:
        """Let go of a file that nobody has open any more."""
        with self._guard:
            self._open.pop(row, None)

    def close(self) -> None:
        """Let go of all of them."""
        for row in list(self._open):
            self.drop(row)


def write_failure(error: OSError) -> StorageFull | WriteRefused:
    """Return what it means that the spool's disk fails."""
    kind = StorageFull if error.errno == errno.ENOSPC else WriteRefused
    return kind(f"the spool cannot be written ({error.strerror}); check the disk of the store")


def read_failure(error: OSError) -> LocationUnavailable:
    """Return what it means that the disk fails to read."""
    return LocationUnavailable(f"the disk fails to read it ({error.strerror}); check the disk")


def _bits(offset: int, length: int) -> int:
    end = min(offset + length, SNIFF_BYTES)
    return (1 << end) - (1 << offset) if offset < end else 0
