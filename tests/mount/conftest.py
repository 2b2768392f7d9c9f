from collections.abc import Iterator
from pathlib import Path

import pytest

import posecas
from kit.mounts import Mount, mounted


@pytest.fixture
def mountpoint(tmp_path: Path) -> Path:
    """An empty folder, where there is FUSE."""
    if not Path("/dev/fuse").exists():
        pytest.skip("there is no /dev/fuse")
    made = tmp_path / "mnt"
    made.mkdir()
    return made


@pytest.fixture
def mount(store: posecas.Store, mountpoint: Path) -> Iterator[Mount]:
    """The view of `store`, mounted."""
    with mounted(store.path, mountpoint) as found:
        yield found
