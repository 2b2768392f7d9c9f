"""PUT and GET of one object, without what botocore does around a request.

A store sends these two for every image. Signed by botocore and sent by the session of s3fs' own
client they take half the processor time that they take through the client (bench.s3), which also
looks up an endpoint, renders a user agent and asks its handlers a dozen times.
"""

from collections.abc import Mapping
from io import BytesIO
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


class Transfer:
    """Moves the objects of one bucket. Its methods belong on the event loop of ``filesystem``.

    Each raises `Failure`, for one attempt.
    """

    def __init__(
        self, filesystem: PatientFileSystem, endpoint: Endpoint, bucket: str, patience: Patience
    ) -> None:
        token = endpoint.token.reveal() if endpoint.token else None
        keys = Credentials(endpoint.key_id.reveal(), endpoint.secret.reveal(), token)
        self.filesystem = filesystem
        self._signer = S3SigV4Auth(keys, "s3", endpoint.region)
        self._base = f"{endpoint.url.rstrip('/')}/{quote(bucket)}"
        self._patience = patience

    async def put(self, key: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Put an object; only an answer with an ETag acknowledges it."""
        request = self._request("PUT", key, headers, data)
        await answer(self._send(request), self._patience.limit(len(data)))

    async def get(self, key: str) -> bytes:
        """Get an object, as many bytes as were announced."""
        request = self._request("GET", key, {}, None)
        found = await answer(self._send(request), self._patience.limit(0))
        size = int(found.headers.get("content-length", -1))
        if size < 0:
            found.raw.close()
            raise Unanswered("its answer does not say how long it is")
        return await body(found.raw, size, self._patience.limit(size))

    def _request(
        self, method: str, key: str, headers: Mapping[str, str], data: bytes | None
    ) -> AWSRequest:
        # From a file, since aiohttp warns of sending much at once.
        source = BytesIO(data) if data is not None else b""
        url = f"{self._base}/{quote(key)}"
        request = AWSRequest(method, url, headers=dict(headers), data=source, stream_output=True)
        # Over TLS, Content-MD5 is enough: the body is not hashed once more for the signature.
        request.context["has_streaming_input"] = True
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
