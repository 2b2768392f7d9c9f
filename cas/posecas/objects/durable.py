"""The two steps that a durable file needs and Python's library lacks."""

import errno
import os
import sys
from dataclasses import dataclass
from typing import Final

if sys.platform == "darwin":
    import fcntl

_NO_HARD_LINKS: Final = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS})
_NO_SUCH_RENAME: Final = frozenset({errno.EINVAL, errno.ENOSYS})


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in an open directory."""

    directory: int
    name: str


def sync(descriptor: int) -> None:
    """Return when the file or directory is on the medium. Raises ``OSError``.

    macOS' ``fsync`` stops at the drive's cache; F_FULLFSYNC goes through it.
    """
    if sys.platform == "darwin":
        fcntl.fcntl(descriptor, fcntl.F_FULLFSYNC)
    else:
        os.fsync(descriptor)


def place(source: Entry, target: Entry) -> None:
    """Give a file its final name, in one step; ``source`` may or may not keep the old one.

    Raises ``FileExistsError`` and changes nothing if the name is taken; other ``OSError``.
    """
    try:
        os.link(
            source.name,
            target.name,
            src_dir_fd=source.directory,
            dst_dir_fd=target.directory,
        )
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        _rename_exclusively(source, target)


def _rename_exclusively(source: Entry, target: Entry) -> None:
    """Rename, never replacing: renameat2(2) of Linux, renameatx_np(2) of macOS."""
    import ctypes  # noqa: PLC0415 - only filesystems without hard links need it

    name, flag = ("renameatx_np", 4) if sys.platform == "darwin" else ("renameat2", 1)
    rename = getattr(ctypes.CDLL(None, use_errno=True), name, None)
    if rename is None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    old, new = os.fsencode(source.name), os.fsencode(target.name)
    if rename(source.directory, old, target.directory, new, flag) == 0:
        return
    code = ctypes.get_errno()
    code = errno.ENOTSUP if code in _NO_SUCH_RENAME else code
    raise OSError(code, os.strerror(code), target.name)
