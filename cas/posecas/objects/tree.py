"""Directories below a root, entered without following links, made so that they survive power loss.

Each level is opened from the one above it. So a missing root is told from a missing folder, and a
link inside the tree leads nowhere.
"""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from posecas.errors import LocationUnavailable
from posecas.objects.durable import sync

DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
INNER_DIRECTORY: Final = DIRECTORY | os.O_NOFOLLOW

_NOT_A_DIRECTORY: Final = frozenset({errno.ENOTDIR, errno.ELOOP})


class Tree:
    """The directories below ``root``, which itself is never made. Any thread."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._durable: set[str] = set()

    @contextmanager
    def opened(self, folders: Sequence[str]) -> Iterator[int]:
        """Give a descriptor of a folder.

        Raises ``FileNotFoundError`` if it is missing, ``LocationUnavailable`` if the root is, or if
        a link or file stands where a directory should; other ``OSError``.
        """
        directory = self._open_root()
        try:
            for folder in folders:
                directory = _step(directory, self._enter(directory, folder))
            yield directory
        finally:
            os.close(directory)

    @contextmanager
    def made(self, folders: Sequence[str]) -> Iterator[int]:
        """Give a descriptor of a folder, making what is missing of it, each level durably.

        Raises as ``opened``, except that nothing below the root is missing.
        """
        directory, path = self._open_root(), ""
        try:
            for folder in folders:
                path = f"{path}/{folder}"
                directory = _step(directory, self._make(directory, folder, path))
            yield directory
        finally:
            os.close(directory)

    def _open_root(self) -> int:
        try:
            return os.open(self._root, DIRECTORY)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise LocationUnavailable(
                f"{self._root}: there is no such directory; is the disk mounted?"
            ) from error

    def _enter(self, directory: int, folder: str) -> int:
        try:
            return os.open(folder, INNER_DIRECTORY, dir_fd=directory)
        except OSError as error:
            if error.errno not in _NOT_A_DIRECTORY:
                raise
            raise LocationUnavailable(
                f"{self._root}: {folder} is no directory of its own; links in it are not "
                "followed: move or link the whole location instead"
            ) from error

    def _make(self, directory: int, folder: str, path: str) -> int:
        try:
            below = self._enter(directory, folder)
        except FileNotFoundError:
            self._durable.discard(path)
            with suppress(FileExistsError):
                os.mkdir(folder, 0o700, dir_fd=directory)
            below = self._enter(directory, folder)
        try:
            self._sync_once(directory, path)
        except BaseException:
            os.close(below)
            raise
        return below

    def _sync_once(self, directory: int, path: str) -> None:
        # Whoever made the folder may have died before the sync, or be still on the way to it. So
        # each thread that does not know it to be durable syncs for itself.
        if path not in self._durable:
            sync(directory)
            self._durable.add(path)


def _step(old: int, new: int) -> int:
    os.close(old)
    return new
