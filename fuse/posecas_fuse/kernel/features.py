"""What of the kernel's abilities is not to be used, and what the store's disk asks for."""

import ctypes
import os
from typing import Final

from posecas_fuse.kernel.abi import Feature

WITHOUT: Final = "POSECAS_MOUNT_WITHOUT"
"""Names of `SWITCHES`, separated by spaces or commas: mount as on a kernel that lacks them."""

SWITCHES: Final = {
    "passthrough": Feature.PASSTHROUGH,
    "resend": Feature.HAS_RESEND,
    "expire": Feature.HAS_EXPIRE_ONLY,
}

_OVERLAYFS: Final = 0x794C7630
"""``OVERLAYFS_SUPER_MAGIC`` of ``linux/magic.h``."""


def switched_off() -> Feature:
    """Return what the environment says is not to be used."""
    found = Feature(0)
    for name in os.environ.get(WITHOUT, "").replace(",", " ").split():
        found |= SWITCHES.get(name, Feature(0))
    return found


def stack_depth(folder: str) -> int:
    """Return how many file systems lie on each other where reads are passed through to.

    The kernel refuses to pass through to a file that lies higher than it was told at the beginning.
    """
    return 2 if _kind(folder) == _OVERLAYFS else 1


def _kind(folder: str) -> int:
    # The type is the first word of `struct statfs`, which Python does not show.
    buffer = (ctypes.c_long * 32)()
    failed = ctypes.CDLL(None).statfs(os.fsencode(folder), ctypes.byref(buffer))
    return 0 if failed else buffer[0] & 0xFFFFFFFF
