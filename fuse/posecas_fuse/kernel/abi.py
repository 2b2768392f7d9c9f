"""Numbers and layouts of the FUSE kernel protocol.

Source: ``include/uapi/linux/fuse.h`` of Linux 6.18, interface version 7.45, whose names these are
without their prefix. What came after 7.31 says so; a kernel says in INIT what it has. Every integer
is of the machine's own byte order, which is little-endian wherever this engine runs.
"""

from enum import IntEnum, IntFlag
from struct import Struct
from typing import Final

MAJOR: Final = 7
MINOR: Final = 45
OLDEST_MINOR: Final = 31
"""Linux 5.4. Older kernels lay some messages out in another way."""

ROOT_ID: Final = 1

RESENT: Final = 1 << 63
"""In ``unique`` (7.40): a worker that is gone may have done this already."""


class Opcode(IntEnum):
    """``enum fuse_opcode``."""

    LOOKUP = 1
    FORGET = 2
    GETATTR = 3
    SETATTR = 4
    READLINK = 5
    SYMLINK = 6
    MKNOD = 8
    MKDIR = 9
    UNLINK = 10
    RMDIR = 11
    RENAME = 12
    LINK = 13
    OPEN = 14
    READ = 15
    WRITE = 16
    STATFS = 17
    RELEASE = 18
    FSYNC = 20
    SETXATTR = 21
    GETXATTR = 22
    LISTXATTR = 23
    REMOVEXATTR = 24
    FLUSH = 25
    INIT = 26
    OPENDIR = 27
    READDIR = 28
    RELEASEDIR = 29
    FSYNCDIR = 30
    ACCESS = 34
    CREATE = 35
    INTERRUPT = 36
    DESTROY = 38
    IOCTL = 39
    POLL = 40
    NOTIFY_REPLY = 41
    BATCH_FORGET = 42
    FALLOCATE = 43
    READDIRPLUS = 44
    RENAME2 = 45
    LSEEK = 46
    COPY_FILE_RANGE = 47
    SYNCFS = 50
    TMPFILE = 51


class Notice(IntEnum):
    """``enum fuse_notify_code``: what is told to the kernel unasked."""

    INVAL_INODE = 2
    INVAL_ENTRY = 3
    RESEND = 7


class Feature(IntFlag):
    """What INIT negotiates: the low 32 bits are its ``flags``, the high ones its ``flags2``."""

    ASYNC_READ = 1 << 0
    ATOMIC_O_TRUNC = 1 << 3
    BIG_WRITES = 1 << 5
    AUTO_INVAL_DATA = 1 << 12
    DO_READDIRPLUS = 1 << 13
    READDIRPLUS_AUTO = 1 << 14
    PARALLEL_DIROPS = 1 << 18
    MAX_PAGES = 1 << 22
    INIT_EXT = 1 << 30
    HAS_EXPIRE_ONLY = 1 << 35  # 7.38
    DIRECT_IO_ALLOW_MMAP = 1 << 36  # 7.39
    PASSTHROUGH = 1 << 37  # 7.40
    HAS_RESEND = 1 << 39  # 7.40
    REQUEST_TIMEOUT = 1 << 42  # 7.43


class OpenFlag(IntFlag):
    """``FOPEN_…``: how the kernel treats one opened file."""

    DIRECT_IO = 1 << 0
    KEEP_CACHE = 1 << 1
    CACHE_DIR = 1 << 3
    NOFLUSH = 1 << 5  # 7.35
    PASSTHROUGH = 1 << 7  # 7.40


class SetAttr(IntFlag):
    """``FATTR_…``: which fields of SETATTR count."""

    MODE = 1 << 0
    UID = 1 << 1
    GID = 1 << 2
    SIZE = 1 << 3
    ATIME = 1 << 4
    MTIME = 1 << 5
    FH = 1 << 6
    ATIME_NOW = 1 << 7
    MTIME_NOW = 1 << 8


GETATTR_FH: Final = 1 << 0
EXPIRE_ONLY: Final = 1 << 0
RELEASE_FLUSH: Final = 1 << 0

HEADER_IN: Final = Struct("<IIQQIIIHH")
HEADER_OUT: Final = Struct("<IiQ")
ENTRY: Final = Struct("<Q32s3Q3q3I28s")
"""``fuse_entry_out``, two parts of which are `VALIDITY` and `RIGHTS`; the attributes are last."""
VALIDITY: Final = Struct("<3QII")
RIGHTS: Final = Struct("<7I")
ATTR_SIZE: Final = 88
ATTR_HEAD: Final = Struct("<QII")
OPEN_OUT: Final = Struct("<QIi")
DIRENT: Final = Struct("<QQII")
STATFS: Final = Struct("<5Q4I24x")
WRITE_OUT: Final = Struct("<II")
INIT_IN: Final = Struct("<4I")
INIT_IN_EXT: Final = Struct("<5I44x")
INIT_OUT: Final = Struct("<4IHHIIHHIIH22x")
INVAL_INODE: Final = Struct("<Qqq")
INVAL_ENTRY: Final = Struct("<QII")
BACKING_MAP: Final = Struct("<iIQ")

# _IOW(229, 1, struct fuse_backing_map) and _IOW(229, 2, uint32_t), of 7.40.
BACKING_OPEN: Final = 0x4010E501
BACKING_CLOSE: Final = 0x4004E502
