"""The engines that the contract of an index is asked of."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from kit.indexes import open_sqlite
from posecas.index.protocol import Index


@pytest.fixture(params=[open_sqlite], ids=["sqlite"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Index]:
    """An empty index with one location."""
    opened = request.param(tmp_path)
    yield opened
    opened.close()
