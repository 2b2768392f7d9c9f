"""READ, WRITE and what ends them, by the kernel's handle."""

import errno
import os

from posecas.view import Node
from posecas_fuse.files import Files, Handle
from posecas_fuse.kernel import replies, requests
from posecas_fuse.kernel.inodes import is_spooled
from posecas_fuse.kernel.open_files import OpenFiles
from posecas_fuse.kernel.opening import Opening
from posecas_fuse.kernel.requests import Request


class FileBytes:
    """Reads and writes opened files. Any thread may call any method."""

    def __init__(self, files: Files, opened: OpenFiles, opening: Opening) -> None:
        """Find in ``opened`` what the kernel means by a handle."""
        self._files = files
        self._opened = opened
        self._opening = opening

    def read(self, request: Request) -> bytes:
        """Read some bytes, from a local disk or from memory."""
        number, offset, size = request.fields(requests.READ)
        return self._files.read(self._handle(number), offset, size)

    def write(self, request: Request) -> bytes:
        """Take some bytes."""
        number, offset, size, _, _, flags = request.fields(requests.WRITE)
        data = request.body[requests.WRITE.size :]
        if len(data) != size:
            raise request.malformed(f"{len(data)} bytes that say they are {size}")
        # Whoever is sent again what a worker before did append must not append it twice.
        at_end = bool(flags & os.O_APPEND) and not request.resent
        taken = self._files.write(self._handle(number), None if at_end else offset, data)
        return replies.written(taken)

    def flush_read(self, request: Request) -> bytes | None:
        """Do nothing for a file that is only read; None: what was written must be stored."""
        return b"" if self.is_read(request) else None

    def flush(self, request: Request) -> bytes:
        """Store what was written."""
        self._files.commit(self._handle(request.fields(requests.FLUSH)[0]))
        return b""

    def sync(self, request: Request) -> bytes:
        """Store what was written, and make durable what is not to be stored."""
        self._files.sync(self._handle(request.fields(requests.FSYNC)[0]))
        return b""

    def is_read(self, request: Request) -> bool:
        """Tell of FLUSH and RELEASE whether the file was only read: nothing is to be stored."""
        opened = self._opened.get(request.fields(requests.FLUSH)[0])
        return opened is None or not is_spooled(Node(opened.handle))

    def release_read(self, request: Request) -> bytes | None:
        """Let go of a file that was only read; None: it may have to be stored."""
        return self.release(request) if self.is_read(request) else None

    def release(self, request: Request) -> bytes:
        """Let go of a file."""
        self._opening.close(request.fields(requests.RELEASE)[0])
        return b""

    def _handle(self, number: int) -> Handle:
        opened = self._opened.get(number)
        if opened is None:
            raise OSError(errno.EBADF, "it was closed")
        return Handle(opened.handle)
