"""Which files are open, in memory that outlives a worker.

The keeper makes the memory, each worker maps it. A worker may be killed between any two
instructions: a slot counts only once its serial number is in it, which is written last, and no
longer once that is 0, which is written first. A file is written down before the kernel is answered,
so what the kernel holds is always known here. What is here and was never answered is asked for
again, by the same ``unique``, and found by it.
"""

import mmap
import os
import threading
from collections.abc import Mapping, Sequence
from struct import Struct
from typing import Final, NamedTuple

from posecas_fuse.kernel.abi import RESENT

_SLOT: Final = Struct("<QQQQQqQiI")
_SERIAL: Final = Struct("<Q")
_SLOT_BITS: Final = 17
_SLOTS: Final = 1 << _SLOT_BITS
_PAGE: Final = 4096
_HEAD: Final = Struct("<QQQQ")
_INTENTS: Final = 1024
_INTENT: Final = Struct("<QQ")
_INTENDED: Final = 64
"""More than can be under way at once: the kernel counts its requests by twos."""

_RING: Final = 2048
_REMEMBERED: Final = 256
_PROMISED: Final = 0
"""In the place of the kernel's number: somebody is about to open it."""

_RESERVED: Final = 256
"""Serial numbers that are used up at once: what is not given by a worker that dies, never is."""

SIZE: Final = _PAGE + _SLOT.size * _SLOTS
"""Bytes of address space; memory is used only for slots that were in use."""


class TooManyOpen(Exception):
    """Every slot is in use."""


class OpenFile(NamedTuple):
    """An open file: the kernel's number for it, and ours; what it is, and how it is read.

    ``unique`` is that of the request that opened it; ``content`` tells its bytes from others.
    """

    nodeid: int
    handle: int
    unique: int
    size: int
    modified_ns: int
    content: int
    backing: int = 0
    flags: int = 0


def make_memory() -> int:
    """Return the descriptor of memory for an `OpenFiles`; children inherit it."""
    descriptor = os.memfd_create("posecas-open-files", 0)
    os.ftruncate(descriptor, SIZE)
    return descriptor


