"""One mount for all programs of a module; every test has a generation of its own in it."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest

import posecas
from kit.mounts import Mount, mounted
from kit.pictures import photo, png
from kit.workplaces import Workplace
from posecas_fuse.request import ENGINES


@pytest.fixture(scope="module", params=ENGINES)
def _mounted(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[posecas.Store, Mount]]:
    if not Path("/dev/fuse").exists():
        pytest.skip("there is no /dev/fuse")
    folder = tmp_path_factory.mktemp("programs")
    with (
        posecas.create_store(folder / "store") as store,
        mounted(store.path, folder / "mnt", engine=request.param) as mount,
    ):
        yield store, mount


_numbers = itertools.count(1)


@pytest.fixture
def work(_mounted: tuple[posecas.Store, Mount]) -> Workplace:
    """The module's mount, with an empty generation."""
    store, mount = _mounted
    found = Workplace(store, mount, f"g{next(_numbers)}")
    found.folder.mkdir()
    return found


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An image that is larger than one request of the kernel."""
    file = tmp_path_factory.mktemp("images") / "large.png"
    file.write_bytes(png(photo(500, 400)))
    return file
