"""PUT and GET of one object, without what botocore does around a request.

A store sends these two for every image. Signed by botocore and sent by the session of s3fs' own
client they take half the processor time that they take through the client (bench.s3), which also
looks up an endpoint, renders a user agent and asks its handlers a dozen times.
"""

import hashlib
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.parsers import create_parser

from posecas.objects.endpoint import Endpoint
from posecas.objects.retrying import Patience
from posecas.objects.s3_failures import Unanswered
from posecas.objects.s3_filesystem import PatientFileSystem, answer, body

_ERROR: Final = 300
_PARSER: Final = create_parser("rest-xml")
_UNSIGNED: Final = "UNSIGNED-PAYLOAD"
_AT_ONCE: Final = 1 << 20
"""Bytes; aiohttp warns of sending more in one piece, and would read a file in 64 KB by a thread."""


class _Signer(S3SigV4Auth):
    """Signs with a hash of the body that was made before, outside of the event loop."""

    def payload(self, request: AWSRequest) -> str:
        """Return what the signature says of the body."""
        signed: str = request.context["payload"]
        return signed


class Transfer:
    """Moves the objects of one bucket. ``put`` and ``get`` belong on the loop of ``filesystem``.

    They raise `Failure`, for one attempt.
    """

    def __init__(
        self,
        filesystem: PatientFileSystem,
        endpoint: Endpoint,
        bucket: str,
        patience: Callable[[], Patience],
    ) -> None:
        token = endpoint.token.reveal() if endpoint.token else None
        keys = Credentials(endpoint.key_id.reveal(), endpoint.secret.reveal(), token)
        self.filesystem = filesystem
        self._signer = _Signer(keys, "s3", endpoint.region)
        self._base = f"{endpoint.url.rstrip('/')}/{quote(bucket)}"
        self._patience = patience

    def payload(self, data: bytes) -> str:
        """Return what to sign of a body. Over TLS nobody can change it, and it has its MD5."""
        if self._base.startswith("https:"):
            return _UNSIGNED
        return hashlib.sha256(data).hexdigest()

    async def put(self, key: str, data: bytes, headers: Mapping[str, str], payload: str) -> None:
        """Put an object; only an answer with an ETag acknowledges it."""
        source = data if len(data) <= _AT_ONCE else _pieces(data)
        more = {**headers, "Content-Length": str(len(data))}
        request = self._request("PUT", key, payload, headers=more, data=source)
        await answer(self._send(request), self._patience().limit(len(data)))

    async def get(self, key: str) -> bytes:
        """Get an object, as many bytes as were announced."""
        request = self._request("GET", key, self.payload(b""))
        found = await answer(self._send(request), self._patience().limit(0))
        size = int(found.headers.get("content-length", -1))
        if size < 0:
            found.raw.close()
            raise Unanswered("its answer does not say how long it is")
        return await body(found.raw, size, self._patience().limit(size))

    def _request(self, method: str, key: str, payload: str, **more: Any) -> AWSRequest:
        request = AWSRequest(method, f"{self._base}/{quote(key)}", stream_output=True, **more)
        request.context["payload"] = payload
        self._signer.add_auth(request)
        return request

    async def _send(self, request: AWSRequest) -> Any:
        session = (await self.filesystem.set_session())._endpoint.http_session  # noqa: SLF001
        found = await session.send(request.prepare())
        if found.status_code >= _ERROR:
            told = {"status_code": found.status_code, "headers": found.headers}
            parsed = _PARSER.parse({**told, "body": await found.content}, None)
            raise ClientError(parsed, request.method)
        if "etag" not in found.headers:
            found.raw.close()
            raise Unanswered("its answer is not one of S3")
        return found


async def _pieces(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _AT_ONCE):
        yield data[start : start + _AT_ONCE]
