from collections.abc import Iterator
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from contract.objects_contract import ObjectsContract
from kit.servers import Bucket
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


class TestS3(ObjectsContract):
    many = 1010
    rounds = 8
    races = 3

    @pytest.fixture
    def objects(self, each_s3_bucket: Bucket) -> Iterator[Objects]:
        opened = each_s3_bucket.objects()
        yield opened
        opened.close()
