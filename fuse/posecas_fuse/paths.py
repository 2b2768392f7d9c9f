"""Paths to nodes: the portable engine is told paths, `Files` knows nodes."""

import os
import time
from typing import Final

from posecas.view import Entry, Node
from posecas_fuse.files import Files

REMEMBERED_SECONDS: Final = 1.0
"""How long a folder's path leads to the same node: as long as the kernel believes a name."""


class Paths:
    """Finds what a path leads to. Only folders are remembered; a path's last name never is."""

    def __init__(self, files: Files) -> None:
        """Look names up in ``files``."""
        self._files = files
        self._folders: dict[str, Node] = {}
        self._forget_at = 0.0

    def entry(self, path: str) -> Entry:
        """Return what is at an absolute path, now. Raises ``NotFound``, ``NameTooLong``."""
        folder, _, name = path.rpartition("/")
        if not name:
            return self._files.entry(self._files.root)
        return self._files.lookup(self.folder(folder), os.fsencode(name))

    def folder(self, path: str) -> Node:
        """Return the node of a folder, as it was at most a second ago. Raises like `entry`."""
        folders = self._remembered()
        node = folders.get(path)
        if node is None:
            node = folders[path] = self.entry(path).node
        return node

    def forget(self) -> None:
        """Look every folder up anew: one was renamed or removed."""
        self._folders = {}

    def _remembered(self) -> dict[str, Node]:
        now = time.monotonic()
        if now >= self._forget_at:
            self._folders, self._forget_at = {}, now + REMEMBERED_SECONDS
        return self._folders
