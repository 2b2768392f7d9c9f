"""One piece of a listing, as long as the kernel has room for."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from posecas.view import Entry, Node
from posecas_fuse.entries import NAMES
from posecas_fuse.kernel import replies
from posecas_fuse.kernel.abi import DIRENT, ENTRY
from posecas_fuse.kernel.appearance import Appearance
from posecas_fuse.listing import DOTS

_NOT_LOOKED_UP: Final = bytes(ENTRY.size)
_SHORTEST_NAME: Final = 8


@dataclass(frozen=True, slots=True)
class Piece:
    """What is asked for: where it begins, how many bytes it may have, with attributes or not."""

    offset: int
    size: int
    described: bool


class Page:
    """Names with their offsets, and with attributes where READDIRPLUS asks for them.

    ``room`` is how many bytes are left; ``offset`` is where the next page begins; ``last`` is the
    last entry that was added.
    """

    def __init__(self, folder: Node, appearance: Appearance, piece: Piece) -> None:
        """Begin with the dots, if those are in this piece."""
        self.room = piece.size
        self.offset = piece.offset
        self.last: Entry | None = None
        self._folder = folder
        self._appearance = appearance
        self._described = piece.described
        self._parts: list[bytes] = []
        for place, name in enumerate((b".", b".."), start=1):
            if piece.offset < place:
                self._add_dot(name, place)

    @property
    def each(self) -> int:
        """How many bytes an entry takes on average, or at least if none has been added."""
        if self._parts:
            return sum(map(len, self._parts)) // len(self._parts)
        return DIRENT.size + _SHORTEST_NAME + (ENTRY.size if self._described else 0)

    def fill(self, entries: Sequence[Entry]) -> int:
        """Add entries while there is room; returns how many were added."""
        if self._described:
            found = self._appearance.listed(self._folder, entries)
        else:
            found = [
                replies.directory_entry(node, cookie + DOTS, name.encode(*NAMES), folder)
                for node, name, folder, _, _, _, cookie, _, _ in entries
            ]
        ends = list(accumulate(map(len, found)))
        count = bisect_right(ends, self.room)
        if count:
            self._parts += found[:count]
            self.room -= ends[count - 1]
            self.last = entries[count - 1]
            self.offset = self.last.cookie + DOTS
        return count

    def data(self) -> bytes:
        """Return the answer."""
        return b"".join(self._parts)

    def _add_dot(self, name: bytes, offset: int) -> None:
        told = _NOT_LOOKED_UP if self._described else b""
        part = told + replies.directory_entry(self._folder, offset, name, folder=True)
        if len(part) <= self.room:
            self.room -= len(part)
            self.offset = offset
            self._parts.append(part)
