"""Room that is given up when a disk is full, so that the store still opens, removes and collects.

Puts stop before the disk is full (`min_free`); other programs do not. SQLite cannot even open an
index without room for its log, so a file beside it keeps some: it goes when the store is opened on
a full disk, and comes again when there is room.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

RESERVE: Final = Path("locks", "reserve")

_MOST: Final = 16 << 20
"""Bytes. The log of one batch of gc, in an index of millions, and the segment that tells of it."""

_SHARE: Final = 32
"""Of a small disk, one part in so many: less than `min_free`, so that no put uses it up."""


def use_reserve(folder: Path) -> None:
    """Give the reserve up if the disk is full, or keep one again if there is room by far.

    What the disk does not allow is left as it is: opening the store tells.
    """
    with suppress(OSError):
        disk = shutil.disk_usage(folder)
        size = min(_MOST, disk.total // _SHARE)
        if disk.free < size // 4:
            (folder / RESERVE).unlink(missing_ok=True)
        elif disk.free > 4 * size and not (folder / RESERVE).exists():
            _keep(folder / RESERVE, size)


def _keep(path: Path, size: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            os.write(descriptor, bytes(size))
    finally:
        os.close(descriptor)
