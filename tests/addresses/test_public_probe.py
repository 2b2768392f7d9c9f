"""From an address to the broken link: what the web shows of an object, a cached 404 included."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

import posecas
from kit.servers import Bucket
from kit.serving import served
from kit.tiles import tile
from posecas.errors import ObjectMissing
from posecas.gateway import gateway
from posecas.objects.s3 import S3Objects


@dataclass
class Cdn:
    """A cache in front of a bucket, as Cloudflare's: what it has answered once it may repeat."""

    objects: S3Objects
    kept: dict[str, Response] = field(default_factory=dict)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].lstrip("/")
        await (self.kept.get(path) or self._fetched(path))(scope, receive, send)

    def keep(self, url: str, answer: Response) -> None:
        """Answer so from now on."""
        self.kept[url.split("/", 3)[3]] = answer

    def _fetched(self, path: str) -> Response:
        try:
            found = self.objects.read(path)
        except ObjectMissing:
            return Response(status_code=404, headers={"cf-cache-status": "MISS"})
        return Response(found, media_type="image/png", headers={"cf-cache-status": "MISS"})


@pytest.fixture
def cdn(s3_bucket: Bucket) -> Iterator[Cdn]:
    """A cache in front of the bucket of `store`."""
    objects = s3_bucket.objects()
    yield Cdn(objects)
    objects.close()


@pytest.fixture
def public(
    folder: Path, cloud: posecas.Store, settings: Mapping[str, str], cdn: Cdn
) -> Iterator[posecas.Store]:
    """The store, whose settings say where the CDN is."""
    cloud.close()
    with served(cdn) as client:
        base = str(client.base_url).rstrip("/")
        there = {**settings, "location.cloud.public_url": base}
        with posecas.open_store(folder, settings=there) as store:
            yield store


def broken(store: posecas.Store, which: str) -> list[tuple[str, str]]:
    return [(link.name, link.detail) for link in store.probe(which) if not link.intact]


def test_a_public_address_is_followed_to_its_end(public: posecas.Store) -> None:
    url = public.public_url("g/p").url
    names = [link.name for link in public.probe(url)]
    assert names == ["address", "blob", "replica", "location", "object", "public"]
    assert broken(public, url) == []
    assert [link.name for link in public.probe("g/p")][-1] == "public"


def test_a_cached_404_is_told_with_its_age_and_its_cure(public: posecas.Store, cdn: Cdn) -> None:
    url = public.public_url("g/p").url
    # As if somebody had asked for it before it was there.
    cdn.keep(url, Response(status_code=404, headers={"cf-cache-status": "HIT", "age": "3600"}))
    ((name, detail),) = broken(public, "g/p")
    assert (name, url in detail) == ("public", True)
    assert "3600 s" in detail
    assert "purge the cache" in detail


def test_a_404_from_the_source_is_another_matter(public: posecas.Store, cdn: Cdn) -> None:
    cdn.keep(public.public_url("g/p").url, Response(status_code=404))
    ((_, detail),) = broken(public, "g/p")
    assert "purge" not in detail
    assert "is the domain connected" in detail


def test_what_else_stands_between_is_named(public: posecas.Store, cdn: Cdn) -> None:
    for answer, told in (
        (Response(status_code=403), "not open to anybody"),
        (Response(status_code=521), "521"),
        (Response(b"smaller"), "changes images"),
    ):
        cdn.keep(public.public_url("g/p").url, answer)
        ((name, detail),) = broken(public, "g/p")
        assert (name, told in detail) == ("public", True)


def test_where_nobody_answers_is_told(
    folder: Path, cloud: posecas.Store, settings: Mapping[str, str]
) -> None:
    cloud.close()
    nowhere = {**settings, "location.cloud.public_url": "http://127.0.0.1:9"}
    with posecas.open_store(folder, settings=nowhere) as store:
        ((name, detail),) = broken(store, "g/p")
    assert (name, "nobody answers" in detail) == ("public", True)


def test_an_address_of_an_object_that_was_given_up_is_stale(public: posecas.Store) -> None:
    url = public.public_url("g/p").url
    stale = url.replace(url[-16:-4], "0" * 12)
    ((name, detail),) = broken(public, stale)
    assert (name, "given up" in detail) == ("address", True)


def test_a_signed_address_that_expired_is_told_without_its_signature(
    public: posecas.Store,
) -> None:
    url = public.url("g/p", seconds=60).url
    assert broken(public, url) == []
    expired = url.replace("X-Amz-Date=2", "X-Amz-Date=1")
    ((name, detail),) = broken(public, expired)
    assert (name, "expired at 1" in detail) == ("address", True)
    assert "Signature" not in "".join(link.detail for link in public.probe(url))


def test_the_gateways_address_is_asked_too(store: posecas.Store, folder: Path) -> None:
    path = store.put(tile(1), generation="g", pose="p").path
    with served(gateway(store)) as client:
        base = str(client.base_url).rstrip("/")
        with posecas.open_store(folder, settings={"serve.public_url": base}) as there:
            names = [link.name for link in there.probe(f"{base}{path}")]
            assert (names[0], names[-1]) == ("address", "gateway")
            assert broken(there, "g/p") == []
    with posecas.open_store(folder, settings={"serve.public_url": base}) as there:
        assert [name for name, _ in broken(there, "g/p")] == ["gateway"]
