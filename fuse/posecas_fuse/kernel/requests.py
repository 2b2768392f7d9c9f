"""What the kernel asks, taken apart. Layouts: ``linux/fuse.h``, see `abi`."""

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Final, NamedTuple

from posecas_fuse.kernel.abi import HEADER_IN, RESENT


class Malformed(Exception):
    """A message that is not as the protocol says. ``unique`` is 0 if it cannot be answered."""

    def __init__(self, what: str, *, unique: int = 0) -> None:
        """Say what is wrong."""
        super().__init__(what)
        self.unique = unique


@dataclass(frozen=True, slots=True)
class Request:
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
        if len(self.body) < layout.size:
            raise self.malformed(f"{len(self.body)} bytes where {layout.size} belong")
        return layout.unpack_from(self.body)

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
        return self.names(1, after=after)[0]

    def malformed(self, what: str) -> Malformed:
        """Return the error that says so of this message."""
        return Malformed(f"operation {self.opcode}: {what}", unique=self.unique)


def parse(message: memoryview) -> Request:
    """Return what a message asks; its body stays in the given memory. Raises ``Malformed``."""
    if len(message) < HEADER_IN.size:
        raise Malformed(f"a message of {len(message)} bytes, shorter than a header")
    length, opcode, unique, nodeid, uid, gid, pid, extensions, _ = HEADER_IN.unpack_from(message)
    if length != len(message):
        raise Malformed(
            f"operation {opcode}: {len(message)} bytes that say they are {length}", unique=unique
        )
    end = length - 8 * extensions
    if end < HEADER_IN.size:
        raise Malformed(f"operation {opcode}: extensions longer than itself", unique=unique)
    return Request(opcode, unique, nodeid, uid, gid, pid, message[HEADER_IN.size : end])


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
