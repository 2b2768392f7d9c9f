"""Old paths as a tree: `/aliases/<old path>`."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final

from posecas.errors import NotFound
from posecas.index.protocol import Alias, AliasName
from posecas.records import BlobFacts, Page, Pose
from posecas.store import Store
from posecas.view.images import pose_attributes
from posecas.view.nodes import (
    DEEPEST,
    Content,
    Entry,
    Kind,
    Node,
    depth_of,
    gone,
    kind_of,
    make_node,
    nanoseconds,
    no_such,
    row_of,
)

_LONGEST_NAME: Final = 255


class Aliases:
    """Old paths that still lead somewhere and can be paths: no part empty, ``.`` or ``..``.

    What an old path leads to has the bytes that it has now, whatever extension the path has.
    A rendition is listed once it is made, and made when it is asked for by its path.
    """

    def __init__(self, store: Store) -> None:
        """Make missing renditions with ``store``."""
        self._store = store
        self._index = store.index
        self._opened = time.time_ns()

    def entry(self, node: Node) -> Entry:
        """See ``FolderArea`` and ``FileArea``."""
        kind = kind_of(node)
        if kind is Kind.ALIASES:
            return Entry(node, "aliases", folder=True, size=0, modified_ns=self._opened)
        if kind is Kind.ALIAS_FOLDER:
            return self._folder(node, self._path(node).rpartition("/")[2])
        alias = self._alias(node)
        pose = self._pose(alias)
        return _entry(alias, pose, self._facts(alias, pose))

    def lookup(self, parent: Node, name: str) -> Entry:
        """See ``FolderArea``."""
        if not _is_shown(name):
            raise no_such(name)
        path = _below(self._path(parent), name)
        alias = self._index.alias(path)
        if alias is not None and alias.pose is not None:
            pose = self._pose(alias)
            return _entry(alias, pose, self._made(alias, pose))
        inside = self._index.alias_names(path, limit=1).items
        if not inside:
            raise no_such(name)
        return self._subfolder(parent, inside[0].id, name)

    def children(self, node: Node, *, after: int, limit: int) -> Page[Entry]:
        """See ``FolderArea``. In the order of the names."""
        found = self._index.alias_names(self._path(node), after=after, limit=limit)
        return Page(list(self._entries(node, found)), found.next)

    def content(self, node: Node) -> Content:
        """See ``FileArea``."""
        alias = self._alias(node)
        return self._facts(alias, self._pose(alias)).digest

    def attributes(self, node: Node) -> Mapping[str, str]:
        """See ``FileArea``."""
        alias = self._alias(node)
        pose = self._pose(alias)
        return pose_attributes(pose, self._facts(alias, pose).digest)

    def _entries(self, parent: Node, found: Page[AliasName]) -> Iterator[Entry]:
        for one in found.items:
            if not _is_shown(one.name):
                continue
            if one.alias is None:
                yield self._subfolder(parent, one.id, one.name)
                continue
            with suppress(NotFound):
                pose = self._pose(one.alias)
                entry = _entry(one.alias, pose, self._facts(one.alias, pose))
                yield entry._replace(cookie=one.id)

    def _subfolder(self, parent: Node, alias: int, name: str) -> Entry:
        depth = depth_of(parent) + 1
        if depth > DEEPEST:
            raise no_such(name)
        node = make_node(Kind.ALIAS_FOLDER, alias, depth=depth)
        return self._folder(node, name)._replace(cookie=alias)

    def _folder(self, node: Node, name: str) -> Entry:
        return Entry(node, name, folder=True, size=0, modified_ns=self._opened)

    def _path(self, node: Node) -> str:
        if kind_of(node) is Kind.ALIASES:
            return ""
        return "/".join(self._alias(node).path.split("/")[: depth_of(node)])

    def _alias(self, node: Node) -> Alias:
        alias = self._index.alias_by_id(row_of(node))
        if alias is None:
            raise gone("old path")
        return alias

    def _pose(self, alias: Alias) -> Pose:
        if alias.pose is None:
            raise gone(alias.led_to)
        return self._index.pose_by_id(alias.pose)

    def _made(self, alias: Alias, pose: Pose) -> BlobFacts:
        with suppress(NotFound):
            return self._facts(alias, pose)
        self._store.rendition(pose, alias.recipe or "")
        return self._facts(alias, pose)

    def _facts(self, alias: Alias, pose: Pose) -> BlobFacts:
        if alias.recipe is None:
            return BlobFacts(pose.digest, pose.size, pose.media_type, pose.width, pose.height)
        renditions = self._index.renditions(pose.digest)
        made = [one for one in renditions if one.recipe == alias.recipe]
        if not made:
            raise NotFound(f"{alias.path}: its {alias.recipe} is not made; ask by its path")
        return max(made, key=lambda one: one.version).facts


def _entry(alias: Alias, pose: Pose, facts: BlobFacts) -> Entry:
    return Entry(
        make_node(Kind.ALIAS, alias.id),
        alias.path.rpartition("/")[2],
        folder=False,
        size=facts.size,
        modified_ns=nanoseconds(pose.updated_at),
        blob=facts.digest,
    )


def _below(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name


def _is_shown(name: str) -> bool:
    return name not in {"", ".", ".."} and len(name.encode()) <= _LONGEST_NAME and "\0" not in name
