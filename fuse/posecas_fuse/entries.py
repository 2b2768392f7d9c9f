"""Entries of what is spooled, and what programs are told of any entry."""

import os
import stat
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from posecas.errnos import ReadOnly
from posecas.view import Entry, Node
from posecas.view.nodes import Kind, gone, kind_of, make_node
from posecas_fuse.spool import Spool, Spooled

SPOOL_COOKIE: Final = 1 << 57
"""Above every cookie of the view: what is spooled is listed behind what is stored."""

SCRATCH: Final = ".scratch"

_FILES: Final = frozenset({Kind.POSE, Kind.POSE_JSON, Kind.SPOOLED_JSON})
_FOLDERS: Final = frozenset(
    {Kind.USERS, Kind.USER, Kind.USER_GENERATION, Kind.GENERATIONS, Kind.GENERATION, Kind.SCRATCH}
)
GENERATIONS: Final = frozenset({Kind.USER_GENERATION, Kind.GENERATION})


@dataclass(frozen=True, slots=True)
class SpoolEntry(Entry):
    """An entry of the spool, with what an ordinary file has. Times: nanoseconds since 1970."""

    mode: int = 0o600
    uid: int = 0
    gid: int = 0
    accessed: int = 0
    written: int = 0
    changed: int = 0


@dataclass(frozen=True, slots=True)
class Attributes:
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
        links = 2 if entry.folder else 1
        kind = stat.S_IFDIR if entry.folder else stat.S_IFREG
        if isinstance(entry, SpoolEntry):
            return Attributes(
                *(entry.node, kind | entry.mode, links, entry.size, entry.uid, entry.gid),
                *(entry.accessed, entry.written, entry.changed),
            )
        when = round(entry.modified.timestamp() * 1000) * 1_000_000
        mode = kind | self._mode(entry)
        return Attributes(entry.node, mode, links, entry.size, self.uid, self.gid, when, when, when)

    def _mode(self, entry: Entry) -> int:
        writable = self.writable and is_writable(entry.node)
        whole = (0o777 if writable else 0o555) if entry.folder else (0o666 if writable else 0o444)
        return whole & ~self.umask


def is_writable(node: Node) -> bool:
    """Tell whether something can be changed here, in a mount that is not read-only."""
    return kind_of(node) in _FILES | _FOLDERS | {Kind.SPOOLED}


def refuse_read_only(node: Node) -> None:
    """Raise ``ReadOnly`` for the parts of the view that are made of others."""
    if not is_writable(node):
        raise ReadOnly("this part of the mount is only read: write below generations or users")


def entry_of(spool: Spool, row: Spooled) -> SpoolEntry:
    """Return the entry of a spooled file or folder, as it is now. Raises ``NotFound``."""
    try:
        found = spool.path(row.id).stat()
    except FileNotFoundError:
        raise gone(os.fsdecode(row.name)) from None
    return SpoolEntry(
        make_node(Kind.SPOOLED, row.id),
        os.fsdecode(row.name),
        row.folder,
        0 if row.folder else found.st_size,
        datetime.fromtimestamp(found.st_mtime, UTC),
        cookie=SPOOL_COOKIE + row.id,
        mode=row.mode,
        uid=row.uid,
        gid=row.gid,
        accessed=found.st_atime_ns,
        written=found.st_mtime_ns,
        changed=found.st_ctime_ns,
    )


def scratch_entry(spool: Spool, owner: Appearance) -> SpoolEntry:
    """Return the entry of the scratch folder."""
    found = spool.folder.stat()
    return SpoolEntry(
        make_node(Kind.SCRATCH),
        SCRATCH,
        folder=True,
        size=0,
        modified=datetime.fromtimestamp(found.st_mtime, UTC),
        cookie=SPOOL_COOKIE,
        mode=0o777 & ~owner.umask,
        uid=owner.uid,
        gid=owner.gid,
        accessed=found.st_atime_ns,
        written=found.st_mtime_ns,
        changed=found.st_ctime_ns,
    )
