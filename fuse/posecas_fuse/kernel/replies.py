"""What the kernel is told, put together. Layouts: ``linux/fuse.h``, see `abi`."""

import stat
from dataclasses import dataclass
from typing import Final

from posecas_fuse.entries import Attributes
from posecas_fuse.kernel.abi import (
    ATTR,
    ATTR_HEAD,
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

UNIT: Final = 4096
"""The block size that programs are told to read and write by."""

_SECTOR: Final = 512
_UNSIGNED: Final = (1 << 64) - 1
_SECOND_NS: Final = 1_000_000_000
_NO_ATTRIBUTES: Final = bytes(ATTR.size)


@dataclass(frozen=True, slots=True)
class Validity:
    """How long the kernel may believe a name, and what it was told of a file, in seconds."""

    name: float
    attributes: float


def _packed(found: Attributes) -> bytes:
    """Return ``struct fuse_attr``."""
    accessed, accessed_ns = divmod(found.accessed, _SECOND_NS)
    modified, modified_ns = divmod(found.modified, _SECOND_NS)
    changed, changed_ns = divmod(found.changed, _SECOND_NS)
    return ATTR.pack(
        *(found.node, found.size, -(-found.size // _SECTOR)),
        *(accessed & _UNSIGNED, modified & _UNSIGNED, changed & _UNSIGNED),
        *(accessed_ns, modified_ns, changed_ns, found.mode, found.links),
        *(found.uid, found.gid, 0, UNIT, 0),
    )


def entry(nodeid: int, attributes: Attributes, validity: Validity) -> bytes:
    """Answer LOOKUP and what makes a name."""
    name, name_ns = _split(validity.name)
    valid, valid_ns = _split(validity.attributes)
    return ENTRY.pack(nodeid, 0, name, valid, name_ns, valid_ns) + _packed(attributes)


def absent(seconds: float) -> bytes:
    """Answer LOOKUP of a name that is not there, to be believed for that long."""
    valid, valid_ns = _split(seconds)
    return ENTRY.pack(0, 0, valid, 0, valid_ns, 0) + _NO_ATTRIBUTES


def attributes(found: Attributes, seconds: float) -> bytes:
    """Answer GETATTR and SETATTR."""
    valid, valid_ns = _split(seconds)
    return ATTR_HEAD.pack(valid, valid_ns, 0) + _packed(found)


def opened(handle: int, flags: int, backing: int = 0) -> bytes:
    """Answer OPEN and OPENDIR, and the second half of CREATE."""
    return OPEN_OUT.pack(handle, flags, backing)


def directory_entry(ino: int, mode: int, name: bytes, offset: int) -> bytes:
    """Return one name of READDIR; ``offset`` is where a listing goes on behind it."""
    made = DIRENT.pack(ino, offset, len(name), stat.S_IFMT(mode) >> 12) + name
    return made + bytes(-len(made) % 8)


def written(size: int) -> bytes:
    """Answer WRITE."""
    return WRITE_OUT.pack(size, 0)


def room(total: int, free: int, available: int, longest_name: int) -> bytes:
    """Answer STATFS; sizes in bytes."""
    return STATFS.pack(
        *(total // UNIT, free // UNIT, available // UNIT, 0, 0, UNIT, longest_name, UNIT, 0)
    )


def answer(unique: int, error: int, payload: bytes) -> list[bytes]:
    """Return the pieces of a reply; ``error`` is 0 or a positive errno."""
    data = b"" if error else payload
    return [HEADER_OUT.pack(HEADER_OUT.size + len(data), -error, unique), data]


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


def _split(seconds: float) -> tuple[int, int]:
    whole = int(seconds)
    return whole, int((seconds - whole) * _SECOND_NS)
