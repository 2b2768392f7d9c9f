"""What the view is made of: nodes, entries, and the parts of the tree that know them.

A node is a number that means the same in every process that opens the store: its kind, and the
index's row id. So a mount can hand nodes to the kernel and be restarted.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Final, NamedTuple, NewType, Protocol

from posecas.digest import Digest
from posecas.errors import NotFound
from posecas.records import Image, Page

Node = NewType("Node", int)
"""Below 2**63, so that it is an inode number and a directory offset everywhere."""

Content = bytes | Digest
"""The bytes themselves, or the digest of the blob that they are."""

DEEPEST: Final = 255
"""How many folders deep an old path may lie."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
KIND_SHIFT: Final = 56
"""A node without its lower bits is its kind, as a plain number: sooner than by `kind_of`."""

_DEPTH_SHIFT: Final = 48
_ROW_MASK: Final = (1 << _DEPTH_SHIFT) - 1


class Kind(IntEnum):
    """What a node is. The numbers are part of inode numbers and never change."""

    ROOT = 1
    USERS = 2
    USER = 3
    USER_GENERATION = 4
    GENERATIONS = 5
    GENERATION = 6
    POSE = 7
    POSE_JSON = 8
    THUMBNAILS = 9
    THUMBNAIL_USERS = 10
    THUMBNAIL_USER = 11
    THUMBNAIL_USER_GENERATION = 12
    THUMBNAIL_GENERATIONS = 13
    THUMBNAIL_GENERATION = 14
    THUMBNAIL = 15
    HASHES = 16
    HASH_FOLDER = 17
    HASH = 18
    ALIASES = 19
    ALIAS_FOLDER = 20
    ALIAS = 21
    STATUS_FOLDER = 22
    STATUS = 23
    SCRATCH = 24
    """From here on: what a mount has in its spool."""
    SPOOLED = 25
    SPOOLED_JSON = 26
    METRICS = 27
    """Beside `STATUS`; numbers stay what they were."""


def make_node(kind: Kind, row: int = 0, *, depth: int = 0) -> Node:
    """Return the node of a row; a folder of old paths is one of them, cut at ``depth`` names."""
    return Node(kind << KIND_SHIFT | depth << _DEPTH_SHIFT | row)


def kind_of(node: Node) -> Kind:
    """Return what a node is. Raises ``NotFound`` for a number that never was one."""
    try:
        return Kind(node >> KIND_SHIFT)
    except ValueError:
        raise NotFound(f"node {node}: there is none of this number") from None


def row_of(node: Node) -> int:
    """Return the row id in a node."""
    return node & _ROW_MASK


def depth_of(node: Node) -> int:
    """Return how many names of an old path a folder of them has."""
    return (node >> _DEPTH_SHIFT) & DEEPEST


class Owned(NamedTuple):
    """What an ordinary file has, and nothing in a store. Times: nanoseconds since 1970."""

    mode: int
    uid: int
    gid: int
    accessed_ns: int
    changed_ns: int


class Entry(NamedTuple):
    """A name in a folder, and what it stands for. A tuple, since a folder may have very many.

    ``size`` is exact, and 0 for a folder. ``modified_ns`` is in nanoseconds since 1970. ``blob`` is
    what a file's bytes are; None: they are made of the index, ask `View.content`. ``cookie`` is
    where a listing goes on behind it; it stays valid whatever is added or removed, and is 0 where
    the entry was not listed. ``image`` is what it takes to open a pose's image, if that is known.
    ``owned`` is only of what a mount has in its spool.
    """

    node: Node
    name: str
    folder: bool
    size: int
    modified_ns: int
    blob: Digest | None = None
    cookie: int = 0
    image: Image | None = None
    owned: Owned | None = None

    @property
    def modified(self) -> datetime:
        """When it last changed, to the microsecond."""
        return _EPOCH + timedelta(microseconds=self.modified_ns // 1000)


class FolderArea(Protocol):
    """One part of the tree's folders. Raises ``NotFound`` for what is not there (any more)."""

    def entry(self, node: Node) -> Entry:
        """Return what a folder is now."""
        ...

    def lookup(self, parent: Node, name: str) -> Entry:
        """Return what has this name in a folder."""
        ...

    def children(self, node: Node, *, after: int, limit: int) -> Page[Entry]:
        """Return a page of a folder; ``after`` is a cookie. A page may be short, even empty."""
        ...


class FileArea(Protocol):
    """One kind of files. Raises ``NotFound`` for what is not there any more."""

    def entry(self, node: Node) -> Entry:
        """Return what a file is now, under its own name."""
        ...

    def content(self, node: Node) -> Content:
        """Return the bytes, or the blob that they are."""
        ...

    def attributes(self, node: Node) -> Mapping[str, str]:
        """Return what is said of a file."""
        ...


def nanoseconds(moment: datetime) -> int:
    """Return a moment of the index in nanoseconds since 1970."""
    return (moment - _EPOCH) // _MILLISECOND * 1_000_000


def no_such(name: str) -> NotFound:
    """Return the error for a name that a folder does not have."""
    return NotFound(f"{name!r}: this folder of the view has nothing of this name")


def gone(name: str) -> NotFound:
    """Return the error for a node whose row was removed."""
    return NotFound(f"{name}: it was removed meanwhile")
