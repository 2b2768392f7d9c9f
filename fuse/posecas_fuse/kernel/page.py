"""One piece of a listing, as long as the kernel has room for."""

import os
from typing import Final

from posecas.view import Entry, Node
from posecas_fuse.kernel import replies
from posecas_fuse.kernel.abi import ATTR, ENTRY
from posecas_fuse.kernel.appearance import Appearance
from posecas_fuse.listing import DOTS

_FOLDER: Final = 0o040000
_FILE: Final = 0o100000
_NOT_LOOKED_UP: Final = bytes(ENTRY.size + ATTR.size)


class Page:
    """Names with their offsets, and with attributes where READDIRPLUS asks for them."""

    def __init__(self, folder: Node, size: int, appearance: Appearance, *, described: bool) -> None:
        """Hold at most ``size`` bytes."""
        self._folder = folder
        self._room = size
        self._appearance = appearance
        self._described = described
        self._parts: list[bytes] = []

    def add_dot(self, name: bytes, offset: int) -> bool:
        """Add ``.`` or ``..``; False: there is no room for it."""
        dot = replies.directory_entry(self._folder, _FOLDER, name, offset)
        return self._add(_NOT_LOOKED_UP, dot)

    def add(self, entry: Entry) -> bool:
        """Add an entry; False: there is no room for it."""
        mode = _FOLDER if entry.folder else _FILE
        name = replies.directory_entry(
            entry.node, mode, os.fsencode(entry.name), entry.cookie + DOTS
        )
        told = self._appearance.named(self._folder, entry) if self._described else b""
        return self._add(told, name)

    def data(self) -> bytes:
        """Return the answer."""
        return b"".join(self._parts)

    def _add(self, described: bytes, name: bytes) -> bool:
        part = described + name if self._described else name
        if len(part) > self._room:
            return False
        self._room -= len(part)
        self._parts.append(part)
        return True
