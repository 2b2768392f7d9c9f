"""Entries of what is spooled, and what programs are told of any entry."""

import os
import stat
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from posecas.errnos import ReadOnly
from posecas.view import Entry, Node
from posecas.view.nodes import Kind, Owned, gone, kind_of, make_node
from posecas_fuse.spool import Spool, Spooled

SPOOL_COOKIE: Final = 1 << 57
"""Above every cookie of the view: what is spooled is listed behind what is stored."""

SCRATCH: Final = ".scratch"

_FILES: Final = frozenset({Kind.POSE, Kind.POSE_JSON, Kind.SPOOLED_JSON})
_FOLDERS: Final = frozenset(
    {Kind.USERS, Kind.USER, Kind.USER_GENERATION, Kind.GENERATIONS, Kind.GENERATION, Kind.SCRATCH}
)
_WRITABLE: Final = _FILES | _FOLDERS | {Kind.SPOOLED}
_KIND_SHIFT: Final = 56
GENERATIONS: Final = frozenset({Kind.USER_GENERATION, Kind.GENERATION})


class Attributes(NamedTuple):
    """What `stat` tells. Times: nanoseconds since 1970."""

    node: Node
    mode: int
    links: int
    size: int
    uid: int
    gid: int
    accessed: int
    modified: int
    changed: int


@dataclass(frozen=True, slots=True)
class Appearance:
    """Whose everything seems to be, which has no owner of its own, and who may do what."""

    uid: int
    gid: int
    umask: int = 0o022
    writable: bool = True

    def of(self, entry: Entry) -> Attributes:
        """Return what `stat` tells of an entry."""
        node, _, folder, size, when, _, _, _, owned = entry
        links = 2 if folder else 1
        if owned is None:
            mode = _stored_mode(node >> _KIND_SHIFT, folder, self.writable) & ~self.umask
            return Attributes(node, mode, links, size, self.uid, self.gid, when, when, when)
        mode = (stat.S_IFDIR if folder else stat.S_IFREG) | owned.mode
        return Attributes(
            *(node, mode, links, size, owned.uid, owned.gid),
            *(owned.accessed_ns, when, owned.changed_ns),
        )


@cache
def _stored_mode(kind: int, folder: bool, writable: bool) -> int:
    """Return type and permissions of what is stored, in a mount that is or is not read-only."""
    writable = writable and kind in _WRITABLE
    if folder:
        return stat.S_IFDIR | (0o777 if writable else 0o555)
    return stat.S_IFREG | (0o666 if writable else 0o444)


def is_writable(node: Node) -> bool:
    """Tell whether something can be changed here, in a mount that is not read-only."""
    return kind_of(node) in _WRITABLE


def refuse_read_only(node: Node) -> None:
    """Raise ``ReadOnly`` for the parts of the view that are made of others."""
    if not is_writable(node):
        raise ReadOnly("this part of the mount is only read: write below generations or users")


def entry_of(spool: Spool, row: Spooled) -> Entry:
    """Return the entry of a spooled file or folder, as it is now. Raises ``NotFound``."""
    try:
        found = spool.path(row.id).stat()
    except FileNotFoundError:
        raise gone(os.fsdecode(row.name)) from None
    return Entry(
        make_node(Kind.SPOOLED, row.id),
        os.fsdecode(row.name),
        row.folder,
        0 if row.folder else found.st_size,
        found.st_mtime_ns,
        cookie=SPOOL_COOKIE + row.id,
        owned=Owned(row.mode, row.uid, row.gid, found.st_atime_ns, found.st_ctime_ns),
    )


def scratch_entry(spool: Spool, owner: Appearance) -> Entry:
    """Return the entry of the scratch folder."""
    found = spool.folder.stat()
    mode = 0o777 & ~owner.umask
    return Entry(
        make_node(Kind.SCRATCH),
        SCRATCH,
        folder=True,
        size=0,
        modified_ns=found.st_mtime_ns,
        cookie=SPOOL_COOKIE,
        owned=Owned(mode, owner.uid, owner.gid, found.st_atime_ns, found.st_ctime_ns),
    )
