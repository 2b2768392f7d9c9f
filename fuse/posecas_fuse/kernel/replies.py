"""What the kernel is told, put together. Layouts: ``linux/fuse.h``, see `abi`."""

import stat
from struct import Struct
from typing import Final

from posecas_fuse.kernel.abi import (
    ATTR_HEAD,
    ATTR_SIZE,
    DIRENT,
    ENTRY,
    HEADER_OUT,
    INVAL_ENTRY,
    INVAL_INODE,
    OPEN_OUT,
    STATFS,
    WRITE_OUT,
    Notice,
)

FOLDER: Final = stat.S_IFDIR >> 12
FILE: Final = stat.S_IFREG >> 12
"""The type in an entry of a directory."""

LISTED: Final = tuple(Struct(f"{ENTRY.format}QQII{8 * words}s").pack for words in range(33))
"""Packs ``fuse_direntplus``, which begins with `ENTRY`, by how many 8 bytes hold the name."""

UNIT: Final = 4096
"""The block size that programs are told to read and write by."""

SECTOR: Final = 512
"""What `stat` counts blocks in."""

_ABSENT: Final = Struct("<16xQ104x")
_PADDING: Final = tuple(bytes(-length % 8) for length in range(8))


def absent(seconds: int) -> bytes:
    """Answer LOOKUP of a name that is not there, to be believed for that long."""
    return _ABSENT.pack(seconds)


def attributes(entry: bytes, seconds: int) -> bytes:
    """Answer GETATTR and SETATTR with what LOOKUP would be answered."""
    return ATTR_HEAD.pack(seconds, 0, 0) + entry[-ATTR_SIZE:]


def opened(handle: int, flags: int, backing: int = 0) -> bytes:
    """Answer OPEN and OPENDIR, and the second half of CREATE."""
    return OPEN_OUT.pack(handle, flags, backing)


def directory_entry(ino: int, offset: int, name: bytes, folder: bool) -> bytes:
    """Return one name of READDIR; ``offset`` is where a listing goes on behind it."""
    length = len(name)
    kind = FOLDER if folder else FILE
    return DIRENT.pack(ino, offset, length, kind) + name + _PADDING[length % 8]


def written(size: int) -> bytes:
    """Answer WRITE."""
    return WRITE_OUT.pack(size, 0)


def room(total: int, free: int, available: int, longest_name: int) -> bytes:
    """Answer STATFS; sizes in bytes."""
    return STATFS.pack(
        *(total // UNIT, free // UNIT, available // UNIT, 0, 0, UNIT, longest_name, UNIT, 0)
    )


def invalid_inode(nodeid: int) -> bytes:
    """Tell the kernel to forget what it knows of a file: attributes, and all of its bytes."""
    return _notice(Notice.INVAL_INODE, INVAL_INODE.pack(nodeid, 0, 0))


def invalid_name(parent: int, name: bytes, flags: int) -> bytes:
    """Tell the kernel to ask again for a name."""
    return _notice(Notice.INVAL_ENTRY, INVAL_ENTRY.pack(parent, len(name), flags) + name + b"\0")


def resend() -> bytes:
    """Ask for every request again that was taken and never answered."""
    return _notice(Notice.RESEND, b"")


def _notice(code: Notice, body: bytes) -> bytes:
    return HEADER_OUT.pack(HEADER_OUT.size + len(body), code, 0) + body