class OpenFiles:
    """The files that the kernel holds open. Any thread may call any method."""

    def __init__(self, descriptor: int) -> None:
        """Find what a worker before this one left open."""
        self._memory = mmap.mmap(descriptor, SIZE)
        self._guard = threading.Lock()
        found: tuple[int, int, int, int] = _HEAD.unpack_from(self._memory)
        self._used, self._serial, self._followed, self._done = found
        self._files: dict[int, OpenFile] = {}
        self._by_node: dict[int, tuple[int, ...]] = {}
        self._free: list[int] = []
        for slot in range(self._used):
            serial, *fields = _SLOT.unpack_from(self._memory, _PAGE + slot * _SLOT.size)
            if serial:
                self._serial = max(self._serial, serial)
                self._note(serial << _SLOT_BITS | slot, OpenFile(*fields))
            else:
                self._free.append(slot)
        self._reserved = self._serial
        self._end_kept_promises()
        # Only what a worker before this one opened is asked for again.
        self._asked_before = {
            opened.unique & ~RESENT: handle
            for handle, opened in self._files.items()
            if opened.nodeid != _PROMISED
        }

    @property
    def followed(self) -> int:
        """Up to which change of the index the kernel was told; 0: nothing yet."""
        return self._followed

    def follow(self, sequence: int) -> None:
        """Remember up to which change the kernel was told."""
        with self._guard:
            self._followed = sequence
            self._write_head()

    def add(self, opened: OpenFile) -> int:
        """Write an open file down; returns what the kernel is to call it by."""
        with self._guard:
            slot = self._free.pop() if self._free else self._next_slot()
            if self._serial == self._reserved:
                # First, so that no number is given twice: who closes one may be sent again.
                self._reserved += _RESERVED
                self._write_head()
            self._serial += 1
            offset = _PAGE + slot * _SLOT.size
            _SLOT.pack_into(self._memory, offset, 0, *opened)
            _SERIAL.pack_into(self._memory, offset, self._serial)
            handle = self._serial << _SLOT_BITS | slot
            self._note(handle, opened)
            return handle

    def get(self, handle: int) -> OpenFile | None:
        """Return an open file; None: it was closed."""
        return self._files.get(handle)

    def asked_by(self, unique: int) -> int | None:
        """Return what was opened for a request that is sent again."""
        return self._asked_before.get(unique & ~RESENT)

    def intend(self, unique: int, state: int) -> None:
        """Remember in which state a request that changes it was begun; not 0."""
        with self._guard:
            place = _place_of(unique)
            _INTENT.pack_into(self._memory, place, 0, state)
            _SERIAL.pack_into(self._memory, place, unique & ~RESENT)

    def intended(self, unique: int) -> int | None:
        """Return the state that `intend` was told, be it by a worker that is gone."""
        found, state = _INTENT.unpack_from(self._memory, _place_of(unique))
        return state if found == unique & ~RESENT else None

    def done(self, unique: int) -> None:
        """Remember that a request was carried out that must not be carried out again."""
        with self._guard:
            place = _RING + 8 * (self._done % _REMEMBERED)
            self._memory[place : place + 8] = (unique & ~RESENT).to_bytes(8, "little")
            self._done += 1
            self._write_head()

    def was_done(self, unique: int) -> bool:
        """Tell whether `done` was told of a request, be it by a worker that is gone."""
        sought = (unique & ~RESENT).to_bytes(8, "little")
        ring = self._memory[_RING : _RING + 8 * _REMEMBERED]
        return any(ring[at : at + 8] == sought for at in range(0, len(ring), 8))

    def of(self, nodeid: int) -> Sequence[OpenFile]:
        """Return how a file is open now."""
        if nodeid not in self._by_node:
            return ()
        with self._guard:
            return [self._files[handle] for handle in self._by_node.get(nodeid, ())]

    def handles(self) -> Sequence[int]:
        """Return our handle of each open file, and of each that is promised."""
        with self._guard:
            return [opened.handle for opened in self._files.values()]

    def promise(self, handle: int, thread: int) -> int:
        """Write down that a thread is to open what is open by this handle; `remove` ends it."""
        return self.add(OpenFile(_PROMISED, handle, thread, 0, 0, 0))

    def promised(self) -> Mapping[int, OpenFile]:
        """Return what was promised, by number; ``unique`` is the thread."""
        with self._guard:
            return {number: self._files[number] for number in self._by_node.get(_PROMISED, ())}

    def remove(self, handle: int) -> OpenFile | None:
        """Strike an open file out, and return it; None: that is done already."""
        with self._guard:
            opened = self._files.pop(handle, None)
            if opened is not None:
                self._strike(handle, opened)
            return opened

    def __len__(self) -> int:
        """How many files are open."""
        return len(self._files)

    def _end_kept_promises(self) -> None:
        kept = {one.handle for one in self._files.values() if one.nodeid != _PROMISED}
        for number, promised in self.promised().items():
            if promised.handle in kept:
                self.remove(number)

    def _note(self, handle: int, opened: OpenFile) -> None:
        self._files[handle] = opened
        self._by_node[opened.nodeid] = (*self._by_node.get(opened.nodeid, ()), handle)

    def _strike(self, handle: int, opened: OpenFile) -> None:
        slot = handle & (_SLOTS - 1)
        _SERIAL.pack_into(self._memory, _PAGE + slot * _SLOT.size, 0)
        self._free.append(slot)
        left = tuple(one for one in self._by_node.pop(opened.nodeid) if one != handle)
        if left:
            self._by_node[opened.nodeid] = left

    def _next_slot(self) -> int:
        if self._used == _SLOTS:
            raise TooManyOpen
        self._used += 1
        self._write_head()
        return self._used - 1

    def _write_head(self) -> None:
        head = (self._used, self._reserved, self._followed, self._done)
        _HEAD.pack_into(self._memory, 0, *head)


def _place_of(unique: int) -> int:
    return _INTENTS + _INTENT.size * ((unique & ~RESENT) // 2 % _INTENDED)
