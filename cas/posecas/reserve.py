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

INDEX: Final = "index.sqlite"
"""In the store's folder."""

RESERVE: Final = Path("locks", "reserve")

_MOST: Final = 16 << 20
"""Bytes. The log of one batch of gc, in an index of millions, and the segment that tells of it."""

_TIMES: Final = 2
"""A small index needs as many times its own size at the most."""

_SHARE: Final = 32
"""Of a small disk, one part in so many: less than `min_free`, so that no put uses it up."""


def use_reserve(folder: Path) -> None:
    """Give the reserve up if the disk is full, or keep one for the index if there is room by far.

    What the disk does not allow is left as it is: opening the store tells.
    """
    reserve = folder / RESERVE
    with suppress(OSError):
        disk = shutil.disk_usage(folder)
        size = min(_MOST, _TIMES * (folder / INDEX).stat().st_size, disk.total // _SHARE)
        if disk.free < size:
            reserve.unlink(missing_ok=True)
        elif disk.free > 4 * size and _kept(reserve) < size // 2:
            _keep(reserve, size)


def _kept(reserve: Path) -> int:
    try:
        return reserve.stat().st_size
    except FileNotFoundError:
        return 0


def _keep(reserve: Path, size: int) -> None:
    descriptor = os.open(reserve, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(descriptor, 0, size)
        else:
            os.write(descriptor, bytes(size))
    finally:
        os.close(descriptor)
