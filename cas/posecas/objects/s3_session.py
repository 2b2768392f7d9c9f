"""Requests to one bucket: the only code that waits for s3fs' event loop.

Objects are moved without it (``s3_transfer``); everything else that S3 can do is asked of s3fs.

A session belongs to the process that made it; in a child of a fork it is refused, since the loop's
thread is not there.
"""

import asyncio
import os
import threading
from collections.abc import Collection, Coroutine, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, Final, TypeVar

from posecas.errors import ConfigError, UsedAfterFork
from posecas.objects.endpoint import Endpoint
from posecas.objects.hurry import Hurry
from posecas.objects.retrying import Patience, patiently
from posecas.objects.s3_failures import Refusal, Unanswered

if TYPE_CHECKING:
    from posecas.objects.s3_filesystem import PatientFileSystem
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
        self._opened: PatientFileSystem | None = None
        self._moving: Transfer | None = None

    def where(self, key: str) -> str:
        """Return how messages name an object."""
        return f"s3://{self._bucket}/{key}"

    def ask(
        self, operation: str, *, final: Collection[str] = (), **parameters: Any
    ) -> Mapping[str, Any]:
        """Send one request, named as in boto; return the answer.

        Refusals with a code in ``final`` are not asked again.
        """
        filesystem = self._filesystem()

        def attempt() -> Mapping[str, Any]:
            try:
                return _wait(filesystem, self._answer(filesystem, operation, parameters))
            except Refusal as refusal:
                refusal.passing = refusal.passing and refusal.code not in final
                raise

        return patiently(attempt, self._patience)

    def headers(self, key: str) -> Mapping[str, Any]:
        """Return what GET says of an object before its bytes, which are not waited for."""
        found = self.ask("get_object", Key=key)
        self._filesystem().loop.call_soon_threadsafe(found["Body"].close)
        return found

    def fetch(self, key: str) -> bytes:
        """Return an object's bytes, as many as were announced, in one request an attempt."""
        return patiently(partial(self._transfer().get, key), self._patience)

    def store(self, key: str, data: bytes, headers: Mapping[str, str]) -> None:
        """Put an object with these headers, in one request an attempt."""
        patiently(partial(self._transfer().put, key, data, headers), self._patience)

    def sign(self, operation: str, *, seconds: int, **parameters: Any) -> str:
        """Return the address at which anybody may do this for so long. Nothing is sent."""
        filesystem = self._filesystem()

        async def attempt() -> str:
            client = await filesystem.set_session()
            url: str = await client.generate_presigned_url(
                operation, Params={"Bucket": self._bucket, **parameters}, ExpiresIn=seconds
            )
            return url

        return _wait(filesystem, attempt())

    def close(self) -> None:
        """Close the connections; the next request would open them again. Twice is allowed."""
        if self._process != os.getpid():
            return
        with self._lock:
            filesystem, self._opened = self._opened, None
            transfer, self._moving = self._moving, None
        if transfer is not None:
            transfer.close()
        if filesystem is not None:
            from posecas.objects.s3_filesystem import disconnect  # noqa: PLC0415 - s3fs is heavy

            disconnect(filesystem)

    async def _answer(
        self, filesystem: "PatientFileSystem", operation: str, parameters: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        from posecas.objects.s3_filesystem import answer  # noqa: PLC0415 - s3fs is heavy

        request = filesystem.call(operation, Bucket=self._bucket, **parameters)
        found = await answer(request, self._patience().limit(0))
        if (sign := _SIGNS.get(operation)) and sign not in found:
            raise Unanswered("its answer is not one of S3")
        return found

    def _transfer(self) -> "Transfer":
        self._refuse_after_fork()
        with self._lock:
            if self._moving is None:
                from posecas.objects.s3_transfer import Transfer  # noqa: PLC0415 - HTTP and TLS

                self._moving = Transfer(
                    self._endpoint, self._bucket, self._patience, connect=self._usual.connect
                )
            return self._moving

    def _filesystem(self) -> "PatientFileSystem":
        self._refuse_after_fork()
        with self._lock:
            if self._opened is None:
                self._opened = self._connect()
            return self._opened

    def _refuse_after_fork(self) -> None:
        if self._process != os.getpid():
            raise UsedAfterFork(
                f"bucket {self._bucket}: it was opened before a fork; open the store again here"
            )

    def _connect(self) -> "PatientFileSystem":
        try:
            from posecas.objects.s3_filesystem import connect  # noqa: PLC0415 - s3fs is heavy
        except ImportError as error:
            raise ConfigError(
                f"bucket {self._bucket}: {error.name} is not installed; "
                "run: pip install 'posecas[s3]'"
            ) from error
        return connect(self._endpoint, self._usual, self._process)

    def _patience(self) -> Patience:
        return self._usual.hurried() if self._hurry.begun else self._usual


def _wait(filesystem: "PatientFileSystem", task: Coroutine[Any, Any, T]) -> T:
    future = asyncio.run_coroutine_threadsafe(task, filesystem.loop)
    try:
        return future.result()
    except BaseException:
        # An interrupt must not leave a request behind that writes later.
        future.cancel()
        raise
