"""A cache in a folder, and as many more on it as a test wants: each is a process to the others."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from posecas.cache import Cache

LARGE = 1 << 30


class Opened(Protocol):
    """Opens the folder once more."""

    def __call__(
        self,
        *,
        store: str = "this-store",
        max_bytes: int = LARGE,
        kept_free: Callable[[int], int] = ...,
    ) -> Cache: ...


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """What opens the cache's folder, which is not there yet."""

    def opened(
        *,
        store: str = "this-store",
        max_bytes: int = LARGE,
        kept_free: Callable[[int], int] = lambda _: 0,
    ) -> Cache:
        return Cache(tmp_path / "cache", store=store, max_bytes=max_bytes, kept_free=kept_free)

    return opened
