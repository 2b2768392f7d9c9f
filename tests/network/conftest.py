"""A bucket behind a proxy that can fail, over plain HTTP and over TLS."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Final

import pytest

from kit.fault_proxy import Authority, FaultProxy, before
from kit.servers import Bucket
from posecas.objects.retrying import Patience
from posecas.objects.s3 import S3Objects

HASTY: Final = Patience(silence=10, attempts=4, retry_for=10, pause=0.02, longest_pause=0.1)
"""The rules that hold everywhere, with shorter pauses."""


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Who signs the proxy's certificate."""
    return Authority.at(tmp_path_factory.mktemp("authority"))


@dataclass(frozen=True)
class Line:
    """The objects of a bucket, and what lies between."""

    proxy: FaultProxy
    objects: S3Objects
    bucket: Bucket
    """The bucket itself, past the proxy."""
    reached: Bucket
    """The bucket through the proxy."""

    def put(self, key: str, data: bytes = b"bytes") -> None:
        """Write an object, over the line."""
        self.objects.write(key, data, media_type="image/png", metadata={"format": "1"})


@pytest.fixture(params=["http", "tls"])
def line(
    request: pytest.FixtureRequest,
    s3_bucket: Bucket,
    authority: Authority,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Line]:
    """A bucket at SeaweedFS, through the proxy."""
    context = authority.context if request.param == "tls" else None
    monkeypatch.setenv("AWS_CA_BUNDLE", str(authority.file))
    with (
        before(s3_bucket, context) as (proxy, reached),
        closing(reached.objects(HASTY)) as objects,
    ):
        yield Line(proxy, objects, s3_bucket, reached)
        assert not [one for one in proxy.requests if "aws-chunked" in str(one.headers)]
        assert not [one for one in proxy.requests if "expect" in one.headers]
