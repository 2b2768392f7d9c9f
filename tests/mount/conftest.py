from collections.abc import Iterator
from pathlib import Path

import pytest

import posecas
from kit.mounts import Mount, mounted
from posecas_fuse.request import ENGINES, Engine


@pytest.fixture
def mountpoint(tmp_path: Path) -> Path:
    """An empty folder, where there is FUSE."""
    if not Path("/dev/fuse").exists():
        pytest.skip("there is no /dev/fuse")
    made = tmp_path / "mnt"
    made.mkdir()
    return made


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> Engine:
    """Every engine that there is: what holds for one holds for all."""
    chosen: Engine = request.param
    return chosen


@pytest.fixture
def mount(store: posecas.Store, mountpoint: Path, engine: Engine) -> Iterator[Mount]:
    """The view of `store`, mounted."""
    with mounted(store.path, mountpoint, engine=engine) as found:
        yield found
