"""The descriptor that the kernel's questions come from and our answers go to."""

import errno
import fcntl
import logging
import os
import select
from struct import pack
from typing import Final

from posecas_fuse.kernel.abi import BACKING_CLOSE, BACKING_MAP, BACKING_OPEN, HEADER_OUT
from posecas_fuse.kernel.handshake import LARGEST_TRANSFER

BUFFER: Final = LARGEST_TRANSFER + 65536
"""Bytes of the largest message: the kernel wants room for a WRITE and for its head."""

_HEAD: Final = HEADER_OUT.size
_head: Final = HEADER_OUT.pack

_log = logging.getLogger(__name__)
_TAKE_AGAIN: Final = {errno.ENOENT, errno.EINTR, errno.EAGAIN}


class Unmounted(Exception):
    """Nothing more will come: the mount is gone, or its connection was cut."""


class Device:
    """``/dev/fuse``, mounted. Any thread may answer and notify; one reads."""

    def __init__(self, descriptor: int) -> None:
        """The descriptor stays the caller's."""
        self._descriptor = descriptor
        self._waiting = select.poll()
        self._waiting.register(descriptor, select.POLLIN)

    def is_asked(self) -> bool:
        """Tell whether `read` would not wait. For the thread that reads."""
        return bool(self._waiting.poll(0))

    def read(self, buffer: bytearray) -> memoryview:
        """Wait for a message. Raises ``Unmounted``."""
        while True:
            try:
                length = os.readv(self._descriptor, [buffer])
            except OSError as error:
                # ENOENT: the question was taken back before it was read.
                if error.errno in _TAKE_AGAIN:
                    continue
                raise Unmounted from error
            if not length:
                raise Unmounted
            return memoryview(buffer)[:length]

    def answer(self, unique: int, error: int, payload: bytes = b"") -> None:
        """Answer a message, with a positive errno or else with a payload."""
        try:
            os.writev(self._descriptor, (_head(_HEAD + len(payload), -error, unique), payload))
        except OSError as failure:
            # ENOENT: who asked was interrupted and is gone. ENODEV, EPERM: so is the mount.
            if failure.errno not in {errno.ENOENT, errno.ENODEV, errno.EPERM, errno.EBADF}:
                _log.error(
                    "the kernel takes no answer of %d bytes: %s", len(payload), failure.strerror
                )

    def notify(self, notice: bytes) -> bool:
        """Tell the kernel something; False: it holds nothing of the kind, or is being unmounted.

        This may wait for locks of the kernel that a program holds which waits for our answer: so
        never from a thread that answers.
        """
        try:
            os.write(self._descriptor, notice)
        except OSError:
            return False
        return True

    def open_backing(self, descriptor: int) -> int:
        """Let the kernel read from an open file itself; returns the number for OPEN's answer.

        Raises ``OSError``: EPERM without CAP_SYS_ADMIN in the first user namespace, ELOOP if the
        file lies on a file system that is stacked too high.
        """
        asked = bytearray(BACKING_MAP.pack(descriptor, 0, 0))
        number: int = fcntl.ioctl(self._descriptor, BACKING_OPEN, asked)
        return number

    def close_backing(self, backing: int) -> None:
        """Let go of a number; files that are open with it stay so."""
        fcntl.ioctl(self._descriptor, BACKING_CLOSE, bytearray(pack("<I", backing)))
