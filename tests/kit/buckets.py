"""Fixtures: a bucket at a real S3 server, with a prefix of its own for each test."""

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from kit.servers import BUCKET, SERVERS, WHOLE_BUCKETS, Bucket
from posecas.objects.endpoint import Endpoint


class Servers:
    """The servers of this session, each started when it is asked for first."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        self._folders = folders
        self._stack = ExitStack()
        self._endpoints: dict[str, Endpoint] = {}
        self._whole = {name: iter(WHOLE_BUCKETS) for name in SERVERS}

    def endpoint(self, name: str) -> Endpoint:
        """Where this server is."""
        if name not in self._endpoints:
            folder = self._folders.mktemp(name)
            self._endpoints[name] = self._stack.enter_context(SERVERS[name](folder))
        return self._endpoints[name]

    def bucket(self, name: str) -> Bucket:
        """A prefix that nobody else uses."""
        return Bucket(self.endpoint(name), BUCKET, f"test-{os.urandom(6).hex()}")

    def whole_bucket(self, name: str) -> Bucket:
        """A bucket that nobody else uses, without a prefix."""
        return Bucket(self.endpoint(name), next(self._whole[name]), "")

    def close(self) -> None:
        """End them all."""
        self._stack.close()


@pytest.fixture(scope="session")
def s3_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The S3 servers of this session."""
    servers = Servers(tmp_path_factory)
    yield servers
    servers.close()


@pytest.fixture
def s3_bucket(s3_servers: Servers) -> Bucket:
    """A prefix of its own at SeaweedFS."""
    return s3_servers.bucket("seaweedfs")


@pytest.fixture
def r2_bucket(s3_servers: Servers) -> Bucket:
    """A prefix of its own at Cloudflare's emulator."""
    return s3_servers.bucket("miniflare")


@pytest.fixture
def whole_s3_bucket(s3_servers: Servers) -> Bucket:
    """A bucket of its own, without a prefix, at SeaweedFS."""
    return s3_servers.whole_bucket("seaweedfs")


@pytest.fixture(params=list(SERVERS))
def each_s3_bucket(request: pytest.FixtureRequest, s3_servers: Servers) -> Bucket:
    """A prefix of its own, at one server after the other."""
    return s3_servers.bucket(request.param)
