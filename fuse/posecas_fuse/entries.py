"""Entries of what is spooled, and what programs are told of any entry."""

import stat
from dataclasses import dataclass
from typing import Final, NamedTuple

from posecas.errnos import ReadOnly
from posecas.view import Entry, Node
from posecas.view.nodes import Kind, Owned, gone, kind_of, make_node
from posecas_fuse.spool import Spool, Spooled

SPOOL_COOKIE: Final = 1 << 57
"""Above every cookie of the view: what is spooled is listed behind what is stored."""

SCRATCH: Final = ".scratch"

NAMES: Final = ("utf-8", "surrogateescape")
"""How names are bytes: as UTF-8, and those that are none are kept as they are."""

_FILES: Final = frozenset({Kind.POSE, Kind.POSE_JSON, Kind.SPOOLED_JSON})
_FOLDERS: Final = frozenset(
    {Kind.USERS, Kind.USER, Kind.USER_GENERATION, Kind.GENERATIONS, Kind.GENERATION, Kind.SCRATCH}
)
GENERATIONS: Final = frozenset({Kind.USER_GENERATION, Kind.GENERATION})


class Rights(NamedTuple):
    """Whose something is, and who may do what. ``mode`` has the type of the file in it."""

    mode: int
    links: int
    uid: int
    gid: int


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
        accessed = changed = entry.modified_ns
        if entry.owned is not None:
            accessed, changed = entry.owned.accessed_ns, entry.owned.changed_ns
        mode, links, uid, gid = self.rights(entry)
        return Attributes(
            *(entry.node, mode, links, entry.size, uid, gid),
            *(accessed, entry.modified_ns, changed),
        )

    def rights(self, entry: Entry) -> Rights:
        """Return the part that everything of a kind has in common, but for what is owned."""
        kind, links = (stat.S_IFDIR, 2) if entry.folder else (stat.S_IFREG, 1)
        owned = entry.owned
        if owned is not None:
            return Rights(kind | owned.mode, links, owned.uid, owned.gid)
        return Rights(kind | self._mode(entry), links, self.uid, self.gid)

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


def entry_of(spool: Spool, row: Spooled) -> Entry:
    """Return the entry of a spooled file or folder, as it is now. Raises ``NotFound``."""
    try:
        found = spool.path(row.id).stat()
    except FileNotFoundError:
        raise gone(row.name.decode(*NAMES)) from None
    return Entry(
        make_node(Kind.SPOOLED, row.id),
        row.name.decode(*NAMES),
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
