"""How an entry of the view looks to the kernel, and how long that holds."""

import time
from collections.abc import Callable
from typing import Final

from posecas.view import Entry, Node
from posecas.view.nodes import Kind
from posecas_fuse import entries
from posecas_fuse.kernel import replies
from posecas_fuse.kernel.abi import OpenFlag
from posecas_fuse.kernel.inodes import Inodes
from posecas_fuse.kernel.open_files import OpenFile
from posecas_fuse.kernel.replies import Validity

DAY: Final = 86400.0
"""Seconds that the kernel believes what it is told, since it is told when that changes."""

UNFOLLOWED: Final = 1.0
"""The same, while changes cannot be followed."""

_KIND_SHIFT: Final = 56
_SCRATCH: Final = frozenset({Kind.SCRATCH, Kind.SPOOLED})
_TELLING: Final = frozenset({Kind.STATUS, Kind.METRICS})
_REMEMBERED: Final = 10_000


class Appearance:
    """Turns entries into what the kernel is told of them."""

    def __init__(
        self, inodes: Inodes, looks: entries.Appearance, following: Callable[[], bool]
    ) -> None:
        """``following`` tells whether the kernel learns of changes by itself now."""
        self._inodes = inodes
        self._looks = looks
        self._following = following
        self._touched: dict[Node, int] = {}
        self._over: dict[Node, Node] = {}

    @property
    def validity(self) -> float:
        """How long a name that is or is not there may be believed now, in seconds."""
        return DAY if self._following() else UNFOLLOWED

    @property
    def folder_flags(self) -> OpenFlag:
        """How a folder may be listed now."""
        kept = OpenFlag.CACHE_DIR | OpenFlag.KEEP_CACHE
        return kept if self._following() else OpenFlag(0)

    def touch(self, folder: Node) -> None:
        """What is in a folder has changed.

        Its time says so from now on: by that the kernel sees that a listing is old which was on its
        way when it was told to forget the listing.
        """
        if len(self._touched) > _REMEMBERED:
            self._touched.clear()
        self._touched[folder] = time.time_ns()

    def untouch(self, folder: Node) -> None:
        """Its time was set: it is what was said."""
        self._touched.pop(folder, None)

    def named(self, parent: Node, entry: Entry) -> bytes:
        """Answer a question for a name in a folder."""
        number = self._inodes.number(entry)
        validity = Validity(self._seconds(parent, entry), self._attribute_seconds(entry))
        return replies.entry(number, self._attributes(entry), validity)

    def described(self, entry: Entry, *, seconds: float | None = None) -> bytes:
        """Answer a question for attributes."""
        if seconds is None:
            seconds = self._attribute_seconds(entry)
        return replies.attributes(self._attributes(entry), seconds)

    def pinned(self, opened: OpenFile) -> bytes:
        """Describe a file that is open and whose name has other bytes by now, or is gone."""
        node = self._inodes.node(opened.nodeid)
        told = entries.Attributes(
            *(node, 0o100444, 0, opened.size, self._looks.uid, self._looks.gid),
            *(opened.modified_ns, opened.modified_ns, opened.modified_ns),
        )
        return replies.attributes(told, self.validity)

    def draft(self, entry: Entry, over: Entry) -> bytes:
        """Answer a question for a name by the file that is about to be written in its place.

        That is for the one who asks to write it, so the name is looked up anew by everybody else.
        Programs are told the number of what the name leads to: some (Vim, say) look whether they
        have opened what they meant to.
        """
        if len(self._over) > _REMEMBERED:
            self._over.clear()
        self._over[entry.node] = over.node
        number = self._inodes.number(entry)
        return replies.entry(number, self._attributes(entry), Validity(0, self.validity))

    def _attributes(self, entry: Entry) -> entries.Attributes:
        found = self._looks.of(entry)
        if entry.node in self._over:
            return found._replace(node=self._over[entry.node])
        touched = self._touched.get(entry.node, 0) if entry.folder else 0
        if touched <= found.modified:
            return found
        return found._replace(modified=touched, changed=touched)

    def _seconds(self, parent: Node, entry: Entry) -> float:
        spooled = entry.node >> _KIND_SHIFT == Kind.SPOOLED
        # What waits to be stored becomes something else without a word.
        return 0.0 if spooled and parent >> _KIND_SHIFT not in _SCRATCH else self.validity

    def _attribute_seconds(self, entry: Entry) -> float:
        return 0.0 if entry.node >> _KIND_SHIFT in _TELLING else self.validity
