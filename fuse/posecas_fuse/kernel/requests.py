"""What the kernel asks, taken apart. Layouts: ``linux/fuse.h``, see `abi`."""

from collections.abc import Sequence
from struct import Struct, error
from typing import Final, NamedTuple

from posecas_fuse.kernel.abi import HEADER_IN, RESENT

_HEAD: Final = HEADER_IN.size


class Malformed(Exception):
    """A message that is not as the protocol says. ``unique`` is 0 if it cannot be answered."""

    def __init__(self, what: str, *, unique: int = 0) -> None:
        """Say what is wrong."""
        super().__init__(what)
        self.unique = unique


class Request(NamedTuple):
    """One message. ``nodeid`` is the kernel's name of a file, ``pid`` that of a thread."""

    opcode: int
    unique: int
    nodeid: int
    uid: int
    gid: int
    pid: int
    body: memoryview

    @property
    def resent(self) -> bool:
        """Whether a worker that is gone may have done this already."""
        return bool(self.unique & RESENT)

    def fields(self, layout: Struct) -> tuple[int, ...]:
        """Return the integers at the body's beginning. Raises ``Malformed``."""
        try:
            return layout.unpack_from(self.body)
        except error:
            cause = f"{len(self.body)} bytes where {layout.size} belong"
            raise self.malformed(cause) from None

    def names(self, count: int, *, after: int = 0) -> Sequence[bytes]:
        """Return the names that fill the body, each ended by a zero. Raises ``Malformed``."""
        *found, rest = bytes(self.body[after:]).split(b"\0")
        if len(found) < count or rest or not all(found[:count]):
            raise self.malformed(f"{count} names were to come")
        if any(b"/" in name for name in found[:count]):
            raise self.malformed("a name with a slash")
        return found[:count]

    def name(self, *, after: int = 0) -> bytes:
        """Return the one name that fills the body. Raises ``Malformed``."""
        body = bytes(self.body[after:])
        name = body[:-1]
        if not name or body.find(b"\0") != len(name) or b"/" in name:
            raise self.malformed("one name was to come")
        return name

    def malformed(self, what: str) -> Malformed:
        """Return the error that says so of this message."""
        return Malformed(f"operation {self.opcode}: {what}", unique=self.unique)


def parse(message: memoryview) -> Request:
    """Return what a message asks; its body stays in the given memory. Raises ``Malformed``."""
    try:
        head = HEADER_IN.unpack_from(message)
    except error:
        what = f"a message of {len(message)} bytes, shorter than a header"
        raise Malformed(what) from None
    length, opcode, unique, nodeid, uid, gid, pid, extensions, _ = head
    if length != len(message):
        raise Malformed(
            f"operation {opcode}: {len(message)} bytes that say they are {length}", unique=unique
        )
    end = length - 8 * extensions
    if end < _HEAD:
        raise Malformed(f"operation {opcode}: extensions longer than itself", unique=unique)
    return Request(opcode, unique, nodeid, uid, gid, pid, message[_HEAD:end])


GETATTR: Final = Struct("<IIQ")
SETATTR: Final = Struct("<II6Q3I4I4x")
MKDIR: Final = Struct("<II")
RENAME: Final = Struct("<Q")
RENAME2: Final = Struct("<QI4x")
OPEN: Final = Struct("<II")
CREATE: Final = Struct("<4I")
READ: Final = Struct("<QQI20x")
WRITE: Final = Struct("<QQIIQI4x")
RELEASE: Final = Struct("<QIIQ")
FLUSH: Final = Struct("<Q16x")
FSYNC: Final = Struct("<QI4x")
SETXATTR: Final = Struct("<II")
GETXATTR: Final = Struct("<I4x")
LSEEK: Final = Struct("<QQI4x")
INTERRUPT: Final = Struct("<Q")


class SetAttrIn(NamedTuple):
    """The fields of SETATTR that are looked at; ``valid`` says which of them count."""

    valid: int
    handle: int
    size: int
    atime_ns: int
    mtime_ns: int
    mode: int
    uid: int
    gid: int


def set_attributes(request: Request) -> SetAttrIn:
    """Take SETATTR apart. Raises ``Malformed``."""
    found = request.fields(SETATTR)
    valid, _, handle, size, _, atime, mtime, _, atime_ns, mtime_ns, _, mode, _, uid, gid = found
    unit = 1_000_000_000
    return SetAttrIn(
        valid, handle, size, atime * unit + atime_ns, mtime * unit + mtime_ns, mode, uid, gid
    )
