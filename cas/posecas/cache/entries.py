"""The files of the cache: ``<first 2 digits>/<digest>``, each a blob's bytes.

The filesystem is the index. A file's time of modification says when it was last used; whoever has
one open holds a shared lock on it.
"""

import os
import random
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from posecas.cache.locks import has_name, share, take
from posecas.digest import Digest

FOLDERS: Final = tuple(f"{number:02x}" for number in range(256))
_READ: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
_NAME: Final = re.compile(r"[0-9a-f]{64}")
_TOUCHED_SECONDS: Final = 60
"""How exact the time of the last use is: noting every use would write as often as one reads."""

_SAMPLE: Final = 2000
_SHARE: Final = 10


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the cache; ``used`` in nanoseconds since 1970."""

    path: str
    size: int
    used: int


class Entries:
    """The files below ``folder``. Raises ``OSError``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, digest: Digest) -> Path:
        """Return where a blob's bytes lie, if they are there."""
        return self._folder / digest[:2] / digest

    def opened(self, digest: Digest) -> BinaryIO | None:
        """Open a file, which is then not evicted before it is closed; None if there is none.

        This counts as a use.
        """
        path = self.path(digest)
        try:
            file = open(path, "rb", opener=_open)  # noqa: SIM115 - the caller closes it
        except FileNotFoundError:
            return None
        share(file.fileno())
        _touch(file)
        return file

    def remove(self, digest: Digest) -> int:
        """Remove a file, open or not; return its size, 0 if there is none."""
        path = self.path(digest)
        try:
            size = path.lstat().st_size
            path.unlink()
        except FileNotFoundError:
            return 0
        return size

    def walk(self) -> Iterator[Entry]:
        """Yield every file; those that come or go meanwhile are seen or not."""
        for folder in FOLDERS:
            yield from _listed(self._folder / folder)

    def evict(self, needed: int) -> Iterator[int]:
        """Remove files that nobody has open, those first that were not used for longest.

        Yields the size of each when it is gone, until ``needed`` bytes are. A cache of more than
        2,000 files is not searched as a whole for that: the oldest tenth of 2,000 that chance
        chooses goes. Digests are evenly distributed, so whole folders are as good a sample as any.
        """
        freed = 0
        for sample in self._samples():
            enough = max(needed - freed, sum(one.size for one in sample) // _SHARE)
            for entry in sorted(sample, key=lambda one: one.used):
                if enough <= 0:
                    break
                if size := remove_unused(Path(entry.path)):
                    yield size
                    freed += size
                    enough -= size
            if freed >= needed:
                return

    def _samples(self) -> Iterator[list[Entry]]:
        sample: list[Entry] = []
        for folder in random.sample(FOLDERS, len(FOLDERS)):
            sample.extend(_listed(self._folder / folder))
            if len(sample) >= _SAMPLE:
                yield sample
                sample = []
        yield sample


def remove_unused(path: Path) -> int:
    """Remove a file unless somebody has it open; return its size, 0 if it stays or is gone."""
    try:
        descriptor = os.open(path, _READ)
    except FileNotFoundError:
        return 0
    try:
        if not take(descriptor) or not has_name(descriptor, path):
            return 0
        size = os.fstat(descriptor).st_size
        path.unlink()
    except FileNotFoundError:
        return 0
    finally:
        os.close(descriptor)
    return size


def _listed(folder: Path) -> Iterator[Entry]:
    try:
        with os.scandir(folder) as found:
            for one in found:
                if _NAME.fullmatch(one.name):
                    with suppress(FileNotFoundError):
                        status = one.stat(follow_symlinks=False)
                        yield Entry(one.path, status.st_size, status.st_mtime_ns)
    except FileNotFoundError:
        return


def _open(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _touch(file: BinaryIO) -> None:
    age = time.time() - os.fstat(file.fileno()).st_mtime
    if not 0 <= age < _TOUCHED_SECONDS:
        with suppress(OSError):
            os.utime(file.fileno())
