"""What a bucket does by itself, and what time its service has."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, Final

from posecas.errors import RequestRefused
from posecas.objects.protocol import Rule, RuleKind
from posecas.objects.retrying import Failure
from posecas.objects.s3_errors import read_failure, reading, writing
from posecas.objects.s3_failures import Refusal
from posecas.objects.s3_session import S3Session


@dataclass(frozen=True, slots=True)
class _Calls:
    """How the API names what concerns one kind of rules, and says that there are none."""

    get: str
    put: str
    parameter: str
    rules: str
    none: str


_CALLS: Final[Mapping[RuleKind, _Calls]] = {
    "cors": _Calls(
        "get_bucket_cors",
        "put_bucket_cors",
        "CORSConfiguration",
        "CORSRules",
        "NoSuchCORSConfiguration",
    ),
    "lifecycle": _Calls(
        "get_bucket_lifecycle_configuration",
        "put_bucket_lifecycle_configuration",
        "LifecycleConfiguration",
        "Rules",
        "NoSuchLifecycleConfiguration",
    ),
}
_NOT_IMPLEMENTED: Final = frozenset({"NotImplemented", "MethodNotAllowed"})


@dataclass(frozen=True, slots=True)
class S3Bucket:
    """See ``Bucket``. ``host`` is its service, as messages name it; ``asked`` any key."""

    session: S3Session
    host: str
    prefix: str
    asked: str

    def rules(self, kind: RuleKind) -> Sequence[Rule]:
        """See ``Bucket.rules``. One request."""
        calls = _CALLS[kind]
        try:
            found: Sequence[Rule] = self.session.ask(calls.get, final=_NOT_IMPLEMENTED)[calls.rules]
        except Refusal as refusal:
            if refusal.code == calls.none:
                return ()
            raise _unable(refusal, kind, self.host) or read_failure(
                refusal, self._where, self.host
            ) from refusal
        except Failure as failure:
            raise read_failure(failure, self._where, self.host) from failure
        return found

    def set_rules(self, kind: RuleKind, rules: Sequence[Rule]) -> None:
        """See ``Bucket.set_rules``. One request."""
        calls = _CALLS[kind]
        with writing(self._where, self.host):
            parameters: Mapping[str, Any] = {calls.parameter: {calls.rules: list(rules)}}
            self.session.ask(calls.put, **parameters)

    def first_key(self) -> str | None:
        """See ``Bucket.first_key``."""
        with reading(self._where, self.host):
            page = self.session.ask("list_objects_v2", Prefix=self.prefix, MaxKeys=2)
        keys = (one["Key"] for one in page.get("Contents", ()))
        return next((key for key in keys if key != self.prefix), None)

    def clock_difference(self) -> float | None:
        """See ``Bucket.clock_difference``. Whether there is an object does not matter."""
        with reading(self._where, self.host):
            try:
                answer = self.session.ask("head_object", Key=self.asked)
            except Refusal as refusal:
                if (difference := refusal.clock_difference) is not None:
                    return difference
                raise
        told = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
        return (datetime.now(UTC) - parsedate_to_datetime(told)).total_seconds() if told else None

    @property
    def _where(self) -> str:
        return self.session.where("")


def _unable(refusal: Refusal, kind: RuleKind, host: str) -> RequestRefused | None:
    if refusal.code not in _NOT_IMPLEMENTED:
        return None
    return RequestRefused(f"{host} has no {kind} rules: {refusal.code}; set what it offers by hand")
