"""fsspec's own tests of a filesystem, as far as they read.

Its tests of copying within, of putting and of piping write, and `AbstractOpenTests` opens for
writing alone: what these would find here is in `test_filesystem_read_only`.
"""

import posixpath
from collections.abc import Callable, Iterator
from hashlib import md5
from pathlib import Path

import pytest
from fsspec.tests.abstract import AbstractFixtures, AbstractGetTests

import posecas
from kit.fillable import ALIASES, FillableFileSystem
from kit.tiles import tile


@pytest.fixture(scope="module")
def fillable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FillableFileSystem]:
    folder = tmp_path_factory.mktemp("fillable") / "store"
    with posecas.create_store(folder) as store:
        filesystem = FillableFileSystem(store=folder)
        filesystem.fill(store)
        yield filesystem


@pytest.fixture(scope="module")
def globbed(fillable: FillableFileSystem) -> str:
    """The folder that globs are tried on: made once, since dozens of tests only read it."""
    make = AbstractFixtures()._glob_edge_cases_files
    return str(make(fillable, posixpath.join, f"{ALIASES}globs"))


class TestGetting(AbstractFixtures, AbstractGetTests):  # type: ignore[misc]
    @pytest.fixture
    def fs(self, fillable: FillableFileSystem) -> FillableFileSystem:
        return fillable

    @pytest.fixture
    def fs_path(self) -> str:
        return f"{ALIASES}uploads"

    @pytest.fixture
    def fs_glob_edge_cases_files(self, globbed: str) -> str:
        return globbed

    # Overridden for its last line alone: it expects files of one digit, and here files are images.
    def test_get_with_source_and_destination_as_list(
        self,
        fs: FillableFileSystem,
        fs_join: Callable[[str, str], str],
        local_join: Callable[[str, str], str],
        local_target: str,
        fs_10_files_with_hashed_names: str,
    ) -> None:
        names = [f"{md5(str(number).encode()).hexdigest()}.txt" for number in range(10)]  # noqa: S324
        local = [local_join(local_target, name) for name in names]
        fs.get([fs_join(fs_10_files_with_hashed_names, name) for name in names], local)
        assert [Path(path).read_bytes() for path in local] == [tile(one) for one in range(10)]
