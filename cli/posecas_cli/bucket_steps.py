"""What no S3 request can set up and must be clicked by hand."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import urlsplit

from posecas.config.urls import bucket_address
from posecas.store import Store

_R2: Final = ".r2.cloudflarestorage.com"


def steps(store: Store, location: str) -> Iterator[str]:
    """Yield the steps for a location's service, in order."""
    (url,) = [one.location.url for one in store.locations() if one.location.name == location]
    address, said = bucket_address(url), store.config.location(location)
    domain = urlsplit(said.public_url).netloc or "images.example.com"
    if (urlsplit(said.endpoint).hostname or "").endswith(_R2):
        yield from _cloudflare(address.bucket, domain, said.public_url)
    else:
        yield from _other(address.bucket, address.prefix, domain, said.public_url)
    yield "Then: posecas doctor; and for one image: posecas info ID --probe"


def _cloudflare(bucket: str, domain: str, public_url: str) -> Iterator[str]:
    yield (
        "R2 > Manage API tokens: a token with Object Read & Write on this bucket alone, for every "
        "day. The rules above take Admin Read & Write: a second token, deleted afterwards."
    )
    yield (
        f"R2 > {bucket} > Settings > Custom Domains > Add: {domain}. Its zone must be in the same "
        "account. Leave the r2.dev address off: it is throttled and not cached."
    )
    yield (
        f"{domain}'s zone > Caching > Cache Rules: hostname equals {domain}: eligible for cache, "
        "edge TTL from the origin's header; and status code 404: no store, since an address that "
        "was asked for too early would stay missing."
    )
    yield f"The same zone: Polish and image resizing off for {domain}: they change the bytes."
    yield (
        f"R2 > {bucket} > Settings > Bucket lock rules: if any, shorter than the delay of gc "
        "(7 days), which deletes."
    )
    if not public_url:
        yield f"Set R2_PUBLIC_URL=https://{domain}"


def _other(bucket: str, prefix: str, domain: str, public_url: str) -> Iterator[str]:
    where = f"{bucket}/{prefix}/" if prefix else f"{bucket}/"
    yield (
        f"A key that may read, write, delete and list {where}* alone, for every day. The rules "
        "above take more: PutBucketCORS and PutLifecycleConfiguration."
    )
    yield (
        f"If images are to be public: a CDN at {domain} with {where} as its origin, for GET and "
        "HEAD, that keeps what Cache-Control says, keeps no 404, and leaves images as they are."
    )
    if not public_url:
        yield f"Then set public_url of the location to https://{domain}"
