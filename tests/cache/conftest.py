"""A cache in a folder, and as many more on it as a test wants: each is a process to the others."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kit.origins import Opened
from posecas.cache import Cache


@pytest.fixture
def opened(tmp_path: Path) -> Opened:
    """What opens the cache's folder, which is not there yet."""

    def opened(
        *,
        store: str = "this-store",
        max_bytes: int = 1 << 30,
        kept_free: Callable[[int], int] = lambda _: 0,
    ) -> Cache:
        return Cache(tmp_path / "cache", store=store, max_bytes=max_bytes, kept_free=kept_free)

    return opened
