"""Directories read as C programs do: with places to come back to."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.opendir.restype = _LIBC.readdir.restype = ctypes.c_void_p
_LIBC.telldir.restype = ctypes.c_long
_NAME = 19


class Directory:
    """An open directory; iterates over what follows: the place behind each name, and the name."""

    def __init__(self, stream: int) -> None:
        self._stream = ctypes.c_void_p(stream)

    def __iter__(self) -> Iterator[tuple[int, str]]:
        while found := _LIBC.readdir(self._stream):
            name = ctypes.string_at(found + _NAME)
            yield _LIBC.telldir(self._stream), os.fsdecode(name)

    def seek(self, place: int) -> None:
        """Go on from a place."""
        _LIBC.seekdir(self._stream, ctypes.c_long(place))

    def close(self) -> None:
        """Close it."""
        _LIBC.closedir(self._stream)


@contextmanager
def directory(path: Path) -> Iterator[Directory]:
    """Open a directory of Linux."""
    stream = _LIBC.opendir(os.fsencode(path))
    assert stream
    found = Directory(stream)
    try:
        yield found
    finally:
        found.close()
