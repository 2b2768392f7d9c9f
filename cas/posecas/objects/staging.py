"""Files on their way to a key: written and synced in ``.tmp``, which no key can name."""

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from posecas.objects.durable import Entry, sync
from posecas.objects.tree import Tree

FOLDER: Final = ".tmp"

_NEW_FILE: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC


@contextmanager
def staged(tree: Tree, data: bytes) -> Iterator[Entry]:
    """Give a durable temporary file that holds ``data``; it is gone afterwards. Raises ``OSError``.

    A process that dies here leaves the file behind: ``sweep`` takes it.
    """
    with tree.made([FOLDER]) as folder:
        file = Entry(folder, os.urandom(16).hex())
        try:
            _fill(file, data)
            yield file
        finally:
            with suppress(OSError):
                os.unlink(file.name, dir_fd=folder)


def sweep(tree: Tree, *, older_than_seconds: float) -> int:
    """Remove temporary files last written longer ago than this. Returns how many they were.

    Raises ``OSError``.
    """
    newest = time.time() - older_than_seconds
    try:
        with tree.opened([FOLDER]) as folder, os.scandir(folder) as entries:
            return sum(_remove_if_old(Entry(folder, entry.name), newest) for entry in entries)
    except FileNotFoundError:
        return 0


def _fill(file: Entry, data: bytes) -> None:
    descriptor = os.open(file.name, _NEW_FILE, 0o600, dir_fd=file.directory)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(descriptor, left) :]
        if os.fstat(descriptor).st_size != len(data):
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        sync(descriptor)
    finally:
        os.close(descriptor)


def _remove_if_old(file: Entry, newest: float) -> bool:
    try:
        if os.stat(file.name, dir_fd=file.directory, follow_symlinks=False).st_mtime > newest:
            return False
        os.unlink(file.name, dir_fd=file.directory)
    except FileNotFoundError:
        return False
    return True
