"""How an entry of the view looks to the kernel, and how long that holds."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final

from posecas.view import Entry, Node
from posecas.view.listed import ListedFiles
from posecas.view.nodes import KIND_SHIFT, Kind
from posecas_fuse import entries
from posecas_fuse.entries import NAMES
from posecas_fuse.kernel import replies
from posecas_fuse.kernel.abi import ENTRY, RIGHTS, VALIDITY, OpenFlag
from posecas_fuse.kernel.image_records import image_records
from posecas_fuse.kernel.inodes import Inodes
from posecas_fuse.kernel.open_files import OpenFile
from posecas_fuse.listing import DOTS

DAY: Final = 86400
"""Seconds that the kernel believes what it is told, since it is told when that changes."""

UNFOLLOWED: Final = 1
"""The same, while changes cannot be followed."""

_SCRATCH: Final = frozenset({Kind.SCRATCH, Kind.SPOOLED})
_TELLING: Final = frozenset({Kind.STATUS, Kind.METRICS})
_REMEMBERED: Final = 10_000
_SECOND_NS: Final = 1_000_000_000


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
        self._rights: dict[int, bytes] = {}

    @property
    def validity(self) -> int:
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
        return self.listed(parent, [entry])[0][: ENTRY.size]

    def described(self, entry: Entry, *, seconds: int | None = None) -> bytes:
        """Answer a question for attributes."""
        if seconds is None:
            seconds = 0 if entry.node >> KIND_SHIFT in _TELLING else self.validity
        return replies.attributes(self._listed([entry], 0, 0)[0][: ENTRY.size], seconds)

    def listed(self, parent: Node, entries: Sequence[Entry]) -> list[bytes]:
        """Return entries of a folder as READDIRPLUS is answered."""
        seconds = self.validity
        if isinstance(entries, ListedFiles):
            return image_records(entries, _validity(seconds, seconds), self._rights_of(entries))
        # What waits to be stored becomes something else without a word.
        spooled_seconds = seconds if parent >> KIND_SHIFT in _SCRATCH else 0
        return self._listed(entries, seconds, spooled_seconds)

    def pinned(self, opened: OpenFile) -> bytes:
        """Describe a file that is open and whose name has other bytes by now, or is gone."""
        s, ns = divmod(opened.modified_ns, _SECOND_NS)
        looks, blocks = self._looks, -(-opened.size // replies.SECTOR)
        nameless = RIGHTS.pack(0o100444, 0, looks.uid, looks.gid, 0, replies.UNIT, 0)
        file = (self._inodes.node(opened.nodeid), opened.size, blocks)
        told = ENTRY.pack(opened.nodeid, b"", *file, s, s, s, ns, ns, ns, nameless)
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
        return self._listed([entry], self.validity, 0)[0][: ENTRY.size]

    def _listed(self, entries: Sequence[Entry], seconds: int, spooled_seconds: int) -> list[bytes]:
        """Return ``fuse_direntplus`` of each; see also `image_records`."""
        records, pack = [], replies.LISTED
        tails, over, number_of = self._rights, self._over, self._inodes.number
        usual, unusual = _validity(seconds, seconds), _unusual(seconds, spooled_seconds)
        for entry in entries:
            node, text, folder, size, modified, blob, cookie, _, owned = entry
            written, written_ns = read, read_ns = altered, altered_ns = divmod(modified, _SECOND_NS)
            if owned is not None:
                read, read_ns = divmod(owned.accessed_ns, _SECOND_NS)
                altered, altered_ns = divmod(owned.changed_ns, _SECOND_NS)
            if folder and (touched := self._touched.get(node, 0)) > modified:
                written, written_ns = altered, altered_ns = divmod(touched, _SECOND_NS)
            kind = node >> KIND_SHIFT
            # As ASCII it takes half the time, which is 1% of a listing.
            name = text.encode() if text.isascii() else text.encode(*NAMES)
            length = len(name)
            record = pack[(length + 7) // 8](
                node if blob is None else number_of(entry),
                unusual.get(kind, usual),
                over.get(node, node) if over else node,
                size,
                -(-size // replies.SECTOR),
                read,
                written,
                altered,
                read_ns,
                written_ns,
                altered_ns,
                tails.get(kind) or self._tail(entry),
                node,
                cookie + DOTS,
                length,
                replies.FOLDER if folder else replies.FILE,
                name,
            )
            records.append(record)
        return records

    def _rights_of(self, files: ListedFiles) -> bytes:
        return self._rights.get(Kind.POSE) or self._tail(files[-1]) if files else b""

    def _tail(self, entry: Entry) -> bytes:
        tail = RIGHTS.pack(*self._looks.rights(entry), 0, replies.UNIT, 0)
        if entry.owned is None:
            self._rights[entry.node >> KIND_SHIFT] = tail
        return tail


@cache
def _validity(name_seconds: int, seconds: int) -> bytes:
    return VALIDITY.pack(0, name_seconds, seconds, 0, 0)


@cache
def _unusual(seconds: int, spooled_seconds: int) -> Mapping[int, bytes]:
    return {
        Kind.SPOOLED: _validity(spooled_seconds, seconds),
        **dict.fromkeys(_TELLING, _validity(seconds, 0)),
    }
