"""What a failed request means to whoever asked: one table for all S3 services."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from posecas.errors import (
    CredentialsRefused,
    LocationUnavailable,
    ObjectMissing,
    PosecasError,
    RequestRefused,
    ShortRead,
    StorageFull,
    WriteRefused,
)
from posecas.objects.retrying import Failure
from posecas.objects.s3_failures import Refusal, Truncated, Unanswered

_FULL: Final = frozenset({"InsufficientStorage", "QuotaExceeded", "XMinioStorageFull"})
_FULL_STATUS: Final = 507
_NOT_US: Final = frozenset(
    {
        "AccessDenied",
        "AccountProblem",
        "ExpiredToken",
        "InvalidAccessKeyId",
        "InvalidToken",
        "SignatureDoesNotMatch",
        "TokenRefreshRequired",
        "Unauthorized",
    }
)
_NOT_US_STATUS: Final = frozenset({401, 403})
_LOCKED: Final = "ObjectLockedByBucketPolicy"
_SKEWED: Final = "RequestTimeTooSkewed"
_NO_BUCKET: Final = "NoSuchBucket"
_LONGEST: Final = 200

_KEYS = "check the access key and the secret, and that the token may do this in this bucket"
_WAY_OUT: Final = {
    "AuthorizationHeaderMalformed": "correct the region",
    "ExpiredToken": "get new temporary credentials",
    "InvalidArgument": "see `posecas doctor`",
    "InvalidBucketName": "correct the bucket's name",
    "NoSuchBucket": "create the bucket, or correct its name or the endpoint",
    "PermanentRedirect": "the bucket is elsewhere: correct the endpoint",
    "TokenRefreshRequired": "get new temporary credentials",
    _LOCKED: "a lock rule of the bucket keeps it; it goes when the rule allows it",
}


def read_failure(failure: Failure, where: str, host: str) -> PosecasError:
    """Return what to raise when reading, listing or looking at ``where`` failed.

    Only ``NoSuchKey``, in words, proves that an object is missing: a gateway's page with status 404
    does not.
    """
    if isinstance(failure, Truncated):
        return ShortRead(f"{where}: {failure.cause}{_tried(failure)}; try again")
    if isinstance(failure, Refusal) and failure.code == "NoSuchKey":
        return ObjectMissing(f"{where}: there is no such object; `posecas check` tells more")
    return _common(failure, where, host) or RequestRefused(_told(failure, where))


def write_failure(failure: Failure, where: str, host: str) -> PosecasError:
    """Return what to raise when writing or deleting ``where`` failed."""
    if isinstance(failure, Refusal) and (failure.code in _FULL or failure.status == _FULL_STATUS):
        return StorageFull(f"{where}: {_said(failure)}; free room there, or have the limit raised")
    if isinstance(failure, Refusal) and failure.code == _LOCKED:
        return WriteRefused(_told(failure, where))
    found = _common(failure, where, host)
    return found or WriteRefused(_told(failure, where))


@contextmanager
def reading(where: str, host: str) -> Iterator[None]:
    """Raise ``read_failure`` of a `Failure` that the block raises."""
    try:
        yield
    except Failure as failure:
        raise read_failure(failure, where, host) from failure


@contextmanager
def writing(where: str, host: str) -> Iterator[None]:
    """Raise ``write_failure`` of a `Failure` that the block raises."""
    try:
        yield
    except Failure as failure:
        raise write_failure(failure, where, host) from failure


def _common(failure: Failure, where: str, host: str) -> PosecasError | None:
    if isinstance(failure, Unanswered):
        return _silence(failure, where, host)
    assert isinstance(failure, Refusal)  # noqa: S101 - there are two kinds
    if failure.passing:
        return LocationUnavailable(f"{where}: {_said(failure)}{_tried(failure)}; try again later")
    if failure.code == _SKEWED:
        return CredentialsRefused(f"{where}: {_clock(failure)}; set the clock (timedatectl)")
    if failure.code == _NO_BUCKET:
        return RequestRefused(_told(failure, where))
    if _is_about_us(failure):
        return CredentialsRefused(
            f"{where}: {host} refused: {_said(failure)}; {_WAY_OUT.get(failure.code, _KEYS)}"
        )
    return None


def _silence(failure: Unanswered, where: str, host: str) -> PosecasError:
    if failure.way_out:
        return RequestRefused(f"{where}: {host}: {failure.cause}; {failure.way_out}")
    return LocationUnavailable(f"{where}: {host}: {failure.cause}{_tried(failure)}; try again")


def _is_about_us(failure: Refusal) -> bool:
    # R2 calls a key id of the wrong length an invalid argument.
    return (
        failure.code in _NOT_US
        or failure.status in _NOT_US_STATUS
        or (failure.code == "InvalidArgument" and "redential" in failure.message)
    )


def _told(failure: Failure, where: str) -> str:
    code = failure.code if isinstance(failure, Refusal) else ""
    return f"{where}: {_said(failure)}; {_WAY_OUT.get(code, 'see `posecas doctor`')}"


def _said(failure: Failure) -> str:
    """What the service said, in one line that cannot grow."""
    if not isinstance(failure, Refusal):
        return str(failure)
    status = f"HTTP {failure.status}"
    text = " ".join(failure.message.split())[:_LONGEST].rstrip(". ")
    return f"{text} ({failure.code or status})" if text else failure.code or status


def _tried(failure: Failure) -> str:
    if failure.attempts == 1:
        return ""
    return f", {failure.attempts} times in {failure.seconds:.0f} s"


def _clock(failure: Refusal) -> str:
    difference = failure.clock_difference
    if difference is None:
        return "this machine's clock and the service's differ too much"
    way = "ahead of" if difference > 0 else "behind"
    return f"this machine's clock is {abs(difference) / 60:.0f} min {way} the service's"
