"""Images that will probably be looked up next, found with the ones before them.

A program that opens one image of a generation mostly opens more of them. To find many at once costs
the index little more than to find one.
"""

from typing import Final

from posecas.store import Store
from posecas.view import Entry, Node, View

_FEWEST: Final = 8
_MOST: Final = 256
_REMEMBERED: Final = 4096
"""Entries, and folders: a few megabytes."""


class Ahead:
    """What is known of names as long as nothing is committed. Any thread may call any method."""

    def __init__(self, store: Store, view: View) -> None:
        """Nothing is known."""
        self._index = store.index
        self._view = view
        self._entries: dict[tuple[Node, bytes], Entry] = {}
        self._used: dict[Node, int] = {}

    def entry(self, parent: Node, name: bytes) -> Entry | None:
        """Return what a name leads to now; None: look it up."""
        entry = self._entries.get((parent, name))
        if entry is None or not self.is_current(entry):
            return None
        self._used[parent] = self._used.get(parent, 0) + 1
        return entry

    def is_current(self, entry: Entry) -> bool:
        """Tell whether nothing has changed since an image was looked up. False: it may have."""
        image = entry.image
        return image is not None and image.revision == self._index.revision()

    def looked_up(self, parent: Node, name: bytes, entry: Entry) -> None:
        """Remember an image, and find those that stand behind it in its folder.

        One is no sign that more will be asked for. How many are found then depends on how many of
        those that were found before have been asked for since.
        """
        if len(self._entries) > _REMEMBERED or len(self._used) > _REMEMBERED:
            self._entries, self._used = {}, {}
        self._entries[parent, name] = entry
        used = self._used.get(parent)
        self._used[parent] = 0
        if used is not None:
            limit = min(_FEWEST + 2 * used, _MOST)
            for other in self._view.behind(parent, entry, limit=limit):
                self._entries[parent, other.name.encode()] = other
