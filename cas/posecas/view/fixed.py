"""The folders that every store has, and the files that tell how a mount fares."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Final

from posecas.machine import Json
from posecas.records import Page
from posecas.view.nodes import Entry, Kind, Node, kind_of, make_node, no_such

_CHILDREN: Final[Mapping[Kind, Mapping[str, Kind]]] = {
    Kind.ROOT: {
        "users": Kind.USERS,
        "generations": Kind.GENERATIONS,
        "thumbnails": Kind.THUMBNAILS,
        "hashes": Kind.HASHES,
        "aliases": Kind.ALIASES,
        ".posecas": Kind.STATUS_FOLDER,
    },
    Kind.THUMBNAILS: {
        "users": Kind.THUMBNAIL_USERS,
        "generations": Kind.THUMBNAIL_GENERATIONS,
    },
    Kind.STATUS_FOLDER: {"status.json": Kind.STATUS, "metrics": Kind.METRICS},
}
_NAMES: Final = {
    kind: name for children in _CHILDREN.values() for name, kind in children.items()
} | {Kind.ROOT: ""}


class FixedFolders:
    """Folders that are there whatever the index holds. They changed when the view was opened."""

    def __init__(self, status: Callable[[], Json], metrics: Callable[[], bytes]) -> None:
        """Each is asked anew whenever its file is looked at."""
        self._texts: Mapping[Kind, Callable[[], bytes]] = {
            Kind.STATUS: lambda: json.dumps(status()).encode() + b"\n",
            Kind.METRICS: metrics,
        }
        self._opened = time.time_ns()

    def entry(self, node: Node) -> Entry:
        """See ``FolderArea`` and ``FileArea``."""
        return self._entry(kind_of(node))

    def lookup(self, parent: Node, name: str) -> Entry:
        """See ``FolderArea``."""
        kind = _CHILDREN[kind_of(parent)].get(name)
        if kind is None:
            raise no_such(name)
        return self._entry(kind)

    def children(self, node: Node, *, after: int, limit: int) -> Page[Entry]:
        """See ``FolderArea``."""
        del limit
        kinds = _CHILDREN[kind_of(node)].values()
        return Page([self._entry(kind) for kind in kinds if kind > after], None)

    def content(self, node: Node) -> bytes:
        """See ``FileArea``."""
        return self._texts[kind_of(node)]()

    def attributes(self, node: Node) -> Mapping[str, str]:
        """See ``FileArea``."""
        del node
        return {}

    def _entry(self, kind: Kind) -> Entry:
        text = self._texts.get(kind)
        size = 0 if text is None else len(text())
        node = make_node(kind)
        return Entry(node, _NAMES[kind], text is None, size, self._opened, cookie=kind)
