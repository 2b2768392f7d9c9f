"""What one request to S3 can end in, other than an answer that is of use."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from posecas.objects.retrying import Failure

_PASSING_STATUS: Final = frozenset({408, 409, 429, 500, 502, 503, 504, 509})
_PASSING_CODES: Final = frozenset(
    {
        "BadDigest",
        "BandwidthLimitExceeded",
        "ConditionalRequestConflict",
        "IncompleteBody",
        "InternalError",
        "OperationAborted",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "TooManyRequests",
        "XAmzContentSHA256Mismatch",
    }
)
"""Also those of bytes that were hurt or cut on their way: the next attempt sends them anew."""


UNTRUSTED: Final = "set AWS_CA_BUNDLE to the file of its authority, or correct the endpoint"
"""The way out when a certificate is not trusted."""


class Refusal(Failure):
    """The service answered with an error: an HTTP status, and a code unless it had no body.

    ``date`` is the service's clock. A code that only repeats the status, as botocore gives it for
    answers without a body, counts as none.
    """

    def __init__(
        self, status: int, code: str, message: str, *, date: str = "", retry_after: str = ""
    ) -> None:
        super().__init__(f"{code or status}: {message}")
        self.status = status
        self.code = "" if code == str(status) else code
        self.message = message
        self.passing = status in _PASSING_STATUS or code in _PASSING_CODES
        self.retry_after = float(retry_after) if retry_after.isdecimal() else 0
        self._date = date

    @property
    def clock_difference(self) -> float | None:
        """By how many seconds this machine's clock is ahead of the service's, if it told."""
        try:
            theirs = parsedate_to_datetime(self._date)
        except ValueError:
            return None
        return (datetime.now(UTC) - theirs.astimezone(UTC)).total_seconds()


class Unanswered(Failure):
    """No answer came, or none that can be understood; whether anything was done is not known.

    With a ``way_out`` it is not passing: somebody must do that first.
    """

    def __init__(self, cause: str, *, way_out: str = "") -> None:
        super().__init__(cause)
        self.cause = cause
        self.way_out = way_out
        self.passing = not way_out


class Truncated(Unanswered):
    """Fewer bytes came than were announced."""
