"""What every engine of the mount calls: names, attributes and bytes, by node and by handle.

Raises `PosecasError` only; `errnos` turns it into what programs see.
"""

import itertools
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, NewType

from posecas.errnos import NameTooLong
from posecas.errors import LocationUnavailable, NotFound
from posecas.machine import Json
from posecas.objects.protocol import HasPaths
from posecas.records import Page
from posecas.store import Store
from posecas.view import Content, Entry, Node, View

Handle = NewType("Handle", int)
"""An open file. Never 0, never used again by the same mount."""

LONGEST_NAME: Final = 255

_ATTRIBUTE: Final = "user.posecas."


@dataclass(frozen=True, slots=True)
class Usage:
    """Room on a disk, in bytes; ``available`` is what may be used without being root."""

    total: int
    free: int
    available: int


@dataclass(frozen=True, slots=True)
class _OnDisk:
    """A file of the store: the descriptor keeps its bytes whatever happens to its name."""

    file: BinaryIO

    def read(self, offset: int, size: int) -> bytes:
        return os.pread(self.file.fileno(), size, offset)

    def path(self) -> Path | None:
        return Path(self.file.name)

    def close(self) -> None:
        self.file.close()


@dataclass(frozen=True, slots=True)
class _InMemory:
    data: bytes

    def read(self, offset: int, size: int) -> bytes:
        return self.data[offset : offset + size]

    def path(self) -> Path | None:
        return None

    def close(self) -> None:
        """Nothing is held but memory."""


class Files:
    """A store's view, ready to be mounted. Any thread may call any method."""

    def __init__(self, store: Store, *, user: str | None, status: Callable[[], Json]) -> None:
        """Show all of ``store``, or only ``user``'s part. Raises ``NotFound`` for an unknown one.

        The store stays the caller's to close, after `close`.
        """
        self._store = store
        self._view = View(store, user=user, status=status)
        self._open: dict[Handle, _OnDisk | _InMemory] = {}
        self._handles = itertools.count(1)

    @property
    def root(self) -> Node:
        """The node of the mount's top."""
        return self._view.root

    def lookup(self, parent: Node, name: bytes) -> Entry:
        """Return what has this name in a folder, now.

        Answered from the index, but for a thumbnail that is not made yet: that is made. Raises
        ``NotFound``, also for names that nothing can have, and ``NameTooLong``.
        """
        if len(name) > LONGEST_NAME:
            raise NameTooLong(
                f"{name[:16]!r}…: a name has at most {LONGEST_NAME} bytes; shorten it"
            )
        try:
            text = name.decode()
        except UnicodeDecodeError:
            raise NotFound(f"{name!r}: names are UTF-8; nothing here has this one") from None
        return self._view.lookup(parent, text)

    def entry(self, node: Node) -> Entry:
        """Return what a node is now. Raises ``NotFound`` once it is removed."""
        return self._view.entry(node)

    def children(self, node: Node, *, after: int, limit: int) -> Page[Entry]:
        """Return about ``limit`` entries of a folder, behind the entry with the cookie ``after``.

        A page may be short, even empty: only ``next`` None is the end. Raises ``NotFound``.
        """
        return self._view.children(node, after=after, limit=limit)

    def attribute(self, node: Node, name: str) -> bytes:
        """Return an extended attribute. Raises ``NotFound`` if the node has none of this name."""
        found = self.attributes(node)
        try:
            return found[name]
        except KeyError:
            raise NotFound(f"{name}: there is no such attribute") from None

    def attributes(self, node: Node) -> Mapping[str, bytes]:
        """Return all extended attributes, as UTF-8 texts. Raises ``NotFound``."""
        known = self._view.attributes(node)
        return {_ATTRIBUTE + name: text.encode() for name, text in known.items()}

    def usage(self, node: Node) -> Usage:
        """Return the room on the disk of the location that new objects go to."""
        del node
        objects = self._store.location.objects
        place = (
            objects.path("objects").parent if isinstance(objects, HasPaths) else self._store.path
        )
        found = os.statvfs(place)
        unit = found.f_frsize
        return Usage(found.f_blocks * unit, found.f_bfree * unit, found.f_bavail * unit)

    def open(self, node: Node) -> Handle:
        """Pin a file's bytes as they are now; see `pin`."""
        return self.pin(self._view.entry(node))

    def pin(self, entry: Entry) -> Handle:
        """Open what an entry said, whatever happens to the name or the object from now on.

        An object's size and damage mark are checked, its bytes are not; bytes that do not lie on a
        local disk are fetched whole, and verified. Raises ``NotFound``, ``Damage`` (and the replica
        is marked), ``LocationUnavailable``.
        """
        opened = self._pinned(entry.blob or self._view.content(entry.node))
        handle = Handle(next(self._handles))
        self._open[handle] = opened
        return handle

    def path(self, handle: Handle) -> Path | None:
        """Return a local file with the handle's bytes, or None: then `read`."""
        return self._opened(handle).path()

    def read(self, handle: Handle, offset: int, size: int) -> bytes:
        """Return up to ``size`` bytes; fewer only at the end of the file.

        Raises ``NotFound`` for a handle that was released, ``LocationUnavailable`` if the disk
        fails.
        """
        try:
            return self._opened(handle).read(offset, size)
        except OSError as error:
            raise LocationUnavailable(
                f"open file {handle}: the disk fails to read it ({error.strerror}); check the disk"
            ) from error

    def release(self, handle: Handle) -> None:
        """Let go of an open file. Twice is allowed."""
        opened = self._open.pop(handle, None)
        if opened is not None:
            opened.close()

    def close(self) -> None:
        """Let go of every open file."""
        for handle in list(self._open):
            self.release(handle)

    def _pinned(self, content: Content) -> _OnDisk | _InMemory:
        if isinstance(content, bytes):
            return _InMemory(content)
        file = self._store.open(content)
        if isinstance(file, BytesIO):
            return _InMemory(file.getvalue())
        return _OnDisk(file)

    def _opened(self, handle: Handle) -> _OnDisk | _InMemory:
        try:
            return self._open[handle]
        except KeyError:
            raise NotFound(f"open file {handle}: it was closed") from None
