"""What the tests of addresses and uploads share."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

import posecas
from kit.remote import bucket_settings
from kit.servers import Bucket
from kit.tiles import tile

CDN = "https://images.example.com"


@pytest.fixture
def settings(s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    """What makes a bucket the write location `cloud`."""
    return cloudy(s3_bucket, monkeypatch)


@pytest.fixture
def cloud(folder: Path, settings: Mapping[str, str]) -> Iterator[posecas.Store]:
    """A store that writes to the bucket, with the pose g/p."""
    yield from filled(folder, settings)


@pytest.fixture
def each_cloud(
    folder: Path, each_s3_bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> Iterator[posecas.Store]:
    """The same, at one server after the other."""
    yield from filled(folder, cloudy(each_s3_bucket, monkeypatch))


def cloudy(bucket: Bucket, patch: pytest.MonkeyPatch) -> Mapping[str, str]:
    return {
        **bucket_settings(bucket, "cloud", patch),
        "location.cloud.public_url": CDN,
        "write_location": "cloud",
        "backup_location": "local",
    }


def filled(folder: Path, settings: Mapping[str, str]) -> Iterator[posecas.Store]:
    with posecas.create_store(folder, settings=settings) as store:
        store.put(tile(1), generation="g", pose="p")
        yield store
