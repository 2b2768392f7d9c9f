"""PUT and GET of one object, without what s3fs and botocore do around a request.

A store sends these two for every image. They take a third of the processor time that they take
through s3fs' client, and a command that sends nothing else does not import it.
"""

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote
from xml.etree import ElementTree as ET

from posecas.objects.endpoint import Endpoint
from posecas.objects.retrying import Failure, Patience
from posecas.objects.s3_failures import Refusal, Truncated, Unanswered
from posecas.objects.s3_signing import NOTHING, UNSIGNED, Signer
from posecas.objects.s3_way import Way
from posecas.objects.s3_wire import Reply, Request, Wire

_ELSEWHERE: Final = 300
_REFUSED: Final = 400


class Transfer:
    """Moves the objects of one bucket. Any thread; each method is one attempt, or `Failure`."""

    def __init__(
        self, endpoint: Endpoint, bucket: str, patience: Callable[[], Patience], *, connect: float
    ) -> None:
        self._way = Way(endpoint.url, connect)
        self._wire = Wire(self._way)
        self._signer = Signer(endpoint)
        self._base = f"{self._way.path}/{quote(bucket)}"
        self._patience = patience

    def put(self, key: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Put an object; only an answer with an ETag acknowledges it.

        The headers, in lower case, must have ``content-md5``: that is signed, and so the bytes are.
        """
        more = {**headers, "content-length": str(len(data))}
        self._ask("PUT", key, more, data, UNSIGNED)

    def get(self, key: str) -> bytes:
        """Get an object, as many bytes as were announced."""
        found = self._ask("GET", key, {}, b"", NOTHING)
        if found.announced is None:
            raise Unanswered("its answer does not say how long it is")
        if len(found.body) != found.announced:
            raise Truncated(f"{len(found.body)} of {found.announced} bytes came")
        return found.body

    def close(self) -> None:
        """Close the connections."""
        self._wire.close()

    def _ask(
        self, method: str, key: str, headers: Mapping[str, str], data: bytes, payload: str
    ) -> Reply:
        path = f"{self._base}/{quote(key)}"
        said = {**headers, "host": self._way.host}
        signed = self._signer.signed(method, path, said, payload=payload)
        sent = {**signed, **self._way.told_in_passing}
        found = self._wire.ask(
            Request(method, self._way.target(path), sent, data), self._patience()
        )
        if found.status >= _ELSEWHERE:
            raise _failure(found)
        if "etag" not in found.headers:
            raise Unanswered("its answer is not one of S3")
        return found


def _failure(found: Reply) -> Failure:
    code, message = _told(found.body)
    if not code and found.status < _REFUSED:
        # A portal sends everybody to its own page.
        return Unanswered("its answer is not one of S3")
    return Refusal(
        found.status,
        code,
        message,
        date=found.headers.get("date", ""),
        retry_after=found.headers.get("retry-after", ""),
    )


def _told(body: bytes) -> tuple[str, str]:
    """Code and message of an error as S3 tells it; empty if it is none."""
    try:
        root = ET.fromstring(body)  # noqa: S314 - expat itself bounds what entities grow to
    except ET.ParseError:
        return "", ""
    if root.tag.rpartition("}")[2] != "Error":
        return "", ""
    texts = {one.tag.rpartition("}")[2]: one.text or "" for one in root}
    return texts.get("Code", ""), texts.get("Message", "")
