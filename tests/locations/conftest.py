"""Stores with two locations."""

from pathlib import Path

import pytest

import posecas


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    """A second disk."""
    path = tmp_path / "disk"
    path.mkdir()
    return path


@pytest.fixture
def on_disk(folder: Path, disk: Path) -> Path:
    """A store with the location `disk` added; its folder."""
    with posecas.create_store(folder) as store:
        store.add_location("disk", disk.as_uri())
    return folder
