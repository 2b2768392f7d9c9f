"""Requests to one bucket: the only code that waits for s3fs' event loop.

A session belongs to the process that made it; in a child of a fork it is refused, since the loop's
thread is not there.
"""

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from posecas.errors import ConfigError, UsedAfterFork
from posecas.objects.endpoint import Endpoint
from posecas.objects.hurry import Hurry
from posecas.objects.retrying import Patience, patiently
from posecas.objects.s3_failures import Refusal, Unanswered

if TYPE_CHECKING:
    from posecas.objects.s3_transfer import Transfer

T = TypeVar("T")

_SIGNS: Final = {
    "get_object": "ETag",
    "head_object": "ETag",
    "list_objects_v2": "IsTruncated",
}
"""What each answer of a real S3 service has. A portal that wants a login answers 200 to anything,
and would pass for an acknowledgement."""


class S3Session:
    """One bucket, asked patiently. Any thread. Nothing is loaded or sent before the first request.

    Each method raises the `Failure` of the last attempt: ``Refusal`` or ``Unanswered``. Besides
    ``UsedAfterFork``, and ``ConfigError`` if s3fs is not installed.
    """

    def __init__(self, endpoint: Endpoint, bucket: str, patience: Patience, hurry: Hurry) -> None:
        self._endpoint = endpoint
        self._bucket = bucket
        self._usual = patience
        self._hurry = hurry
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._connected: Transfer | None = None

    def where(self, key: str) -> str:
        """Return how messages name an object."""
        return f"s3://{self._bucket}/{key}"

    def ask(
        self, operation: str, *, final: Collection[str] = (), **parameters: Any
    ) -> Mapping[str, Any]:
        """Send one request, named as in boto; return the answer.

        Refusals with a code in ``final`` are not asked again.
        """
        transfer = self._transfer()

        async def attempt() -> Mapping[str, Any]:
            try:
                return await self._answer(transfer, operation, parameters)
            except Refusal as refusal:
                refusal.passing = refusal.passing and refusal.code not in final
                raise

        return self._patiently(transfer, attempt)

    def headers(self, key: str) -> Mapping[str, Any]:
        """Return what GET says of an object before its bytes, which are not waited for."""
        found = self.ask("get_object", Key=key)
        self._transfer().filesystem.loop.call_soon_threadsafe(found["Body"].close)
        return found

    def fetch(self, key: str) -> bytes:
        """Return an object's bytes, as many as were announced, in one request an attempt."""
        transfer = self._transfer()
        return self._patiently(transfer, partial(transfer.get, key))

    def store(self, key: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Put an object with these headers, in one request an attempt."""
        transfer = self._transfer()
        payload = transfer.payload(data)
        self._patiently(transfer, partial(transfer.put, key, data, headers, payload))

    def sign(self, operation: str, *, seconds: int, **parameters: Any) -> str:
        """Return the address at which anybody may do this for so long. Nothing is sent."""
        transfer = self._transfer()

        async def attempt() -> str:
            client = await transfer.filesystem.set_session()
            url: str = await client.generate_presigned_url(
                operation, Params={"Bucket": self._bucket, **parameters}, ExpiresIn=seconds
            )
            return url

        return self._wait(transfer, attempt())

    def close(self) -> None:
        """Close the connections; the next request would open them again. Twice is allowed."""
        if self._process != os.getpid():
            return
        with self._lock:
            connected, self._connected = self._connected, None
        if connected is not None:
            from posecas.objects.s3_filesystem import disconnect  # noqa: PLC0415 - s3fs is heavy

            disconnect(connected.filesystem)

    async def _answer(
        self, transfer: "Transfer", operation: str, parameters: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        from posecas.objects.s3_filesystem import answer  # noqa: PLC0415 - s3fs is heavy

        request = transfer.filesystem.call(operation, Bucket=self._bucket, **parameters)
        found = await answer(request, self._patience().limit(0))
        if (sign := _SIGNS.get(operation)) and sign not in found:
            raise Unanswered("its answer is not one of S3")
        return found

    def _transfer(self) -> "Transfer":
        if self._process != os.getpid():
            raise UsedAfterFork(
                f"bucket {self._bucket}: it was opened before a fork; open the store again here"
            )
        with self._lock:
            if self._connected is None:
                self._connected = self._connect()
            return self._connected

    def _connect(self) -> "Transfer":
        try:
            from posecas.objects.s3_filesystem import connect  # noqa: PLC0415 - s3fs is heavy
            from posecas.objects.s3_transfer import Transfer  # noqa: PLC0415
        except ImportError as error:
            raise ConfigError(
                f"bucket {self._bucket}: {error.name} is not installed; "
                "run: pip install 'posecas[s3]'"
            ) from error
        filesystem = connect(self._endpoint, self._usual, self._process)
        return Transfer(filesystem, self._endpoint, self._bucket, self._patience)

    def _patience(self) -> Patience:
        return self._usual.hurried() if self._hurry.begun else self._usual

    def _patiently(self, transfer: "Transfer", attempt: Callable[[], Awaitable[T]]) -> T:
        return self._wait(transfer, patiently(attempt, self._patience))

    def _wait(self, transfer: "Transfer", task: Coroutine[Any, Any, T]) -> T:
        future = asyncio.run_coroutine_threadsafe(task, transfer.filesystem.loop)
        try:
            return future.result()
        except BaseException:
            # An interrupt must not leave a request behind that writes later.
            future.cancel()
            raise
