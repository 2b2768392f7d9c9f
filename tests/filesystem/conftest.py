"""What tests of `posecas://` share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import posecas
from posecas.filesystem import PosecasFileSystem


@pytest.fixture
def fs(store: posecas.Store, folder: Path) -> PosecasFileSystem:
    """The view of `store`."""
    assert store.path == folder
    return PosecasFileSystem(store=folder)


@pytest.fixture(autouse=True)
def _no_instance_outlives_its_test() -> Iterator[None]:
    yield
    PosecasFileSystem.clear_instance_cache()
