"""s3fs, set up so that it neither corrupts nor hides: the one module that imports it."""

import asyncio
import ssl
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from typing import Any, Final, TypeVar

import aiobotocore.session
import aiohttp
import botocore.handlers
import s3fs
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    ReadTimeoutError,
)
from botocore.exceptions import (
    ConnectionError as NoConnection,
)
from botocore.parsers import ResponseParserError
from fsspec.asyn import sync
from fsspec.exceptions import FSTimeoutError

from posecas.errors import ConfigError
from posecas.objects.endpoint import Endpoint
from posecas.objects.retrying import Failure, Patience
from posecas.objects.s3_failures import UNTRUSTED, Refusal, Unanswered

T = TypeVar("T")

_CONNECTIONS: Final = 64
"""At once: more than any number of writers and readers, since waiting here is not bounded."""

_CLOSING: Final = 5
_OF_NETWORK: Final = (NoConnection, HTTPClientError, aiohttp.ClientError, OSError)

_sessions: dict[int, aiobotocore.session.AioSession] = {}


class PatientFileSystem(s3fs.S3FileSystem):
    """s3fs with nothing that sends requests, or waits, behind our back.

    It has no retries of its own, which would multiply ours. It sends no ``Expect: 100-continue``: a
    server that does not answer it would hold a request for minutes, since no timeout covers that
    wait. It does not look for the bucket in other regions: that asks without end where a service
    redirects everything.
    """

    retries = 1

    async def set_session(self, refresh: bool = False, kwargs: Any = None) -> Any:
        """Connect, as s3fs does."""
        before = self._s3
        client = await super().set_session(refresh=refresh, kwargs=kwargs or {})
        if client is not before:
            events = client.meta.events
            events.unregister("before-call.s3", botocore.handlers.add_expect_header)
            events.register_last("before-parameter-build.s3", _stay_in_this_region)
        return client

    async def call(self, operation: str, **parameters: Any) -> Mapping[str, Any]:
        """Send one request, named as in boto."""
        found: Mapping[str, Any] = await self._call_s3(operation, **parameters)
        return found

    async def disconnect(self) -> None:
        """Close the connections."""
        await self._s3creator.__aexit__(None, None, None)


def _stay_in_this_region(context: dict[str, Any], **_: object) -> None:
    """Tell botocore that it has followed a redirect already, and may follow only one."""
    context.setdefault("s3_redirect", {})["redirected"] = True


def connect(endpoint: Endpoint, patience: Patience, process: int) -> PatientFileSystem:
    """Return a filesystem of its own for this process; nothing is sent.

    Raises ``ConfigError`` if the environment's AWS settings cannot be used.
    """
    # What botocore loads for a session takes a tenth of a second, and is the same for all.
    session = _sessions.setdefault(process, aiobotocore.session.AioSession())
    filesystem = PatientFileSystem(
        key=endpoint.key_id.reveal(),
        secret=endpoint.secret.reveal(),
        token=endpoint.token.reveal() if endpoint.token else None,
        endpoint_url=endpoint.url,
        session=session,
        client_kwargs={"region_name": endpoint.region},
        # A cached listing denies what others have written.
        use_listings_cache=False,
        # R2 wants parts of one size, if ever there are parts.
        fixed_upload_size=True,
        skip_instance_cache=True,
        config_kwargs={
            "signature_version": "s3v4",
            "s3": {"addressing_style": "path"},
            # Otherwise bodies are sent in chunks with a checksum behind them (aws-chunked): R2
            # refuses that, and its emulator stores it as part of the object.
            "request_checksum_calculation": "when_required",
            "response_checksum_validation": "when_required",
            "max_pool_connections": _CONNECTIONS,
            "connect_timeout": patience.connect,
            "read_timeout": patience.silence,
            "retries": {"mode": "legacy", "max_attempts": 0},
        },
    )
    try:
        # Not its own connect(), which would pass over set_session above.
        sync(filesystem.loop, filesystem.set_session)
    except (BotoCoreError, ValueError) as error:
        raise ConfigError(
            f"{endpoint.host}: the settings for it cannot be used: {_line(error)}; "
            "see AWS_PROFILE, AWS_CONFIG_FILE and AWS_CA_BUNDLE in the environment"
        ) from error
    return filesystem


def disconnect(filesystem: PatientFileSystem) -> None:
    """Close its connections, or leave them to the end of the process if that takes too long."""
    with suppress(FSTimeoutError):
        sync(filesystem.loop, filesystem.disconnect, timeout=_CLOSING)


async def answer(request: Awaitable[T], seconds: float) -> T:
    """Wait for a request. Raises `Failure`, and nothing else that a network can cause."""
    try:
        async with asyncio.timeout(seconds):
            return await request
    except TimeoutError as error:
        raise Unanswered("no answer came in time") from error
    except (OSError, BotoCoreError, ClientError, ResponseParserError, aiohttp.ClientError) as error:
        raise _failure(error) from error


def _failure(error: Exception) -> Failure:
    """Tell refusals from silence. s3fs hides what botocore raised behind an ``OSError``."""
    cause = error.__cause__ if isinstance(error.__cause__, ClientError) else error
    if isinstance(cause, ClientError):
        return _refusal(cause)
    if _certificate_problem(error):
        return Unanswered("its certificate is not trusted", way_out=UNTRUSTED)
    if isinstance(error, ReadTimeoutError):
        return Unanswered("no answer came in time")
    if isinstance(error, ResponseParserError):
        return Unanswered("its answer is not one of S3")
    return Unanswered(
        _line(error), way_out="" if isinstance(error, _OF_NETWORK) else "see `posecas doctor`"
    )


def _refusal(error: ClientError) -> Refusal:
    told = error.response.get("Error", {})
    meta = error.response.get("ResponseMetadata", {})
    headers = meta.get("HTTPHeaders", {})
    return Refusal(
        int(meta.get("HTTPStatusCode", 0)),
        str(told.get("Code", "")),
        str(told.get("Message", "")),
        date=headers.get("date", ""),
        retry_after=headers.get("retry-after", ""),
    )


def _certificate_problem(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(
            error, ssl.SSLCertVerificationError | aiohttp.ClientConnectorCertificateError
        ):
            return True
        told = getattr(error, "kwargs", {}).get("error")
        error = told if isinstance(told, BaseException) else error.__cause__
    return False


def _line(error: BaseException) -> str:
    # botocore wraps what happened in a sentence with the whole address.
    inner = getattr(error, "kwargs", {}).get("error") or error
    return " ".join(str(inner).split()) or type(inner).__name__
