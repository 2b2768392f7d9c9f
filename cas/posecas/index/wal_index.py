"""What SQLite writes anew with every commit: the head of the index of its write-ahead log.

Each process that has the database open maps the file ``<name>-shm``. A commit, of whichever of
them, puts another head at its beginning, twice, when it is durable and before it returns
(https://sqlite.org/walformat.html, "The WAL-Index Header"). So these bytes tell without a
statement, in less than a microsecond, that nothing was committed since they were last looked at.
"""

import mmap
import os
import threading
from pathlib import Path
from typing import Final

from posecas.errors import Failed

HEADS: Final = 96
"""Bytes of both copies. Looked at together, since a writer may be killed between the two."""

_mapped: Final[dict[tuple[int, int], mmap.mmap]] = {}
_guard: Final = threading.Lock()


def map_heads(database: Path) -> mmap.mmap:
    """Return memory that is both heads, for as long as a connection that has read stays open.

    It is the same one whenever it is asked for, and is never let go of: with any descriptor of a
    file that is closed all locks end that the process has on it (fcntl(2)), SQLite's among them.
    Raises ``Failed``.
    """
    path = database.with_name(f"{database.name}-shm")
    with _guard:
        try:
            found = path.stat()
            file = found.st_dev, found.st_ino
            if file not in _mapped:
                descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
                _mapped[file] = mmap.mmap(descriptor, HEADS, prot=mmap.PROT_READ)
        except (OSError, ValueError) as error:
            raise Failed(
                f"{path}: SQLite's write-ahead log cannot be looked at ({error}); "
                "put the store on a local disk, and run as its owner"
            ) from error
        return _mapped[file]
