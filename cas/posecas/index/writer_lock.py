"""The lock that lets one writer in at a time, first come, first served.

SQLite alone lets writers race for its lock: one of sixteen processes starved and the WAL grew to
hundreds of megabytes (measured). A blocking flock queues them. Its wait cannot be bounded by a
timeout of its own, so a contended wait runs in a thread that is left behind when time is up; it
takes the lock some day and drops it at once.
"""

import fcntl
import os
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from posecas.errors import Locked, WriteRefused


class WriterLock:
    """A lock file held by one thread of one process. Threads exclude each other first.

    flock does not exclude the threads of a process that share a descriptor, and a descriptor that
    crosses a fork keeps the lock, so each holder opens the file anew and a fork waits for the
    holder of this process.
    """

    def __init__(self, path: Path, *, seconds: float) -> None:
        """Wait for at most ``seconds``. The file is created when first locked, never removed."""
        self._path = path
        self._seconds = seconds
        self.thread_lock = threading.Lock()
        _locks.add(self)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock. Raises ``Locked`` when the wait is over."""
        if not self.thread_lock.acquire(timeout=self._seconds):
            raise self._locked()
        try:
            descriptor = self._acquire()
            try:
                yield
            finally:
                os.close(descriptor)
        finally:
            self.thread_lock.release()

    def _acquire(self) -> int:
        descriptor = self._open()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiter = _Waiter(descriptor)
            if not waiter.wait(self._seconds):
                raise self._locked() from None
        return descriptor

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise WriteRefused(
                f"{self._path}: the writer lock cannot be opened ({error.strerror}); "
                "check that this user may write in the store's folder"
            ) from error

    def _locked(self) -> Locked:
        return Locked(
            f"{self._path}: another writer held the lock for {self._seconds:g} s; "
            "try again, or look for a process that hangs"
        )


class _Waiter:
    """One blocking flock in a thread of its own, which may be given up."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._decision = threading.Lock()
        self._given_up = False
        self._arrived = threading.Event()
        threading.Thread(target=self._block, name="posecas-writer-lock", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Tell whether the lock came in time; if not, the descriptor is the thread's to close."""
        self._arrived.wait(seconds)
        with self._decision:
            self._given_up = not self._arrived.is_set()
            return not self._given_up

    def _block(self) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)
        with self._decision:
            self._arrived.set()
            if self._given_up:
                os.close(self._descriptor)


_locks: weakref.WeakSet[WriterLock] = weakref.WeakSet()
_forking: list[WriterLock] = []


def _before_fork() -> None:
    _forking.extend(_locks)
    for lock in _forking:
        lock.thread_lock.acquire()


def _after_fork() -> None:
    for lock in _forking:
        lock.thread_lock.release()
    _forking.clear()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
