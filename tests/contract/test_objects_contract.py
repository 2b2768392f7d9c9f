from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from contract.objects_contract import ObjectsContract
from posecas.objects.generic import FilesystemObjects
from posecas.objects.local import LocalObjects
from posecas.objects.metering import Metered, metered
from posecas.objects.protocol import Objects


class TestLocal(ObjectsContract):
    @pytest.fixture
    def objects(self, tmp_path: Path) -> Objects:
        return LocalObjects(tmp_path)


class TestFiles(ObjectsContract):
    @pytest.fixture
    def objects(self, tmp_path: Path) -> Objects:
        return FilesystemObjects.at(f"file://{tmp_path}")


class TestMemory(ObjectsContract):
    @pytest.fixture
    def objects(self) -> Iterator[Objects]:
        filesystem = MemoryFileSystem(skip_instance_cache=True, use_listings_cache=False)
        filesystem.makedirs("/contract")
        yield FilesystemObjects(filesystem, "/contract")
        filesystem.store.clear()
        filesystem.pseudo_dirs[:] = [""]


class TestMetered(ObjectsContract):
    @pytest.fixture
    def objects(self, tmp_path: Path) -> Metered:
        return metered(LocalObjects(tmp_path))
