"""Every blob by its digest: `/hashes/<first 2>/<digest>.<ext>`."""

import re
import time
from collections.abc import Mapping
from typing import Final

from posecas.digest import DIGEST_LENGTH, is_digest_prefix
from posecas.index.protocol import Catalogue
from posecas.names import EXTENSIONS
from posecas.records import Blob, Page
from posecas.view.nodes import (
    Content,
    Entry,
    Kind,
    Node,
    kind_of,
    make_node,
    nanoseconds,
    no_such,
    row_of,
)

_FOLDERS: Final = 256
_FOLDER = re.compile(r"[0-9a-f]{2}")


class Hashes:
    """Blobs with bytes to show: renditions too, and what waits for garbage collection."""

    def __init__(self, index: Catalogue) -> None:
        """Read blobs from ``index``."""
        self._index = index
        self._opened = time.time_ns()

    def entry(self, node: Node) -> Entry:
        """See ``FolderArea`` and ``FileArea``."""
        kind = kind_of(node)
        if kind is Kind.HASHES:
            return Entry(node, "hashes", folder=True, size=0, modified_ns=self._opened)
        if kind is Kind.HASH_FOLDER:
            return self._folder(row_of(node))
        return _entry(self._blob(node))

    def lookup(self, parent: Node, name: str) -> Entry:
        """See ``FolderArea``."""
        if kind_of(parent) is Kind.HASH_FOLDER:
            return self._named(row_of(parent), name)
        if _FOLDER.fullmatch(name) is None:
            raise no_such(name)
        return self._folder(int(name, 16))

    def children(self, node: Node, *, after: int, limit: int) -> Page[Entry]:
        """See ``FolderArea``. All 256 folders are there, whether or not they hold anything."""
        if kind_of(node) is Kind.HASHES:
            return Page([self._folder(byte) for byte in range(after, _FOLDERS)], None)
        blobs = self._index.blobs(row_of(node), after=after, limit=limit)
        return Page([_entry(blob) for blob in blobs.items], blobs.next)

    def content(self, node: Node) -> Content:
        """See ``FileArea``."""
        return self._blob(node).digest

    def attributes(self, node: Node) -> Mapping[str, str]:
        """See ``FileArea``."""
        return {"digest": self._blob(node).digest}

    def _named(self, byte: int, name: str) -> Entry:
        digest, _, suffix = name.partition(".")
        if (
            len(digest) != DIGEST_LENGTH
            or not is_digest_prefix(digest)
            or int(digest[:2], 16) != byte
        ):
            raise no_such(name)
        blob = self._index.blob(digest)
        if suffix != EXTENSIONS[blob.facts.media_type] or not self._has_bytes(blob):
            raise no_such(name)
        return _entry(blob)

    def _has_bytes(self, blob: Blob) -> bool:
        replicas = self._index.all_replicas(blob.digest)
        return any(replica.state in {"live", "damaged"} for replica in replicas)

    def _blob(self, node: Node) -> Blob:
        return self._index.blob_by_id(row_of(node))

    def _folder(self, byte: int) -> Entry:
        node = make_node(Kind.HASH_FOLDER, byte)
        return Entry(node, f"{byte:02x}", True, 0, self._opened, cookie=byte + 1)


def _entry(blob: Blob) -> Entry:
    return Entry(
        make_node(Kind.HASH, blob.id),
        blob.path.rpartition("/")[2],
        folder=False,
        size=blob.facts.size,
        modified_ns=nanoseconds(blob.created_at),
        blob=blob.digest,
        cookie=blob.id,
    )
