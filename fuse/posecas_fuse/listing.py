"""An open folder, read on from any offset in flat memory."""

import stat
from collections.abc import Iterator, Sequence
from typing import Final

from posecas.view import Entry, Node
from posecas_fuse.files import Files

Listed = tuple[str, dict[str, int], int]
"""Name, mode and inode number, and the offset at which a listing goes on behind it."""

DOTS: Final = 2
"""``.`` and ``..``, which stand before every entry."""

_PAGE: Final = 1000


class Listing:
    """One opened folder. The kernel reads it in small pieces, from one thread at a time.

    The last page is kept for the next piece. An offset is an entry's cookie, past the two dots, so
    it stays valid whatever comes and goes, and in another opening of the same folder.
    """

    def __init__(self, files: Files, node: Node) -> None:
        """List ``node``."""
        self._files = files
        self.node = node
        self._page: Sequence[Entry] = ()
        self._taken = 0
        self._next: int | None = None

    def after(self, offset: int) -> Iterator[Listed]:
        """Yield everything behind ``offset``; 0 is the beginning."""
        for place, name in enumerate((".", ".."), start=1):
            if offset < place:
                yield name, {"st_mode": stat.S_IFDIR, "st_ino": self.node}, place
        for entry in self.entries(max(offset - DOTS, 0)):
            yield entry.name, {"st_mode": file_type(entry), "st_ino": entry.node}, _offset(entry)

    def entries(self, after: int) -> Iterator[Entry]:
        """Yield every entry behind a cookie. One that is not consumed is yielded again."""
        following: int | None = after
        if after and self._taken and self._page[self._taken - 1].cookie == after:
            yield from self._rest()
            following = self._next
        while following is not None:
            found = self._files.children(self.node, after=following, limit=_PAGE)
            self._page, self._taken, self._next = found.items, 0, found.next
            following = found.next
            yield from self._rest()

    def _rest(self) -> Iterator[Entry]:
        for entry in self._page[self._taken :]:
            yield entry
            # Not reached for one that had no room left: it is asked for again.
            self._taken += 1


def file_type(entry: Entry) -> int:
    """Return the type bits of the mode."""
    return stat.S_IFDIR if entry.folder else stat.S_IFREG


def _offset(entry: Entry) -> int:
    return entry.cookie + DOTS
