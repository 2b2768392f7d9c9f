"""What the tests of the command line share."""

from pathlib import Path

import pytest

from kit.commands import Posecas
from kit.remote import r2_variables
from kit.servers import Bucket
from kit.tiles import tile


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


@pytest.fixture
def r2(
    posecas: Posecas, whole_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Posecas:
    """The program with a store in a bucket, described by the product's variables, and g1/p1."""
    for name, value in r2_variables(whole_s3_bucket).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("STORAGE_MODE", "r2")
    monkeypatch.setenv("R2_PUBLIC_URL", "https://images.example.com/")
    (tmp_path / "p1.png").write_bytes(tile(1))
    assert posecas("put", tmp_path / "p1.png", "--generation", "g1").code == 0
    return posecas
