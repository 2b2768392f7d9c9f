"""The whole tree: which part of it knows a node."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from posecas.errors import NotFound
from posecas.machine import Json
from posecas.records import Page, User
from posecas.store import Store
from posecas.view.aliases import Aliases
from posecas.view.fixed import FixedFolders
from posecas.view.hashes import Hashes
from posecas.view.images import ImageFiles
from posecas.view.nodes import (
    Content,
    Entry,
    FileArea,
    FolderArea,
    Kind,
    Node,
    gone,
    kind_of,
    make_node,
    no_such,
    row_of,
)
from posecas.view.poses import IMAGES, THUMBNAILS, FolderKinds, PoseFolders
from posecas.view.reach import Everything, OneUser, Reach
from posecas.view.thumbnails import ThumbnailFiles

_THUMBNAILS: Final = ".thumbnails"
_LAST_COOKIE: Final = 1 << 56
"""Above every cookie of a folder of generations."""


class View:
    """A store as folders and files, read only. Thread-safe; holds nothing but the store.

    With ``user``, the top is that user's folder and a hidden `.thumbnails`, and neither a name nor
    a node leads to anything else.
    """

    def __init__(
        self,
        store: Store,
        *,
        user: str | None = None,
        status: Callable[[], Json] = dict,
        metrics: Callable[[], bytes] = bytes,
    ) -> None:
        """``status`` and ``metrics`` give the files of `.posecas`.

        Raises ``NotFound`` for a user there is not.
        """
        fixed = FixedFolders(status, metrics)
        hashes, aliases = Hashes(store.index), Aliases(store)
        images, thumbnails = ImageFiles(store.index), ThumbnailFiles(store)
        self._images = images
        self._folders: Mapping[Kind, FolderArea] = {
            **dict.fromkeys((Kind.ROOT, Kind.THUMBNAILS, Kind.STATUS_FOLDER), fixed),
            **dict.fromkeys((Kind.HASHES, Kind.HASH_FOLDER), hashes),
            **dict.fromkeys((Kind.ALIASES, Kind.ALIAS_FOLDER), aliases),
            **_by_kind(IMAGES, PoseFolders(store.index, IMAGES, images)),
            **_by_kind(THUMBNAILS, PoseFolders(store.index, THUMBNAILS, thumbnails)),
        }
        self._files: Mapping[Kind, FileArea] = {
            Kind.STATUS: fixed,
            Kind.METRICS: fixed,
            Kind.HASH: hashes,
            Kind.ALIAS: aliases,
            Kind.POSE: images,
            Kind.POSE_JSON: images,
            Kind.THUMBNAIL: thumbnails,
        }
        self.root = make_node(Kind.ROOT)
        self._reach: Reach = Everything()
        if user is not None:
            found = _user(store, user)
            self.root = make_node(Kind.USER, found.id)
            self._reach = OneUser(store.index, found)

    def check(self, node: Node) -> None:
        """Raise ``NotFound`` for a node that this view does not lead to."""
        self._reach.check(node)

    def entry(self, node: Node) -> Entry:
        """Return what a node is now, under its own name. Raises ``NotFound``."""
        self._reach.check(node)
        kind = kind_of(node)
        area = self._folders.get(kind) or self._files.get(kind)
        if area is None:
            raise gone(f"node {node}")
        return area.entry(node)

    def lookup(self, parent: Node, name: str) -> Entry:
        """Return what has this name in a folder. Raises ``NotFound``, for a file's node too.

        A thumbnail that is not made yet is made here, which may raise what `Store.rendition` does.
        """
        self._reach.check(parent)
        if parent == self._user_root and name == _THUMBNAILS:
            return self._hidden()
        area = self._folders.get(kind_of(parent))
        if area is None:
            raise no_such(name)
        return area.lookup(parent, name)

    def images(self, parent: Node, poses: range) -> Sequence[Entry]:
        """Return the images in a generation's folder whose poses have these row ids.

        They are what `lookup` finds by their names. Raises ``NotFound``.
        """
        self._reach.check(parent)
        return self._images.among(row_of(parent), poses)

    def children(self, node: Node, *, after: int = 0, limit: int = 1000) -> Page[Entry]:
        """Return about ``limit`` entries behind the cookie ``after``.

        What is there from the first page to the last is listed once, whatever comes and goes
        meanwhile. Raises ``NotFound``.
        """
        self._reach.check(node)
        area = self._folders.get(kind_of(node))
        if area is None:
            raise NotFound(f"node {node}: it is a file and has nothing in it")
        if after >= _LAST_COOKIE:
            return Page([], None)
        page = area.children(node, after=after, limit=limit)
        if page.next is None and node == self._user_root:
            return Page([*page.items, self._hidden()], None)
        return page

    def content(self, node: Node) -> Content:
        """Return a file's bytes, or the digest of the blob that they are. Raises ``NotFound``."""
        self._reach.check(node)
        return self._file(node).content(node)

    def attributes(self, node: Node) -> Mapping[str, str]:
        """Return what is said of a file: the bytes' digest, and the pose's attributes.

        Nothing is said of folders.
        """
        self._reach.check(node)
        return {} if kind_of(node) in self._folders else self._file(node).attributes(node)

    @property
    def _user_root(self) -> Node | None:
        return self.root if kind_of(self.root) is Kind.USER else None

    def _hidden(self) -> Entry:
        entry = self.entry(make_node(Kind.THUMBNAIL_USER, row_of(self.root)))
        return entry._replace(name=_THUMBNAILS, cookie=_LAST_COOKIE)

    def _file(self, node: Node) -> FileArea:
        area = self._files.get(kind_of(node))
        if area is None:
            raise NotFound(f"node {node}: it is a folder and has no bytes")
        return area


def _by_kind(kinds: FolderKinds, folders: PoseFolders) -> Mapping[Kind, FolderArea]:
    return dict.fromkeys(
        (kinds.users, kinds.user, kinds.user_generation, kinds.generations, kinds.generation),
        folders,
    )


def _user(store: Store, name: str) -> User:
    user = store.index.user(name)
    if user is None:
        raise NotFound(f"user {name!r}: this store has none of this name; put a pose for it first")
    return user
