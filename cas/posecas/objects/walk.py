"""Walk a local folder for objects, in flat memory."""

import os
from collections.abc import Iterator
from contextlib import suppress

from posecas.objects.keys import is_key, is_part
from posecas.objects.protocol import ObjectInfo
from posecas.objects.tree import INNER_DIRECTORY


def walk(directory: int, base: str, start: str = "") -> Iterator[ObjectInfo]:
    """Yield the regular files below an open folder whose path is a key. Links are not followed.

    ``base`` is the folder's own key with its slash, ``start`` what names in it must begin with.
    Raises ``OSError`` where it cannot go on.
    """
    with os.scandir(directory) as entries:
        for entry in entries:
            if not entry.name.startswith(start) or not is_part(entry.name):
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from _walk_below(directory, entry.name, base)
            elif entry.is_file(follow_symlinks=False):
                yield from _info(entry, base + entry.name)


def _walk_below(directory: int, name: str, base: str) -> Iterator[ObjectInfo]:
    below = os.open(name, INNER_DIRECTORY, dir_fd=directory)
    try:
        yield from walk(below, f"{base}{name}/")
    finally:
        os.close(below)


def _info(entry: os.DirEntry[str], key: str) -> Iterator[ObjectInfo]:
    """Yield the entry, or nothing if it was deleted since it was read."""
    with suppress(FileNotFoundError):
        if is_key(key):
            found = entry.stat(follow_symlinks=False)
            yield ObjectInfo(key, found.st_size, found.st_mtime)
