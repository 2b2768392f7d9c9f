"""How the bytes of an opened file reach the program: three ways, and what each needs.

passthrough
    The kernel reads the store's own file itself, at the disk's own speed; we are not asked. It
    needs Linux 6.9 and CAP_SYS_ADMIN outside of every user namespace. Everything that has one
    inode open must be open with one and the same backing number (an inode's second number is EIO),
    and no way that uses the page cache may be open beside it.
cached
    We are asked, and the kernel keeps the bytes for as long as the inode has the same ones.
direct
    We are asked for every read. For bytes that are made when they are opened, such as JSON.
"""

import errno
import logging
import os
import threading
from collections import OrderedDict
from typing import Final

from posecas_fuse.kernel.abi import OpenFlag
from posecas_fuse.kernel.device import Device
from posecas_fuse.kernel.open_files import OpenFile, OpenFiles

_log = logging.getLogger("posecas_fuse")

_REMEMBERED: Final = 100_000
_NEVER: Final = {errno.EPERM, errno.ENOSYS, errno.ENOTTY, errno.EOPNOTSUPP}

# Plain integers: putting two flags of an enum together takes Python a while.
CACHED: Final = 0
DIRECT: Final = int(OpenFlag.DIRECT_IO)
THROUGH: Final = int(OpenFlag.PASSTHROUGH)
_KEEP_CACHE: Final = int(OpenFlag.KEEP_CACHE)
_NOFLUSH: Final = int(OpenFlag.NOFLUSH)


def is_passed_through(flags: int) -> bool:
    """Tell whether of a file that is open in this way nothing is ever asked."""
    return flags & (THROUGH | DIRECT) == THROUGH


_Way = tuple[int, int]
"""How one opened file is read: flags, which are of `OpenFlag`, and a backing number or 0."""


class Reading:
    """Chooses the way for each open, and lets go of backing numbers. Any thread may call it."""

    def __init__(self, device: Device, files: OpenFiles, *, passthrough: bool) -> None:
        """``passthrough``: the kernel has it, and it is wanted; whether we may is seen here."""
        self._device = device
        self._files = files
        self.passthrough = passthrough and self._allowed()
        """Whether reads of the store's files are passed through."""
        self._cached: OrderedDict[int, int] = OrderedDict()
        self._guard = threading.Lock()

    @property
    def mode(self) -> str:
        """What the status calls it."""
        return "passthrough" if self.passthrough else "cached"

    def open(self, opened: OpenFile, descriptor: int | None) -> tuple[int, OpenFile]:
        """Write a file down as open, and return the kernel's handle and what was written down.

        ``descriptor`` is that of a local file with its bytes, if there is one; it stays the
        caller's. The way of ``opened`` is chosen here.
        """
        with self._guard:
            others = self._files.of(opened.nodeid)
            flags, backing = (self._beside if others else self._alone)(opened, descriptor)
            # Nothing is to be stored when it is closed, so nobody needs to be asked.
            return self._add(opened, flags | _NOFLUSH, backing)

    def open_draft(self, opened: OpenFile, *, plain: bool) -> tuple[int, OpenFile]:
        """Do as `open` with a file that is being written.

        Of a ``plain`` one the kernel may keep the bytes. Of others every byte is given to us as it
        is written, so that what is no image is refused then.
        """
        with self._guard:
            return self._add(opened, CACHED if plain else DIRECT, 0)

    def close(self, handle: int) -> OpenFile | None:
        """Strike an opened file out. None: that was done before."""
        with self._guard:
            opened = self._files.remove(handle)
            if opened is None or not opened.backing:
                return opened
            others = self._files.of(opened.nodeid)
            if not others or not any(one.backing for one in others):
                self._device.close_backing(opened.backing)
            return opened

    def _add(self, opened: OpenFile, flags: int, backing: int) -> tuple[int, OpenFile]:
        found = OpenFile(*opened[:-2], backing, flags)
        return self._files.add(found), found

    def _beside(self, opened: OpenFile, descriptor: int | None) -> _Way:
        others = self._files.of(opened.nodeid)
        active = next((one for one in others if one.backing), None)
        if active is not None:
            same = active.content == opened.content and descriptor is not None
            return THROUGH if same else THROUGH | DIRECT, active.backing
        in_cache = [one for one in others if not one.flags & DIRECT]
        if not opened.content or any(one.content != opened.content for one in in_cache):
            return DIRECT, 0
        return (self._kept(opened), 0) if in_cache else self._alone(opened, descriptor)

    def _alone(self, opened: OpenFile, descriptor: int | None) -> _Way:
        if not opened.content:
            return DIRECT, 0
        backing = 0 if descriptor is None else self._backing(descriptor)
        return (THROUGH, backing) if backing else (self._kept(opened), 0)

    def _kept(self, opened: OpenFile) -> int:
        """Read through the cache; keep what is in it only if it is known to be the same bytes."""
        before = self._cached.pop(opened.nodeid, 0)
        self._cached[opened.nodeid] = opened.content
        if len(self._cached) > _REMEMBERED:
            self._cached.popitem(last=False)
        return CACHED | (_KEEP_CACHE if before == opened.content else 0)

    def _backing(self, descriptor: int) -> int:
        """Return a backing number, or 0 if this file must be read in another way."""
        if not self.passthrough:
            return 0
        try:
            return self._device.open_backing(descriptor)
        except OSError as error:
            if error.errno in _NEVER:
                self.passthrough = False
            _log.info("a file is not passed through: %s", error.strerror)
            return 0

    def _allowed(self) -> bool:
        try:
            descriptor = os.open("/proc/self/exe", os.O_RDONLY)
            try:
                self._device.close_backing(self._device.open_backing(descriptor))
            finally:
                os.close(descriptor)
        except OSError as error:
            _log.info("reads are not passed through: %s", error.strerror)
            return False
        return True
