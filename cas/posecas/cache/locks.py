"""Locks that processes of one host hold on files, and that end with their holders.

A lock belongs to an open file description, so each holder opens the file anew, and threads exclude
each other too. None is waited for without an end: a holder may be stopped. Who cannot have one does
without the cache.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

NEW: Final = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC

_FIRST_PAUSE: Final = 0.001
_LONGEST_PAUSE: Final = 0.05
_SHARE_ATTEMPTS: Final = 20


@contextmanager
def locked(path: Path, *, seconds: float) -> Iterator[int | None]:
    """Hold ``path``, which is made if need be, and give its descriptor; None: it took too long.

    What is held is the file that has the name now: one that was renamed or removed while it was
    waited for is let go of. Raises ``OSError``.
    """
    until = time.monotonic() + seconds
    descriptor = _open_and_lock(path, until)
    try:
        yield descriptor
    finally:
        if descriptor is not None:
            os.close(descriptor)


def share(descriptor: int) -> None:
    """Keep an open file from being evicted until it is closed."""
    for _ in range(_SHARE_ATTEMPTS):
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return
        # Whoever has just filled or is evicting it lets go in a moment. One that is stopped does
        # not; then it may lose its name, and this descriptor keeps its bytes.
        time.sleep(_FIRST_PAUSE)


def take(descriptor: int) -> bool:
    """Tell whether nobody else has the file open, and keep others away from it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def has_name(descriptor: int, path: Path) -> bool:
    """Tell whether an open file is still the one at ``path``."""
    try:
        return os.path.samestat(os.fstat(descriptor), path.lstat())
    except FileNotFoundError:
        return False


def _open_and_lock(path: Path, until: float) -> int | None:
    pause = _FIRST_PAUSE
    while True:
        descriptor = os.open(path, NEW, 0o600)
        try:
            if take(descriptor) and has_name(descriptor, path):
                return descriptor
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        left = until - time.monotonic()
        if left <= 0:
            return None
        time.sleep(min(pause, left))
        pause = min(pause * 2, _LONGEST_PAUSE)
