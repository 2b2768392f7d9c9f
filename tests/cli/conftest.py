"""What the tests of the command line share."""

from pathlib import Path

import pytest

from kit.commands import Posecas


@pytest.fixture
def posecas(tmp_path: Path) -> Posecas:
    """The program with a new store."""
    there = Posecas(tmp_path / "store")
    assert there("init").code == 0
    return there


@pytest.fixture
def nowhere(tmp_path: Path) -> Posecas:
    """The program without a store."""
    return Posecas(tmp_path / "store")
