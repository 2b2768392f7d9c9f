"""Open files that are only read: their bytes stay as they were, whatever happens to the name.

A handle is the node of the bytes it pins. So a process that takes over from one that died reads on
by the handles that it never gave out.
"""

import itertools
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO, Final, NewType

from posecas.digest import Digest
from posecas.records import Replica
from posecas.store import Store
from posecas.view import Entry, Node, View
from posecas.view.nodes import Kind, kind_of, make_node, row_of

Handle = NewType("Handle", int)
"""An open file. Valid after a restart, and below 2**63."""

_TEXTS: Final = 256
_HASHES: Final = make_node(Kind.HASH)


def is_draft(handle: Handle) -> bool:
    """Tell whether a handle is of a file in the spool."""
    return kind_of(Node(handle)) is Kind.SPOOLED


@dataclass(frozen=True, slots=True)
class OnDisk:
    """A file of the store: the descriptor keeps its bytes."""

    file: BinaryIO

    def read(self, offset: int, size: int) -> bytes:
        """Raises ``OSError``."""
        return os.pread(self.file.fileno(), size, offset)

    def descriptor(self) -> int | None:
        """The open file itself."""
        return self.file.fileno()

    def close(self) -> None:
        """Let go of the bytes."""
        self.file.close()


@dataclass(frozen=True, slots=True)
class InMemory:
    """Bytes that are no file of this machine."""

    data: bytes

    def read(self, offset: int, size: int) -> bytes:
        """Never fails."""
        return self.data[offset : offset + size]

    def descriptor(self) -> int | None:
        """Return None: there is none."""
        return None

    def close(self) -> None:
        """Nothing is held but memory."""


Pinned = OnDisk | InMemory


@dataclass(slots=True)
class _Counted:
    pinned: Pinned
    opens: int = 1


class Pins:
    """The pinned files of one process. Thread-safe."""

    def __init__(self, store: Store, view: View, *, seconds: float) -> None:
        """Find the bytes of handles that another process gave out in ``view``.

        What is elsewhere is waited for at most ``seconds``.
        """
        self._seconds = seconds
        self._store = store
        self._view = view
        self._open: dict[Handle, _Counted] = {}
        self._guard = threading.Lock()
        self._numbers = itertools.count()

    def pin_blob(self, digest: Digest) -> Handle:
        """Open a blob. Raises ``Damage``, ``LocationUnavailable``."""
        handle = Handle(make_node(Kind.HASH, self._store.index.blob(digest).id))
        with self._guard:
            found = self._open.get(handle)
            if found is not None:
                found.opens += 1
                return handle
        self._add(handle, self._opened(digest))
        return handle

    def open_near(self, entry: Entry) -> tuple[Handle, int] | None:
        """Open an entry's blob on a disk of this host; None: it is not there, or is damaged.

        Returns the handle that `keep` pins it by, and a descriptor, which is the caller's.
        """
        row, replicas = self._whereabouts(entry)
        descriptor = self._store.open_near(replicas)
        return None if descriptor is None else (Handle(_HASHES | row), descriptor)

    def keep(self, handle: Handle, descriptor: int) -> None:
        """Pin what `open_near` opened; the descriptor is ours from now on."""
        self._add(handle, OnDisk(os.fdopen(descriptor, "rb", buffering=0)))

    def pin_text(self, node: Node, data: bytes) -> Handle:
        """Open bytes that were made for this moment."""
        depth = next(self._numbers) % _TEXTS
        handle = Handle(make_node(kind_of(node), row_of(node), depth=depth))
        self._add(handle, InMemory(data))
        return handle

    def get(self, handle: Handle) -> Pinned:
        """Return what a handle pins. Raises what opening it anew raises."""
        with self._guard:
            found = self._open.get(handle)
        if found is not None:
            return found.pinned
        return self._add(handle, self._again(Node(handle)), opens=0)

    def release(self, handle: Handle) -> None:
        """Let go of it; of one that is not known here, too."""
        with self._guard:
            found = self._open.get(handle)
            if found is None:
                return
            found.opens -= 1
            if found.opens:
                return
            del self._open[handle]
        found.pinned.close()

    def close(self) -> None:
        """Let go of everything."""
        with self._guard:
            left, self._open = self._open, {}
        for counted in left.values():
            counted.pinned.close()

    def _add(self, handle: Handle, pinned: Pinned, *, opens: int = 1) -> Pinned:
        with self._guard:
            found = self._open.get(handle)
            if found is None:
                self._open[handle] = _Counted(pinned)
                return pinned
            found.opens += opens
        pinned.close()
        return found.pinned

    def _whereabouts(self, entry: Entry) -> tuple[int, Sequence[Replica]]:
        """Return the row of an entry's blob and its live replicas."""
        if entry.image is not None:
            return entry.image.blob, entry.image.replicas
        digest = entry.blob
        assert digest is not None  # noqa: S101 - only what is a blob is opened as one
        index = self._store.index
        return index.blob(digest).id, index.replicas(digest)

    def _opened(self, digest: Digest) -> Pinned:
        file = self._store.open(digest, seconds=self._seconds)
        return InMemory(file.getvalue()) if isinstance(file, BytesIO) else OnDisk(file)

    def _again(self, node: Node) -> Pinned:
        if kind_of(node) is Kind.HASH:
            return self._opened(self._store.index.blob_by_id(row_of(node)).digest)
        content = self._view.content(make_node(kind_of(node), row_of(node)))
        return InMemory(content) if isinstance(content, bytes) else self._opened(content)
