"""Objects in a bucket of an S3 service: R2, AWS S3, SeaweedFS and others."""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from posecas.errors import KeyTaken, ListingIncomplete, LocationUnavailable
from posecas.objects.endpoint import Endpoint
from posecas.objects.hurry import Hurry
from posecas.objects.keys import check_key, check_prefix, is_key
from posecas.objects.marker import MARKER_KEY
from posecas.objects.protocol import ObjectInfo
from posecas.objects.retrying import Failure, Patience
from posecas.objects.s3_bucket import S3Bucket
from posecas.objects.s3_deletion import Deleter
from posecas.objects.s3_errors import read_failure, reading, writing
from posecas.objects.s3_failures import Refusal
from posecas.objects.s3_session import S3Session
from posecas.objects.spans import check_span

IMMUTABLE: Final = "public, max-age=31536000, immutable"
"""What caches are told of every object: a key is never used again."""

_TAKEN_STATUS: Final = 412
_TAKEN_CODE: Final = "ObjectLockedByBucketPolicy"
_NO_CONTENT: Final = 404


class S3Objects:
    """The objects under ``prefix`` of a bucket; the bucket must exist.

    Making one sends nothing and imports no s3fs. Each object is one PUT that creates and never
    replaces (``If-None-Match: *``), with a checksum of its bytes that the service verifies; it is
    as durable as the service's acknowledgement. What is asked again and for how long is told by
    ``Patience``, which is little in a ``Hurry``; what is left is raised as the table in
    ``s3_errors`` says, which includes ``RequestRefused``: a location that answers, and whose answer
    will stay the same.

    Has the powers ``Presigns`` and ``HasBucket``.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        bucket: str,
        prefix: str = "",
        *,
        patience: Patience = Patience(),  # noqa: B008 - frozen
        hurry: Hurry | None = None,
    ) -> None:
        self._host = endpoint.host
        self._bucket = bucket
        self._root = check_prefix(f"{prefix.strip('/')}/") if prefix.strip("/") else ""
        self._session = S3Session(endpoint, bucket, patience, hurry or Hurry())
        self._deleter = Deleter(self._session, patience, self._host)

    def write(self, key: str, data: bytes, *, media_type: str, metadata: Mapping[str, str]) -> None:
        """See ``Objects.write``. One PUT; if it was there already, one HEAD."""
        full, where = self._root + check_key(key), self._where(key)
        try:
            with writing(where, self._host):
                self._put(full, data, media_type, metadata)
        except _Taken:
            self._compare(key, len(data))

    def read(self, key: str) -> bytes:
        """See ``Objects.read``. One GET."""
        full = self._root + check_key(key)
        with reading(self._where(key), self._host):
            return self._session.fetch(full)

    def stat(self, key: str) -> ObjectInfo:
        """See ``Objects.stat``. One HEAD; if it is refused a GET, whose refusal says why."""
        full = self._root + check_key(key)
        with reading(self._where(key), self._host):
            try:
                found = self._session.ask("head_object", Key=full)
            except Refusal as refusal:
                if refusal.code or refusal.passing:
                    raise
                found = self._session.headers(full)
        return _info(key, found["ContentLength"], found, found.get("Metadata", {}))

    def delete(self, keys: Sequence[str]) -> Mapping[str, Exception]:
        """See ``Objects.delete``. One request for each thousand keys."""
        full = {self._root + check_key(key): key for key in keys}
        failed = self._deleter.delete(list(full))
        return {full[key]: error for key, error in failed.items()}

    def list(self, prefix: str) -> Iterator[ObjectInfo]:
        """See ``Objects.list``. One request for each thousand objects, when they are asked for."""
        return self._listed(self._root + check_prefix(prefix))

    def url(self, key: str, *, seconds: int, download_name: str | None = None) -> str:
        """See ``Presigns.url``."""
        more = (
            {"ResponseContentDisposition": f'attachment; filename="{check_key(download_name)}"'}
            if download_name
            else {}
        )
        full = self._root + check_key(key)
        return self._session.sign("get_object", seconds=check_span(seconds), Key=full, **more)

    def upload_url(self, key: str, *, size: int, media_type: str, seconds: int) -> str:
        """See ``Presigns.upload_url``."""
        return self._session.sign(
            "put_object",
            seconds=check_span(seconds),
            Key=self._root + check_key(key),
            ContentType=media_type,
            ContentLength=size,
            IfNoneMatch="*",
        )

    def bucket(self) -> S3Bucket:
        """See ``HasBucket.bucket``."""
        asked = f"{self._root}{MARKER_KEY}"
        return S3Bucket(self._session, self._host, self._root, asked)

    def close(self) -> None:
        """See ``Objects.close``."""
        self._session.close()

    def _put(self, full: str, data: bytes, media_type: str, metadata: Mapping[str, str]) -> None:
        checksum = hashlib.md5(data, usedforsecurity=False).digest()
        headers = {
            "content-md5": base64.b64encode(checksum).decode(),
            "content-type": media_type,
            "cache-control": IMMUTABLE,
            "if-none-match": "*",
            **{f"x-amz-meta-{name.lower()}": value for name, value in metadata.items()},
        }
        try:
            self._session.store(full, data, headers)
        except Refusal as refusal:
            if refusal.status == _TAKEN_STATUS or refusal.code == _TAKEN_CODE:
                raise _Taken from refusal
            raise

    def _compare(self, key: str, size: int) -> None:
        """Take an object that is there as written if it is ours by its size."""
        full, where = self._root + key, self._where(key)
        try:
            found = self._session.ask("head_object", Key=full)["ContentLength"]
        except Refusal as refusal:
            if refusal.status == _NO_CONTENT:
                raise LocationUnavailable(
                    f"{where}: it was there and is gone; try again"
                ) from refusal
            raise read_failure(refusal, where, self._host) from refusal
        except Failure as failure:
            raise read_failure(failure, where, self._host) from failure
        if found != size:
            raise KeyTaken(
                f"{where}: the key holds {found} bytes, not the {size} to be written; "
                "a key is never used twice"
            )

    def _listed(self, start: str) -> Iterator[ObjectInfo]:
        token: str | None = None
        while True:
            page = self._page(start, token)
            for found in page.get("Contents", ()):
                key = found["Key"].removeprefix(self._root)
                if is_key(key):
                    yield _info(key, found["Size"], found, {})
            if not page["IsTruncated"]:
                return
            token = self._next(page, token)

    def _page(self, start: str, token: str | None) -> Mapping[str, Any]:
        where = self._where(start.removeprefix(self._root))
        more: dict[str, Any] = {"ContinuationToken": token} if token else {}
        try:
            return self._session.ask("list_objects_v2", Prefix=start, **more)
        except Failure as failure:
            if token is None:
                raise read_failure(failure, where, self._host) from failure
            raise self._incomplete(str(read_failure(failure, where, self._host))) from failure

    def _next(self, page: Mapping[str, Any], token: str | None) -> str:
        following: str | None = page.get("NextContinuationToken")
        if not following or following == token:
            raise self._incomplete(f"s3://{self._bucket}: the listing says no more how it goes on")
        return following

    def _incomplete(self, cause: str) -> ListingIncomplete:
        return ListingIncomplete(f"{cause}: the listing ended early; try again")

    def _where(self, key: str) -> str:
        return self._session.where(self._root + key)


class _Taken(Exception):
    """There is an object under the key."""


def _info(key: str, size: int, found: Mapping[str, Any], metadata: Mapping[str, str]) -> ObjectInfo:
    return ObjectInfo(key, size, found["LastModified"].timestamp(), metadata)
