"""Images that will probably be looked up next, found with the ones before them.

A program that opens some images of a generation mostly opens more of them, and images that were put
one after the other together. To find many at once costs the index a fifth for each.
"""

from typing import Final

from posecas.index.protocol import Catalogue
from posecas.view import Entry, Node, View

_NEAR: Final = 64
"""Row ids of poses that are near each other: the same multiple of it is not above them."""

_REMEMBERED: Final = 4096
"""Entries: a few megabytes."""


class Ahead:
    """What is known of names as long as nothing is committed. Any thread may call any method."""

    def __init__(self, index: Catalogue, view: View) -> None:
        """Nothing is known."""
        self._index = index
        self._view = view
        self._entries: dict[tuple[Node, bytes], Entry] = {}
        self._missed: dict[tuple[Node, int], bytes] = {}

    def entry(self, parent: Node, name: bytes) -> Entry | None:
        """Return what a name leads to now; None: look it up."""
        entry = self._entries.get((parent, name))
        return entry if entry is not None and self.is_current(entry) else None

    def is_current(self, entry: Entry) -> bool:
        """Tell whether nothing has changed since an image was looked up. False: it may have."""
        image = entry.image
        return image is not None and image.revision == self._index.revision()

    def looked_up(self, parent: Node, name: bytes, entry: Entry) -> None:
        """Remember an image that was not known, and find those near it.

        One is no sign that more will be asked for. Two that are near each other are.
        """
        if entry.image is None:
            return
        if len(self._entries) + len(self._missed) > _REMEMBERED:
            self._entries, self._missed = {}, {}
        self._entries[parent, name] = entry
        block = entry.image.id // _NEAR
        if self._missed.get((parent, block)) == entry.image.revision:
            for other in self._view.images(parent, range(block * _NEAR, (block + 1) * _NEAR)):
                self._entries[parent, other.name.encode()] = other
        self._missed[parent, block] = entry.image.revision
