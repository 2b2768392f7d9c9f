"""Where a cache's bytes come from: blobs of any size, counted as they are fetched."""

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Protocol

from posecas.cache import Cache, Fetch
from posecas.digest import DIGEST_LENGTH, Digest, digest_of


class Opened(Protocol):
    """Opens a cache's folder once more."""

    def __call__(
        self,
        *,
        store: str = "this-store",
        max_bytes: int = 1 << 30,
        kept_free: Callable[[int], int] = ...,
    ) -> Cache: ...


@cache
def blob(number: int, size: int = 1000) -> bytes:
    """Return ``size`` bytes that no other number has."""
    return (b"%d " % number * (size // 2))[:size]


class Origin:
    """Gives blobs by number, and knows how often it was asked. Thread-safe."""

    def __init__(self, size: int = 1000, *, before: Callable[[], object] = bool) -> None:
        """``before`` is called at each fetch, before there is anything."""
        self.size = size
        self.fetched: list[int] = []
        self._before = before
        self._lock = threading.Lock()

    def digest(self, number: int) -> Digest:
        return digest_of(blob(number, self.size))

    def fetch(self, number: int) -> Fetch:
        def get() -> bytes:
            with self._lock:
                self.fetched.append(number)
            self._before()
            return blob(number, self.size)

        return get

    def read(self, through: Cache, number: int) -> bytes:
        """Read a blob and see that it is right."""
        data = through.read(self.digest(number), self.fetch(number))
        assert data == blob(number, self.size)
        return data


def held(through: Cache) -> int:
    """The bytes of all blobs in a cache's folder, whole or not."""
    found = 0
    for path in through.folder.rglob("*"):
        with suppress(FileNotFoundError):
            found += path.stat().st_size if len(path.name) == DIGEST_LENGTH else 0
    return found
