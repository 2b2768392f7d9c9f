"""An open folder of the portable engine, read on from any offset in flat memory."""

import stat
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from posecas.view import Entry, Node
from posecas_fuse.files import Files

Attributes = Mapping[str, int]
"""What `stat` tells, by the names of its fields."""

Listed = tuple[str, Attributes, int]
"""Name, attributes, and the offset at which a listing goes on behind it."""

DOTS: Final = 2
"""``.`` and ``..``, which stand before every entry."""

_PAGE: Final = 1000


class Listing:
    """One opened folder. The kernel reads it in small pieces, from one thread at a time.

    The last page is kept for the next piece, if nothing has changed until that is asked for. An
    offset is an entry's cookie, past the two dots, so it stays valid whatever comes and goes, and
    in another opening of the same folder.
    """

    def __init__(self, files: Files, node: Node, attributes: Callable[[Entry], Attributes]) -> None:
        """List ``node``, with the attributes of each entry."""
        self._files = files
        self.node = node
        self._attributes = attributes
        self._page: Sequence[Entry] = ()
        self._taken = 0
        self._next: int | None = None
        self._revision: object = None

    def after(self, offset: int) -> Iterator[Listed]:
        """Yield everything behind ``offset``; 0 is the beginning."""
        for place, name in enumerate((".", ".."), start=1):
            if offset < place:
                yield name, {"st_mode": stat.S_IFDIR, "st_ino": self.node}, place
        for entry in self._entries(max(offset - DOTS, 0)):
            yield entry.name, self._attributes(entry), entry.cookie + DOTS

    def _entries(self, after: int) -> Iterator[Entry]:
        following: int | None = after
        if self._is_kept(after):
            yield from self._rest()
            following = self._next
        while following is not None:
            revision = self._files.revision()
            found = self._files.children(self.node, after=following, limit=_PAGE)
            self._page, self._taken, self._next = found.items, 0, found.next
            self._revision = revision
            following = found.next
            yield from self._rest()

    def _is_kept(self, after: int) -> bool:
        if not after or not self._taken or self._page[self._taken - 1].cookie != after:
            return False
        # What is owned stands last, and changes without another revision.
        return self._page[-1].owned is None and self._revision == self._files.revision()

    def _rest(self) -> Iterator[Entry]:
        for entry in self._page[self._taken :]:
            yield entry
            # Not reached for one that had no room left: it is asked for again.
            self._taken += 1
